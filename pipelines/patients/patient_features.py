"""Image features, and what the manifest tells of the patient beside them."""

from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.utils.validation import check_is_fitted

from features.extraction import View
from fusion import UglyDuckling, fit_parameters
from pipelines.patients.metadata import PatientMetadata


class PatientFeatures(TransformerMixin, BaseEstimator):
    """First step of a `LesionPipeline` that looks at images and at the patient's rows.

    Parameters
    ----------
    features : ImageFeatures or CrossFittedLogits
        Columns of the images. Cloned.
    metadata : PatientMetadata, optional
        Columns of the manifest that join them. Cloned.
    ugly_duckling : UglyDuckling, optional
        Compares the images' columns with those of the same patient's other lesions, by the
        columns `patient` and `lesion` of the manifest. Cloned.

    Attributes
    ----------
    features_, metadata_, ugly_duckling_ : transformers or None
        The fitted parts.

    Notes
    -----
    Rows are compared with rows of the same call alone: training rows with each other, later rows
    with each other. A later row without a patient is a lesion alone.
    """

    __metadata_request__fit: ClassVar[dict[str, bool]] = {"groups": True}

    # Each fold of a cross-validation needs a fit of its own.
    learns: ClassVar[bool] = True

    def __init__(
        self,
        features: Any,
        *,
        metadata: PatientMetadata | None = None,
        ugly_duckling: UglyDuckling | None = None,
    ):
        self.features = features
        self.metadata = metadata
        self.ugly_duckling = ugly_duckling

    def fit(self, X: pd.DataFrame, y: Any = None, groups: ArrayLike | None = None) -> Self:
        """Fit all parts.

        Parameters
        ----------
        X : manifest (DataFrame)
            One row an image.
        y : array-like of shape (n,), optional
            Labels, for features that learn from them.
        groups : array-like of shape (n,), optional
            Rows that no split may tear apart, for features that split.

        Returns
        -------
        PatientFeatures
            The fitted transformer.

        Raises
        ------
        ValueError
            If the manifest lacks a column that is needed.
        """
        self.fit_transform(X, y, groups)
        return self

    def fit_transform(
        self, X: pd.DataFrame, y: Any = None, groups: ArrayLike | None = None
    ) -> NDArray[np.float32]:
        """Fit all parts, and describe the same rows.

        Parameters
        ----------
        X : manifest (DataFrame)
            One row an image.
        y : array-like of shape (n,), optional
            Labels, for features that learn from them.
        groups : array-like of shape (n,), optional
            Rows that no split may tear apart, for features that split.

        Returns
        -------
        ndarray of shape (n, n_columns), float32
            Columns of the images, of the manifest, and of the comparison.

        Raises
        ------
        ValueError
            If the manifest lacks a column that is needed.
        """
        if self.ugly_duckling is not None:
            _check_patients(X)
        # Before the features: what lacks a column should not wait for the reading of images.
        self.metadata_ = None if self.metadata is None else clone(self.metadata).fit(X)
        self.features_ = clone(self.features)
        parameters = {} if groups is None else fit_parameters(self.features_, "groups", groups)
        table = self._named(self.features_.fit_transform(X, y, **parameters))
        duckling = self.ugly_duckling
        self.ugly_duckling_ = None if duckling is None else clone(duckling).fit(table)
        return self._join(X, table)

    def transform(self, X: Any) -> NDArray[np.float32]:
        """Describe later rows.

        Parameters
        ----------
        X : manifest (DataFrame), sequence of paths, or uint8 array (n, height, width, 3)
            Images; without a manifest all metadata are missing, and each lesion is alone.

        Returns
        -------
        ndarray of shape (n, n_columns), float32
            As `fit_transform` names them.
        """
        check_is_fitted(self, "ugly_duckling_")
        return self._join(X, self._named(self.features_.transform(X)))

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Column names: of the images, ``metadata__...`` and ``duckling__...``."""
        check_is_fitted(self, "ugly_duckling_")
        parts = (self.features_, self.metadata_, self.ugly_duckling_)
        return np.concatenate([part.get_feature_names_out() for part in parts if part is not None])

    @property
    def store(self) -> Any:
        """Where rows of the images are kept."""
        return self.features.store

    @property
    def parts(self) -> list[tuple[str, Any]]:
        """Named parts of the images' features, where these are an `ImageFeatures`."""
        return self.features.parts

    @property
    def mask_source_(self) -> str:
        """Where the lesion masks of the rows seen in `fit` come from."""
        return self.features_.mask_source_

    @property
    def readers(self) -> list[Any]:
        """Those who read images: the fitted ones, or those to be fitted."""
        return [self._current(), *getattr(self._current(), "readers", [])]

    def image_parts(self) -> dict[str, tuple[Any, View]]:
        """List what is asked of an image: parts and the views they look at."""
        return self._current().image_parts()

    def settle_masks(self, X: Any) -> Self:
        """Note where the lesion masks come from, as `fit` does; learn nothing, read no image.

        Parameters
        ----------
        X : manifest (DataFrame)
            One row an image.

        Returns
        -------
        self
        """
        self.features_ = clone(self.features).settle_masks(X)
        return self

    def check_masks(self, X: Any) -> None:
        """Refuse images without a lesion mask where those seen in `fit` came with one.

        Parameters
        ----------
        X : manifest (DataFrame), sequence of paths, or uint8 array (n, height, width, 3)
            Images.
        """
        self.features_.check_masks(X)

    def _current(self) -> Any:
        return getattr(self, "features_", self.features)

    def _named(self, columns: Any) -> pd.DataFrame:
        """Give the images' columns their names: the ugly duckling goes by blocks."""
        names = self.features_.get_feature_names_out()
        return pd.DataFrame(np.asarray(columns), columns=names)

    def _join(self, X: Any, table: pd.DataFrame) -> NDArray[np.float32]:
        columns = [table.to_numpy()]
        if self.metadata_ is not None:
            columns.append(self.metadata_.transform(X))
        if self.ugly_duckling_ is not None:
            known = X if isinstance(X, pd.DataFrame) else pd.DataFrame()
            patients, lesions = known.get("patient"), known.get("lesion")
            columns.append(self.ugly_duckling_.transform(table, patients, lesions))
        return np.hstack(columns).astype(np.float32)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.string = True
        return tags


def _check_patients(X: Any) -> None:
    if "patient" not in getattr(X, "columns", ()) or not X["patient"].notna().any():
        raise ValueError(
            "UglyDuckling compares lesions of the same patient, but the manifest names no patient. "
            "Add a column 'patient', or leave `ugly_duckling` out."
        )
