"""What a file tells without its pixels: a control for what cameras and archives give away."""

import io
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from sklearn.base import BaseEstimator, TransformerMixin

from features.extraction import View
from features.reading.files import read_bytes
from features.reading.sources import image_sources

NAMES = ("bytes", "width", "height", "bits_per_pixel", "jpeg_quality")
# Mean of the luminance table of JPEG's standard (Annex K), which is quality 50.
_STANDARD_MEAN = 3688 / 64


def jpeg_quality(table: Any) -> float:
    """Estimate the quality a JPEG was saved with, from its luminance quantisation table.

    Parameters
    ----------
    table : sequence of 64 int
        As Pillow's ``image.quantization[0]``.

    Returns
    -------
    float
        In (0, 100]. Exact to about 1 from 30 on, where the table is a scaled standard one, as
        libjpeg's are; too high below, where the largest entries are cut off at 255.

    Examples
    --------
    >>> jpeg_quality([1] * 64)
    99.1...
    """
    scale = 100 * (sum(table) / len(table)) / _STANDARD_MEAN
    return 100 - scale / 2 if scale <= 100 else 5000 / scale


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
    content = read_bytes(path)
    with Image.open(io.BytesIO(content)) as image:
        width, height = image.size
        tables = getattr(image, "quantization", None)
    quality = jpeg_quality(tables[0]) if tables else 0.0
    return len(content), width, height, 8 * len(content) / (width * height), quality
