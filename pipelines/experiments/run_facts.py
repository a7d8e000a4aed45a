"""What must be known to do an experiment again."""

from typing import Any

import pandas as pd

from pipelines.data import group_ids, lesion_ids
from pipelines.data.grouping import grouping
from pipelines.evaluation import summarise_cohort
from pipelines.evaluation.design.provenance import command, hardware, versions


def run_facts(manifest: pd.DataFrame) -> dict[str, Any]:
    """Describe the data, the command and the machine.

    Parameters
    ----------
    manifest : DataFrame
        One row an image.

    Returns
    -------
    dict
        JSON values: `dataset`, `partial`, `grouping` (columns by which images are known to belong
        together), `synthetic`, `images`, `lesions`, `groups`, `cohort`, `command`, `versions`,
        `hardware`.
    """
    sources = manifest["source"].astype(str) if "source" in manifest else pd.Series(dtype=str)
    lesions = lesion_ids(manifest)
    return {
        "dataset": manifest.attrs.get("dataset"),
        "partial": bool(manifest.attrs.get("partial", False)),
        "synthetic": bool(sources.str.contains("synthetic", case=False).any()),
        "grouping": grouping(manifest),
        "images": len(manifest),
        "lesions": int(pd.Series(lesions).nunique()),
        "groups": int(pd.Series(group_ids(manifest)).nunique()),
        "cohort": summarise_cohort(manifest["label"].to_numpy(), lesions).to_dict("records"),
        "command": command(),
        "versions": versions(),
        "hardware": hardware(),
    }
