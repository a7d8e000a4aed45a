"""What a file tells without its pixels: a control for what cameras and archives give away."""

from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin

from features.extraction import View
from features.reading.files import read_bytes
from features.reading.sources import image_sources
from pipelines.audit.file_facts import file_facts

NAMES = ("bytes", "width", "height", "bits_per_pixel", "jpeg_quality")


class FileProperties(TransformerMixin, BaseEstimator):
    """Size, dimensions and compression of image files; no pixel is looked at.

    5 columns: `bytes`, `width` and `height` in pixels, `bits_per_pixel` of the file, and
    `jpeg_quality`, 0 for other formats.

    Examples
    --------
    >>> FileProperties().fit(["a.jpg"]).get_feature_names_out()[0]
    'file__bytes'
    """

    block: ClassVar[str] = "file"
    # With the others', so that nothing is read for this alone.
    store: ClassVar[str] = "memory"

    def image_parts(self) -> dict[str, tuple[Any, View]]:
        """List what is asked of a decoded image: nothing."""
        return {}

    def fit(self, X: Any, y: Any = None) -> Self:
        """Do nothing.

        Parameters
        ----------
        X : manifest (DataFrame), or sequence of paths
            Images.
        y : None
            Ignored.

        Returns
        -------
        FileProperties
            Itself.
        """
        self.fitted_ = True
        return self

    def transform(self, X: Any) -> NDArray[np.float64]:
        """Read the headers of files.

        Parameters
        ----------
        X : manifest (DataFrame), or sequence of paths
            Images.

        Returns
        -------
        ndarray of shape (n, 5), float64
            Ordered as `NAMES`.

        Raises
        ------
        ValueError
            If the images are no files, or one cannot be read.
        """
        sources = image_sources(X)
        if any(isinstance(source.image, np.ndarray) for source in sources):
            raise ValueError("Expected image files, got arrays of pixels: they have no file.")
        return np.array([_properties(source.image) for source in sources])

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Column names, ``file__bytes`` and so on."""
        return np.array([f"{self.block}__{name}" for name in NAMES], dtype=object)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.string = True
        return tags


def _properties(path: Any) -> tuple[float, ...]:
    width, height, size, quality, _ = file_facts(read_bytes(path))
    return size, width, height, 8 * size / (width * height), float(np.nan_to_num(quality))
