"""What every sin starts from: one table of images, one model, one honest split."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from pipelines.data import group_ids
from pipelines.evaluation import make_folds, out_of_fold
from pipelines.evaluation.predictions import PREFIX, class_names
from pipelines.experiments.saved_columns import SavedColumns
from pipelines.pipeline import LesionPipeline

Floats = NDArray[np.float64]
Steps = Sequence[tuple[str, Any]]

# Folds within training rows: two would leave the models too few rows, more cost time.
N_INNER = 3
STEPS = ("scale", "select", "classify")


@dataclass(frozen=True)
class Study:
    """A manifest with its columns, the model, and lesion-grouped folds.

    Attributes
    ----------
    manifest : DataFrame of n rows
        One row an image: `image`, `label`, groups where known, and the columns.
    columns : list of str
        Which of its columns are features.
    model : Pipeline
        Unfitted steps `scale`, `select` and `classify` on a table of the columns.
    folds : ndarray of shape (n,), int
        Honest test fold of each row.
    random_state : int
        Seed of models that have none, and of what a sin draws.
    named : bool
        Whether the steps see the names of the columns, which carry blocks; arrays are faster.
    n_tries : int
        How many models are tried where the best of many is reported.
    network : classifier of manifests or None
        Network to be fine-tuned, with `embed`.
    n_jobs : int or None
        Folds fitted at a time.
    """

    manifest: pd.DataFrame
    columns: list[str]
    model: Pipeline
    folds: NDArray[np.intp]
    random_state: int = 0
    named: bool = True
    n_tries: int = 10
    network: Any = None
    n_jobs: int | None = None

    @property
    def labels(self) -> NDArray[np.object_]:
        """Label of each row."""
        return self.manifest["label"].to_numpy(dtype=object)

    @property
    def table(self) -> pd.DataFrame:
        """The features of each row."""
        return self.manifest[self.columns]

    @property
    def groups(self) -> NDArray[np.int64]:
        """Rows that no honest split may part have the same number."""
        return group_ids(self.manifest)

    @cached_property
    def honest(self) -> pd.DataFrame:
        """Predictions of the model in honest folds; made once."""
        return self.predict(self.with_steps(self.model.steps))

    def with_steps(self, steps: Steps, columns: Sequence[str] | None = None) -> LesionPipeline:
        """Build a model of the manifest: its columns, or some of them, then these steps."""
        names = self.columns if columns is None else columns
        first = SavedColumns(np.array(names, dtype=object))
        model = clone(LesionPipeline([("features", first), *steps]))
        return model.set_output(transform="pandas") if self.named else model

    def predict(
        self,
        model: Any,
        *,
        manifest: pd.DataFrame | None = None,
        folds: NDArray[np.intp] | None = None,
    ) -> pd.DataFrame:
        """Predict each row by models of the other folds, in these folds or in others.

        Parameters
        ----------
        model : classifier of manifests
            Such as `with_steps` gives.
        manifest : DataFrame, optional
            Another table of images than this one's.
        folds : ndarray of int, optional
            Other folds than the honest ones.

        Returns
        -------
        DataFrame
            One row an image, see `pipelines.evaluation.predictions`.
        """
        return out_of_fold(
            {"model": model},
            self.manifest if manifest is None else manifest,
            self.folds if folds is None else folds,
            n_jobs=self.n_jobs,
            random_state=self.random_state,
        ).predictions

    def inside(self, fold: int) -> "Study":
        """Study the training rows of a fold alone, in honest folds of their own."""
        manifest = self.manifest.iloc[np.flatnonzero(self.folds != fold)].reset_index(drop=True)
        folds = make_folds(manifest, N_INNER, self.random_state)
        return replace(self, manifest=manifest, folds=folds)


def lesion_scores(predictions: pd.DataFrame) -> Floats:
    """Mean probability of each class over the images of a lesion.

    Parameters
    ----------
    predictions : DataFrame
        One row an image.

    Returns
    -------
    ndarray of shape (n_lesions, n_classes)
        Lesions in order of first appearance.
    """
    columns = [PREFIX + name for name in class_names(predictions)]
    return predictions.groupby("lesion", sort=False)[columns].mean().to_numpy()


def lesion_truth(predictions: pd.DataFrame) -> NDArray[np.bool_]:
    """Class of each lesion.

    Parameters
    ----------
    predictions : DataFrame
        One row an image.

    Returns
    -------
    ndarray of shape (n_lesions, n_classes), bool
        One True a row; lesions in order of first appearance.
    """
    labels = predictions.groupby("lesion", sort=False)["label"].first().to_numpy()
    return labels[:, None] == np.array(class_names(predictions), dtype=object)


def lesion_folds(predictions: pd.DataFrame) -> NDArray[np.intp]:
    """Test fold of each lesion, (n_lesions,), in order of first appearance."""
    return predictions.groupby("lesion", sort=False)["fold"].first().to_numpy()


def check_steps(model: Any) -> Pipeline:
    """Refuse a model whose steps cannot be moved out of the folds one by one."""
    names = [name for name, _ in getattr(model, "steps", [])]
    if tuple(names) != STEPS:
        raise ValueError(
            f"The ledger moves steps out of the folds, so `model` must be a Pipeline of the steps "
            f"{', '.join(map(repr, STEPS))} in this order, got {names or type(model).__name__}. "
            "make_fusion_classifier().table_steps() is such a model; put 'passthrough' for a step "
            "that you do not want."
        )
    return model
