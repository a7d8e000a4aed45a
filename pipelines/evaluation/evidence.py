"""What a comparison leaves behind: predictions, from which all else is made, and their settings."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from pipelines.evaluation.predictions import aggregate_lesions

# Columns of the manifest by which scores are told apart.
FACTS = (
    *("source", "dataset", "dx_type", "age", "sex", "site", "fitzpatrick", "split", "patient"),
    *("group", "typology_angle"),
)


@dataclass
class Evidence:
    """Results of one comparison.

    Attributes
    ----------
    predictions : DataFrame
        Out-of-fold predictions, one row a model, repeat and image.
    timings : DataFrame
        Seconds of each model, repeat and fold.
    selections : DataFrame
        Columns that each fold kept, of the models that select any; one row a model, repeat, fold
        and column: `offered` (how many there were) and `column`.
    training : DataFrame
        Training images of each class in each split.
    inner : DataFrame
        Predictions of the training rows of each fold by models of inner folds.
    contributions : DataFrame
        What columns moved the test rows by, in each fold.
    facts : DataFrame
        What the manifest says of each image that was scored: `row`, `image`, `label`, `lesion`,
        and those of `FACTS` that it has.
    cohort : DataFrame
        One row a class: `label`, `images`, `lesions`.
    skipped : list of dict
        Images left out: `row`, `image`, `error`.
    settings : dict
        Seed, plan, command, versions, hardware, models and warnings' facts; JSON values only.
    measured : dict of str to DataFrame
        Tables that took fits of their own, such as controls.
    """

    predictions: pd.DataFrame
    timings: pd.DataFrame
    selections: pd.DataFrame
    training: pd.DataFrame
    inner: pd.DataFrame
    contributions: pd.DataFrame
    facts: pd.DataFrame
    cohort: pd.DataFrame
    skipped: list[dict[str, Any]]
    settings: dict[str, Any]
    measured: dict[str, pd.DataFrame] = field(default_factory=dict)

    @property
    def models(self) -> list[str]:
        """Names of the models that were scored, in the order in which they were given."""
        return list(self.predictions["model"].unique())

    @cached_property
    def lesions(self) -> pd.DataFrame:
        """Predictions per lesion."""
        return aggregate_lesions(self.predictions, self.training)


def summarise_cohort(labels: np.ndarray, lesions: np.ndarray) -> pd.DataFrame:
    """Count images and lesions of each class.

    Parameters
    ----------
    labels, lesions : ndarray of shape (n,)
        Class and lesion of each image.

    Returns
    -------
    DataFrame
        One row a class, sorted by name: `label`, `images`, `lesions`.
    """
    grouped = pd.DataFrame({"label": labels, "lesion": lesions}).groupby("label")["lesion"]
    return grouped.agg(images="size", lesions="nunique").reset_index()


def facts_of(manifest: pd.DataFrame, rows: np.ndarray, lesions: np.ndarray) -> pd.DataFrame:
    """Keep what scores are told apart by.

    Parameters
    ----------
    manifest : DataFrame
        One row an image that was used.
    rows : ndarray of shape (n,), int
        Its numbers in the manifest as it was given.
    lesions : ndarray of shape (n,)
        Its lesions.

    Returns
    -------
    DataFrame
        `row`, `image`, `label`, `lesion`, and those of `FACTS` that the manifest has.
    """
    basic: Mapping[str, Any] = {
        "row": rows,
        "image": manifest["image"].astype(str).to_numpy(dtype=object),
        "label": manifest["label"].to_numpy(dtype=object),
        "lesion": lesions,
    }
    known = {name: manifest[name].to_numpy() for name in FACTS if name in manifest}
    return pd.DataFrame({**basic, **known})
