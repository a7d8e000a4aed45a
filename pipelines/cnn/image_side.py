"""What a network, and descriptors beside it, ask of images."""

from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, clone

from features import ImageFeatures
from features.extraction import View

# Blocks of the columns that come from the network.
LOGITS, EMBEDDING = "cnn", "cnn_embedding"


class NetworkAndFeatures(BaseEstimator):
    """Base of estimators with a `network` and maybe `features`, an `ImageFeatures` beside it.

    Gives what `pipelines.intake` asks of whatever looks at images, so that each is decoded once
    for both: their parts, their store, and where the lesion masks come from.
    """

    network: Any
    features: ImageFeatures | None
    features_: ImageFeatures | None

    @property
    def store(self) -> Any:
        """Where rows are kept; of the features, where there are some."""
        return (self.network if self.features is None else self.features).store

    @property
    def mask_source_(self) -> str:
        """Where the lesion masks of the rows seen in `fit` come from."""
        return "none" if self.features_ is None else self.features_.mask_source_

    @property
    def readers(self) -> list[Any]:
        """Those who read images: the fitted ones, or those to be fitted."""
        features = self._current_features()
        return self._networks() + ([] if features is None else [features])

    def image_parts(self) -> dict[str, tuple[Any, View]]:
        """List what is asked of an image: parts and the views they look at."""
        features = self._current_features()
        asked = self.network.image_parts()
        return asked if features is None else asked | features.image_parts()

    def settle_masks(self, X: Any) -> Self:
        """Note where the lesion masks come from, as `fit` does; learn nothing, read no image.

        Parameters
        ----------
        X : manifest, sequence of paths, or uint8 array of shape (n, height, width, 3)
            Images.

        Returns
        -------
        self
        """
        self.features_ = None if self.features is None else clone(self.features).settle_masks(X)
        return self

    def check_masks(self, X: Any) -> None:
        """Refuse images without a lesion mask where those seen in `fit` came with one.

        Parameters
        ----------
        X : manifest, sequence of paths, or uint8 array of shape (n, height, width, 3)
            Images.
        """
        if self.features_ is not None:
            self.features_.check_masks(X)

    def _networks(self) -> list[Any]:
        """Networks that predict; the one to be fitted where none is."""
        raise NotImplementedError

    def _fit_features(self, X: Any) -> np.ndarray:
        """Fit the features and describe the same images; no column without features."""
        self.features_ = None if self.features is None else clone(self.features)
        if self.features_ is None:
            return np.empty((len(X), 0), dtype=np.float32)
        taken = sorted({LOGITS, EMBEDDING} & {name for name, _ in self.features_.parts})
        if taken:
            raise ValueError(
                f"No part of `features` may be called {taken[0]!r}, as the columns of the "
                "fine-tuned network are. Choose another name for it."
            )
        return np.asarray(self.features_.fit_transform(X))

    def _describe(self, X: Any) -> np.ndarray:
        """Columns of the fitted features; none without features."""
        if self.features_ is None:
            return np.empty((len(X), 0), dtype=np.float32)
        return np.asarray(self.features_.transform(X))

    def _current_features(self) -> ImageFeatures | None:
        """Fitted features, or those to be fitted."""
        return self.features_ if hasattr(self, "features_") else self.features

    def _feature_names(self) -> list[str]:
        features = self._current_features()
        return [] if features is None else list(features.get_feature_names_out())

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.string = True
        return tags
