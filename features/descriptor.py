"""Base classes: something that turns images into named columns."""

import json
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted
from torch import Tensor

from features.batch import LesionBatch
from features.extraction import View, extract
from features.mask_source import find_mask_source, keep_mask_source, require_masks
from features.preparation.lesion_view import Preparation
from features.reading.sources import image_sources


class ImagePart(TransformerMixin, BaseEstimator, ABC):
    """Images to named numbers, row by row; only a `LearnedDescriptor` learns from other rows.

    A subclass says what it looks at (`view`), what its numbers are called (`names`) and how they
    are computed (`describe`). `ImageFeatures` joins several; each also works alone, and after a
    `fit` on given lesion masks then refuses images without one where it looks at the lesion.

    Attributes
    ----------
    mask_source_ : {"given", "segmented", "mixed", "none"}
        Alone: where the lesion masks of the rows seen in `fit` come from; "none" for a part that
        does not look at the lesion.
    """

    block: ClassVar[str]
    version: ClassVar[int] = 1
    # Threads that read and prepare for a part alone, as joblib counts them.
    _n_jobs: ClassVar[int | None] = None

    @abstractmethod
    def view(self, preparation: Preparation) -> View:
        """Say what `describe` is given; a descriptor looks at the prepared lesion."""

    @abstractmethod
    def feature_names(self) -> Sequence[str]:
        """Names of the numbers, without the block's."""

    @abstractmethod
    def describe(self, batch: Any) -> Tensor:
        """Compute the numbers of a batch, (n, n_features) float32."""

    def nullable_names(self) -> Sequence[str]:
        """Names, of `feature_names`, whose numbers may be NaN: unknown, not missed. None here."""
        return ()

    def fingerprint(self) -> str:
        """Names the definition in a feature store: class, version and parameters."""
        settings = json.dumps(self.get_params(deep=False), sort_keys=True, default=repr)
        return f"{type(self).__name__}:{self.version}:{settings}"

    def definition(self) -> str:
        """Names what the columns mean, for a model's card; here as in a feature store."""
        return self.fingerprint()

    def fit(self, X, y=None):
        """Check the input, and note where lesion masks come from; nothing is learned.

        Parameters
        ----------
        X : manifest, sequence of paths, or uint8 array of shape (n, height, width, 3)
            Images.
        y : None
            Ignored.

        Returns
        -------
        self
        """
        image_sources(X)
        self._note_masks(X)
        self.n_features_out_ = len(self.feature_names())
        return self

    def transform(self, X) -> np.ndarray:
        """Describe each image.

        Parameters
        ----------
        X : manifest, sequence of paths, or uint8 array of shape (n, height, width, 3)
            Images.

        Returns
        -------
        ndarray of shape (n, n_features), float32
            Rows in the order of `X`.
        """
        check_is_fitted(self)
        return self._described(X)

    def get_feature_names_out(self, input_features=None) -> np.ndarray:
        """Column names, ``block__feature``."""
        return np.array([f"{self.block}__{name}" for name in self.feature_names()], dtype=object)

    def get_nullable_names_out(self) -> np.ndarray:
        """Names of the columns that may hold NaN, ``block__feature``."""
        return np.array([f"{self.block}__{name}" for name in self.nullable_names()], dtype=object)

    def _note_masks(self, X) -> None:
        self.mask_source_ = find_mask_source([self.view], Preparation(), X)

    def _described(self, X) -> np.ndarray:
        """Ask `describe` of each image, in the order of `X`."""
        source = getattr(self, "mask_source_", None)
        if source == "given":
            require_masks(X)
        parts = {self.block: (self, self.view(keep_mask_source(Preparation(), source)))}
        return extract(X, parts, store=None, n_jobs=self._n_jobs).values[self.block]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.string = True
        tags.requires_fit = False
        return tags

    def __sklearn_is_fitted__(self) -> bool:
        return True


class Descriptor(ImagePart):
    """A hand-crafted descriptor: numbers of the prepared lesion."""

    def view(self, preparation: Preparation) -> View:
        """Look at the prepared lesion."""
        return preparation

    @abstractmethod
    def describe(self, batch: LesionBatch) -> Tensor:
        """Compute the numbers of a batch, (n, n_features) float32."""


class LearnedDescriptor(Descriptor):
    """A descriptor that learns from the lesions it is fitted on.

    `describe` gives a picture of each lesion, which a store can hold for every fold alike; what
    is learned from the pictures of the training rows turns each picture into numbers. So no
    image is decoded again where another fold learns. `ImageFeatures` fits a clone.
    """

    @abstractmethod
    def describe(self, batch: LesionBatch) -> Tensor:
        """Take what learning needs of each lesion, (n, ...) of two dimensions or more a row.

        Such rows are kept in memory only. They must not depend on what was learned, and
        `fingerprint` must name all that they depend on.
        """

    @abstractmethod
    def learn(self, pictures: np.ndarray) -> Self:
        """Learn from the training rows' pictures, as `describe` gives them."""

    @abstractmethod
    def encode(self, pictures: np.ndarray) -> np.ndarray:
        """Turn pictures into numbers, (n, n_features) float32, by what was learned."""

    def fit(self, X, y=None):
        """Learn from images.

        Parameters
        ----------
        X : manifest, sequence of paths, or uint8 array of shape (n, height, width, 3)
            Images.
        y : None
            Ignored; labels never enter features.

        Returns
        -------
        self
        """
        self._note_masks(X)
        return self.learn(self._described(X))

    def transform(self, X) -> np.ndarray:
        """Describe each image by what was learned.

        Parameters
        ----------
        X : manifest, sequence of paths, or uint8 array of shape (n, height, width, 3)
            Images.

        Returns
        -------
        ndarray of shape (n, n_features), float32
            Rows in the order of `X`.
        """
        check_is_fitted(self)
        return self.encode(self._described(X))

    def fit_transform(self, X, y=None) -> np.ndarray:
        """Learn from images and describe them, decoding each once.

        Parameters
        ----------
        X : manifest, sequence of paths, or uint8 array of shape (n, height, width, 3)
            Images.
        y : None
            Ignored.

        Returns
        -------
        ndarray of shape (n, n_features), float32
            Rows in the order of `X`.
        """
        self._note_masks(X)
        pictures = self._described(X)
        return self.learn(pictures).encode(pictures)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.requires_fit = True
        return tags

    def __sklearn_is_fitted__(self) -> bool:
        learned = set(vars(self)) - {"mask_source_"}
        return any(name.endswith("_") and not name.startswith("_") for name in learned)
