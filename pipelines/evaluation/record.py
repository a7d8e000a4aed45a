"""What a comparison leaves behind: predictions, from which all else is made, and their settings."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd

from pipelines.evaluation.analysis import analyse
from pipelines.evaluation.predictions import aggregate_lesions

# Columns of the manifest by which scores are told apart.
FACTS = (
    *("source", "dataset", "dx_type", "age", "sex", "site", "fitzpatrick", "split", "patient"),
    *("group", "typology_angle"),
)
_TABLES = ("predictions", "inner", "training", "contributions", "facts")


@dataclass
class Record:
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

    @cached_property
    def tables(self) -> dict[str, pd.DataFrame]:
        """Every analysis by name: those made of predictions, and those that took fits."""
        return analyse(self)

    @property
    def metrics(self) -> pd.DataFrame:
        """Scores with intervals, one row a unit and model."""
        return self.tables["metrics"]

    @property
    def differences(self) -> pd.DataFrame:
        """Paired differences of macro AUC, one row a unit and pair of models."""
        return self.tables["differences"]

    def save(self, directory: Path) -> None:
        """Write predictions, tables and `run.json` into an existing directory."""
        for name in _TABLES:
            _write_or_remove(getattr(self, name), directory / f"{name}.parquet")
        for name in ("timings", "selections"):
            _write_or_remove(getattr(self, name), directory / f"{name}.csv")
        for name in ("metrics", "differences"):
            self.tables[name].to_csv(directory / f"{name}.csv", index=False)
        for folder, tables in (("measured", self.measured), ("tables", self.tables)):
            (directory / folder).mkdir(exist_ok=True)
            for old in (directory / folder).glob("*.csv"):
                old.unlink()
            for name, table in tables.items():
                table.to_csv(directory / folder / f"{name}.csv", index=False)
        facts = self.settings | {
            "cohort": self.cohort.to_dict(orient="records"),
            "skipped": self.skipped,
        }
        (directory / "run.json").write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, directory: str | Path) -> Self:
        """Read what `save` wrote; nothing is fitted.

        Parameters
        ----------
        directory : path-like
            Folder of a run.

        Returns
        -------
        Record
            Its analyses are made again from its predictions.

        Raises
        ------
        FileNotFoundError
            If there is no run in the folder.
        """
        directory = Path(directory)
        if not (directory / "run.json").is_file():
            raise FileNotFoundError(
                f"{directory} holds no run (no run.json): give the folder that `compare` wrote."
            )
        settings = json.loads((directory / "run.json").read_text(encoding="utf-8"))
        cohort, skipped = pd.DataFrame(settings.pop("cohort")), settings.pop("skipped")
        tables = {name: _read(directory / f"{name}.parquet") for name in _TABLES}
        tables |= {name: _read(directory / f"{name}.csv") for name in ("timings", "selections")}
        measured = {
            path.stem: pd.read_csv(path, keep_default_na=False, na_values=[""])
            for path in sorted((directory / "measured").glob("*.csv"))
        }
        return cls(**tables, cohort=cohort, skipped=skipped, settings=settings, measured=measured)


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


def _write_or_remove(table: pd.DataFrame, path: Path) -> None:
    """Write a table; of an empty one nothing may be left of an earlier run."""
    if table.empty:
        path.unlink(missing_ok=True)
    elif path.suffix == ".csv":
        table.to_csv(path, index=False)
    else:
        table.to_parquet(path, index=False)


def _read(path: Path) -> pd.DataFrame:
    if not path.is_file():
        return pd.DataFrame()
    return pd.read_csv(path) if path.suffix == ".csv" else pd.read_parquet(path)
