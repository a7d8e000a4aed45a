"""What a comparison leaves behind: tables and the settings that made them."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd


@dataclass
class Record:
    """Results of one comparison.

    Attributes
    ----------
    predictions : DataFrame
        Out-of-fold predictions, one row a model and image.
    timings : DataFrame
        Seconds of each model and fold.
    metrics : DataFrame
        Scores with intervals, one row a unit and model; with the stability of their selections
        where any model selects columns.
    differences : DataFrame
        Paired differences of macro AUC, one row a unit and pair of models.
    selections : DataFrame
        Columns that each fold kept, of the models that select any; one row a model, fold and
        column: `model`, `fold`, `offered` (how many there were) and `column`.
    cohort : DataFrame
        One row a class: `label`, `images`, `lesions`.
    folds : ndarray of shape (n,), int
        Test fold of each image that was scored.
    skipped : list of dict
        Images left out: `row`, `image`, `error`.
    settings : dict
        Seed, command, versions, hardware, models and warnings' facts; JSON values only.
    """

    predictions: pd.DataFrame
    timings: pd.DataFrame
    metrics: pd.DataFrame
    differences: pd.DataFrame
    selections: pd.DataFrame
    cohort: pd.DataFrame
    folds: np.ndarray
    skipped: list[dict[str, Any]]
    settings: dict[str, Any]

    @property
    def models(self) -> list[str]:
        """Names of the models, in the order in which they were given."""
        return list(self.settings["models"])

    def save(self, directory: Path) -> None:
        """Write the tables and `run.json` into an existing directory."""
        self.predictions.to_parquet(directory / "predictions.parquet", index=False)
        self.metrics.to_csv(directory / "metrics.csv", index=False)
        self.differences.to_csv(directory / "differences.csv", index=False)
        self.timings.to_csv(directory / "timings.csv", index=False)
        if len(self.selections):
            self.selections.to_csv(directory / "selections.csv", index=False)
        else:
            # One of an earlier report would be taken for this one's.
            (directory / "selections.csv").unlink(missing_ok=True)
        facts = self.settings | {
            "cohort": self.cohort.to_dict(orient="records"),
            "skipped": self.skipped,
        }
        (directory / "run.json").write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")


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
