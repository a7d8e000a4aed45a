"""Columns that were extracted once and travel with the manifest, as the first step of a model."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin, clone

from features import Failure, ImageFeatures, extract
from pipelines.intake import image_side


class SavedColumns(TransformerMixin, BaseEstimator):
    """First step of a model of images whose columns are known: reads them off the manifest.

    Parameters
    ----------
    columns : sequence of str
        Names of the manifest's columns that are features, ``block__feature``. Best an array: of a
        list, `clone` copies each name.
    """

    learns: ClassVar[bool] = False

    def __init__(self, columns: Sequence[str] | np.ndarray):
        self.columns = columns

    def fit(self, X: pd.DataFrame, y: Any = None) -> Self:
        """Learn nothing.

        Parameters
        ----------
        X : DataFrame
            A manifest that holds the columns.
        y : Ignored
            Present for consistency.

        Returns
        -------
        SavedColumns
            Itself.
        """
        self.n_features_out_ = len(self.columns)
        return self

    def transform(self, X: pd.DataFrame) -> np.ndarray:
        """Take the columns.

        Parameters
        ----------
        X : DataFrame of n rows
            A manifest that holds the columns.

        Returns
        -------
        ndarray of shape (n, n_columns)
            In the order of `columns`.
        """
        return X[list(self.columns)].to_numpy()

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Names of the columns."""
        return np.array(self.columns, dtype=object)


@dataclass(frozen=True)
class Extracted:
    """A manifest with the columns of its images beside it.

    Attributes
    ----------
    manifest : DataFrame
        Rows that could be read, with all columns of the given manifest and those of the images.
    columns : list of str
        Names of the latter.
    failures : list of Failure
        Rows that could not be read, and why.
    seconds : float
        Work of reading and describing, in thread-seconds.
    """

    manifest: pd.DataFrame
    columns: list[str]
    failures: list[Failure]
    seconds: float


def extract_columns(
    model: Any,
    manifest: pd.DataFrame,
    *,
    on_error: Literal["raise", "skip"] = "raise",
    n_jobs: int | None = None,
    progress: bool = False,
) -> Extracted:
    """Read every image once, and join its columns to the manifest.

    Parameters
    ----------
    model : LesionPipeline or ImageFeatures
        Whose image step is asked; it must not learn from images.
    manifest : DataFrame of n rows
        One row an image.
    on_error : {"raise", "skip"}, default="raise"
        What an unreadable image does: stop, or be left out and listed.
    n_jobs : int, optional
        Threads that read and prepare.
    progress : bool, default=False
        Show images per second.

    Returns
    -------
    Extracted
        Manifest and columns.

    Raises
    ------
    ValueError
        If the image step learns: its columns differ from fold to fold and cannot be kept. If no
        image can be read.
    """
    side = image_side(model)
    if not isinstance(side, ImageFeatures) or side.learns:
        raise ValueError(
            f"The columns of {type(model).__name__} cannot be extracted once for all folds: its "
            "image step learns from images. Give a model of ImageFeatures without parts that "
            "learn, such as make_fusion_classifier()."
        )
    step = clone(side).settle_masks(manifest)
    # One pass: taking the images in before asking the step would decode twice without a store.
    found = extract(
        manifest,
        step.image_parts(),
        store=step.store,
        n_jobs=n_jobs,
        device=step.device,
        on_error=on_error,
        progress=progress,
    )
    if not len(found.kept):
        raise ValueError(f"No image can be read; the first: {found.failures[0].error}")
    names = step.get_feature_names_out()
    values = np.hstack([found.values[name] for name, _ in step.parts])
    table = pd.DataFrame(values, columns=names, copy=False)
    return Extracted(
        join_columns(manifest.iloc[found.kept], table),
        list(names),
        found.failures,
        sum(found.seconds.values()),
    )


def join_columns(manifest: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """Put named columns beside a manifest.

    Parameters
    ----------
    manifest, table : DataFrame of n rows
        Joined by position.

    Returns
    -------
    DataFrame of n rows
        With the manifest's `attrs`.

    Raises
    ------
    ValueError
        If both have a column of one name.
    """
    shared = sorted(set(manifest.columns) & set(table.columns))
    if shared:
        raise ValueError(
            f"The manifest and the features both have the column(s) {', '.join(shared)}. Rename "
            "those of the manifest."
        )
    joined = pd.concat([manifest.reset_index(drop=True), table.reset_index(drop=True)], axis=1)
    joined.attrs = dict(manifest.attrs)
    return joined
