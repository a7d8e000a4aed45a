"""Predictions of each step on disk, so that a stopped ablation goes on where it was."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import joblib
import pandas as pd

from pipelines.evaluation.fitting.parts import write_whole


@dataclass(frozen=True)
class Finished:
    """What a step leaves behind.

    Attributes
    ----------
    predictions : DataFrame
        One row an image, see `pipelines.evaluation.predictions`.
    seconds : float
        Of fitting and predicting, all folds together.
    n_columns : float or None
        Columns that the classifier was given, mean over folds.
    supports : list of list of int
        Columns that each fold kept, where columns were selected.
    """

    predictions: pd.DataFrame
    seconds: float
    n_columns: float | None = None
    supports: Sequence[Sequence[int]] = ()


class SavedSteps:
    """A folder of finished steps; without a folder nothing is kept.

    Parameters
    ----------
    directory : Path or None
        Made if missing.
    data : str
        Digest of the table and of the folds: steps of other data are not taken for these.
    """

    def __init__(self, directory: Path | None, data: str):
        self.directory = directory
        self.data = data

    def load(self, name: str, model: str) -> Finished | None:
        """Read a step; None where it is not there, or was made by other data or another model.

        Parameters
        ----------
        name, model : str
            The step's name, and its model's fingerprint.
        """
        folder = self._folder(name)
        if folder is None or not (folder / "step.json").exists():
            return None
        facts = json.loads((folder / "step.json").read_text(encoding="utf-8"))
        if facts.pop("key", None) != self._key(model):
            return None
        return Finished(pd.read_parquet(folder / "predictions.parquet"), **facts)

    def save(self, name: str, model: str, step: Finished) -> None:
        """Write a step; a kill at any moment leaves it whole or absent."""
        folder = self._folder(name)
        if folder is None:
            return
        folder.mkdir(parents=True, exist_ok=True)
        whole = folder / "step.json"
        whole.unlink(missing_ok=True)
        step.predictions.to_parquet(folder / "predictions.parquet", index=False)
        facts = {
            "key": self._key(model),
            "seconds": step.seconds,
            "n_columns": step.n_columns,
            "supports": [list(map(int, support)) for support in step.supports],
        }
        write_whole(whole, facts)

    def _folder(self, name: str) -> Path | None:
        if self.directory is None:
            return None
        return self.directory / re.sub(r"[^a-z0-9_.]+", "-", name.lower()).strip("-")

    def _key(self, model: str) -> str:
        return joblib.hash([self.data, model])
