"""What must be known to do an experiment again."""

from typing import Any

import pandas as pd

from pipelines.data import group_ids, lesion_ids
from pipelines.evaluation import summarise_cohort
from pipelines.evaluation.design.provenance import describe_run


def run_facts(manifest: pd.DataFrame) -> dict[str, Any]:
    """Describe the data, the command and the machine, and count what the data hold.

    Parameters
    ----------
    manifest : DataFrame
        One row an image.

    Returns
    -------
    dict
        JSON values: those of `describe_run`, `images`, `lesions`, `groups` and `cohort`.
    """
    lesions = lesion_ids(manifest)
    return describe_run(manifest) | {
        "images": len(manifest),
        "lesions": int(pd.Series(lesions).nunique()),
        "groups": int(pd.Series(group_ids(manifest)).nunique()),
        "cohort": summarise_cohort(manifest["label"].to_numpy(), lesions).to_dict("records"),
    }
