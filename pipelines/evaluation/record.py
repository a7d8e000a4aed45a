"""The evidence of a comparison with its analyses, on disk and back."""

import json
from functools import cached_property
from pathlib import Path
from typing import Self

import pandas as pd

from pipelines.evaluation.analysis import analyse
from pipelines.evaluation.evidence import Evidence

_TABLES = ("predictions", "inner", "training", "contributions", "facts")


class Record(Evidence):
    """Results of one comparison: its evidence, and every table that is made of it."""

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
