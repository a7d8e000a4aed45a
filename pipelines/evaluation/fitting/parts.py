"""Finished folds on disk, so that a run that was killed goes on where it was."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd

from pipelines.evaluation.design.folds import Split
from pipelines.evaluation.fitting.fold_run import FoldRun
from pipelines.evaluation.fitting.selections import Selection
from pipelines.evaluation.predictions import PREFIX, class_names

_SCALARS = (
    *("repeat", "fold", "classes", "training", "train_lesions"),
    *("fit_seconds", "predict_seconds", "train_auc"),
)


class Parts:
    """A folder of finished folds; without a folder nothing is kept.

    A fold is three files at most: predictions of its test rows, those of inner folds, and last a
    JSON file with everything else, whose presence says that the fold is whole.

    Parameters
    ----------
    directory : Path or None
        Made when the first fold is saved.
    data : str
        Digest of the images, their labels and groups, and of what is asked of every fold.
    """

    def __init__(self, directory: Path | None, data: str):
        self.directory = directory
        self.data = data

    def load(self, name: str, model: str, split: Split) -> FoldRun | None:
        """Read a fold; None where it is not there, or is of other data or another model.

        Parameters
        ----------
        name, model : str
            The model's name, and its fingerprint.
        split : Split
            Its rows.
        """
        path, facts = self._path(name, split), self._facts(name, model, split)
        if path is None or facts is None:
            return None
        rows, probabilities = _read(path.with_suffix(".parquet"))
        inner = path.with_suffix(".inner.parquet")
        kept, contributions = facts.pop("kept"), facts.pop("contributions")
        run = FoldRun(
            **facts,
            rows=rows,
            probabilities=probabilities,
            kept=None if kept is None else Selection(**kept),
            contributions=None if contributions is None else pd.DataFrame(contributions),
        )
        if inner.is_file():
            run.inner_rows, run.inner_probabilities = _read(inner)
        return run

    def finished(self, name: str, model: str, splits: Sequence[Split]) -> bool:
        """Tell whether every fold of a model is there."""
        return all(self._facts(name, model, split) is not None for split in splits)

    def save(self, name: str, model: str, split: Split, run: FoldRun) -> None:
        """Write a fold; a kill at any moment leaves it whole or absent."""
        path = self._path(name, split)
        if path is None:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        whole = path.with_suffix(".json")
        whole.unlink(missing_ok=True)
        _write(path.with_suffix(".parquet"), run.rows, run.classes, run.probabilities)
        if len(run.inner_rows):
            inner = path.with_suffix(".inner.parquet")
            _write(inner, run.inner_rows, run.classes, run.inner_probabilities)
        facts: dict[str, Any] = {name: getattr(run, name) for name in _SCALARS}
        facts |= {
            "key": self._key(model, split),
            "kept": None if run.kept is None else run.kept._asdict(),
            "contributions": (
                None if run.contributions is None else run.contributions.to_dict("list")
            ),
        }
        write_whole(whole, facts)

    def _facts(self, name: str, model: str, split: Split) -> dict[str, Any] | None:
        """Read all but the predictions; None where the fold is not there."""
        path = self._path(name, split)
        if path is None or not path.with_suffix(".json").is_file():
            return None
        facts = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        return facts if facts.pop("key") == self._key(model, split) else None

    def _path(self, name: str, split: Split) -> Path | None:
        if self.directory is None:
            return None
        # The digest keeps "a b" and "a-b" apart.
        slug = re.sub(r"[^a-z0-9_]+", "-", name.lower()).strip("-")
        return self.directory / f"{slug}-{joblib.hash(name)[:6]}" / f"r{split.repeat}f{split.fold}"

    def _key(self, model: str, split: Split) -> str:
        return joblib.hash([self.data, model, split.train.tolist(), split.test.tolist()])


def write_whole(path: Path, facts: Any) -> None:
    """Write JSON values; a kill at any moment leaves the file whole or as it was.

    Parameters
    ----------
    path : Path
        The file, with a suffix; what is half written stands beside it as ``.partial``.
    facts : JSON values
        Its content.
    """
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(facts) + "\n", encoding="utf-8")
    partial.replace(path)


def _read(path: Path) -> tuple[np.ndarray, np.ndarray]:
    table = pd.read_parquet(path)
    columns = [PREFIX + name for name in class_names(table)]
    return table["row"].to_numpy(), table[columns].to_numpy()


def _write(path: Path, rows: np.ndarray, classes: list[str], values: np.ndarray) -> None:
    table = pd.DataFrame(values, columns=[PREFIX + name for name in classes])
    table.insert(0, "row", rows)
    table.to_parquet(path, index=False)
