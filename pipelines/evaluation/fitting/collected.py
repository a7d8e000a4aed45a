"""Tables of what was fitted: predictions, seconds, columns kept and moved by."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from pipelines.evaluation.fitting.fold_run import FoldRun, Task
from pipelines.evaluation.fitting.selections import selection_table
from pipelines.evaluation.predictions import PREFIX, add_decisions


class OutOfFold(NamedTuple):
    """What `out_of_fold` returns.

    Attributes
    ----------
    predictions : DataFrame
        One row a model, repeat and image, see `pipelines.evaluation.predictions`.
    timings : DataFrame
        One row a model, repeat and fold: `model`, `repeat`, `fold`, `fit_seconds`,
        `predict_seconds`, `extract_seconds`, which is spent once a model and repeated in each of
        its rows, `lesions` (trained on), and `train_macro_auc` (of these themselves, per lesion).
    selections : DataFrame
        Columns kept by the models that select any, see `pipelines.evaluation.fitting.selections`.
    training : DataFrame
        Training images of each class, see `pipelines.evaluation.predictions.training_table`.
    inner : DataFrame
        Predictions of the training rows of each fold of the first repeat by models of inner folds:
        as `predictions`, without decisions; empty where none were asked for.
    contributions : DataFrame
        What columns moved the test rows by: `model`, `repeat`, `fold`, `block`, `column`,
        `contribution`; of models of boosted trees.
    failures : list of dict
        Models that failed: `model`, `error`.
    """

    predictions: pd.DataFrame
    timings: pd.DataFrame
    selections: pd.DataFrame
    training: pd.DataFrame
    inner: pd.DataFrame
    contributions: pd.DataFrame
    failures: list[dict[str, str]]


class Collected:
    """Tables of what has been run, growing model by model."""

    def __init__(self, images: np.ndarray, task: Task):
        self.images = images
        self.task = task
        self.classes = sorted(set(task.labels))
        self.tables: list[pd.DataFrame] = []
        self.inner: list[pd.DataFrame] = []
        self.timings: list[tuple] = []
        self.kept: list[tuple] = []
        self.contributions: list[pd.DataFrame] = []
        self.failures: list[dict[str, str]] = []

    def add(self, name: str, runs: list[FoldRun], extract_seconds: float) -> None:
        """Take in the finished folds of a model."""
        tables = [self._table(name, run, run.rows, run.probabilities) for run in runs]
        # Of one repeat, rows come in the order of the manifest.
        table = pd.concat(tables, ignore_index=True)
        order = table.sort_values(["repeat", "row"], kind="stable", ignore_index=True)
        self.tables.append(order)
        for run in runs:
            seconds = (run.fit_seconds, run.predict_seconds, extract_seconds)
            known = (run.train_lesions, run.train_auc)
            self.timings.append((name, run.repeat, run.fold, *seconds, *known))
            if run.kept is not None:
                self.kept.append((name, run.repeat, run.fold, run.kept))
            if run.contributions is not None:
                self.contributions.append(
                    run.contributions.assign(model=name, repeat=run.repeat, fold=run.fold)
                )
            if len(run.inner_rows):
                self.inner.append(self._table(name, run, run.inner_rows, run.inner_probabilities))

    def result(self, training: pd.DataFrame) -> OutOfFold:
        """Join the tables."""
        columns = [
            *("model", "repeat", "fold", "fit_seconds", "predict_seconds", "extract_seconds"),
            *("lesions", "train_macro_auc"),
        ]
        timings = pd.DataFrame(self.timings, columns=columns)
        return OutOfFold(
            add_decisions(pd.concat(self.tables, ignore_index=True), training),
            timings,
            selection_table(self.kept),
            training,
            pd.concat(self.inner, ignore_index=True) if self.inner else pd.DataFrame(),
            pd.concat(self.contributions, ignore_index=True)
            if self.contributions
            else pd.DataFrame(),
            self.failures,
        )

    def _table(
        self, name: str, run: FoldRun, rows: np.ndarray, probabilities: np.ndarray
    ) -> pd.DataFrame:
        # Classes absent from the training rows keep probability 0.
        values = np.zeros((len(rows), len(self.classes)))
        values[:, pd.Index(self.classes).get_indexer(run.classes)] = probabilities
        facts = {
            "model": name,
            "repeat": run.repeat,
            "row": rows,
            "image": self.images[rows],
            "label": self.task.labels[rows],
            "lesion": self.task.lesions[rows],
            "fold": run.fold,
        }
        columns = {PREFIX + name: values[:, place] for place, name in enumerate(self.classes)}
        return pd.DataFrame(facts | columns)
