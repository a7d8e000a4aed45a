"""What a file gives away without its pixels: size, shape, format and compression."""

import io
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from features.reading.files import FORMATS

__all__ = ["FACTS", "facts_table", "file_facts", "jpeg_quality"]

FACTS = ("width", "height", "bytes", "jpeg_quality", "format")
# Several JPEGs in one file are opened as JPEG, and called MPO.
_FORMATS = ("array", "BMP", "JPEG", "MPO", "PNG", "TIFF")

# Sum of the luminance table of ITU-T T.81, annex K.1, which most encoders scale.
_STANDARD_SUM = 3688


def file_facts(content: bytes) -> NDArray[np.float64]:
    """Read the facts of an image file from its header.

    Parameters
    ----------
    content : bytes
        Of the file, or of an array in NumPy's format.

    Returns
    -------
    ndarray of shape (5,), float64
        Width and height in pixels, size in bytes, JPEG quality (NaN for other formats) and the
        format as a number, in the order of `FACTS`.
    """
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as image:
            tables = getattr(image, "quantization", None) or {}
            quality = jpeg_quality(tables[0]) if 0 in tables else np.nan
            form = _FORMATS.index(image.format or "array")
            return np.array([*image.size, len(content), quality, form], dtype=float)
    except UnidentifiedImageError:
        # All rows of an array have one size, which says nothing of any.
        height, width = np.load(io.BytesIO(content), allow_pickle=False).shape[:2]
        return np.array([width, height, np.nan, np.nan, 0], dtype=float)


def facts_table(facts: NDArray[np.float64]) -> pd.DataFrame:
    """Name the facts of several files, the format in words."""
    table = pd.DataFrame(facts, columns=list(FACTS))
    words = pd.Series(_FORMATS, dtype="str")
    return table.assign(format=words.loc[table["format"].astype(int)].to_numpy())


def jpeg_quality(table: Sequence[int]) -> float:
    """Estimate the quality setting that a luminance quantisation table was made with.

    Parameters
    ----------
    table : sequence of 64 int
        In any order.

    Returns
    -------
    float
        1 to 100 on the scale of the Independent JPEG Group's library; within 2 of the setting
        for tables that are scaled from the standard one, from quality 25 on.

    Notes
    -----
    Below about 25 the table's entries are cut at 255, and the estimate is too high.

    Examples
    --------
    >>> jpeg_quality([1] * 64)
    100.0
    """
    if np.max(table) <= 1:
        return 100.0
    scale = 100 * float(np.sum(table)) / _STANDARD_SUM
    quality = (200 - scale) / 2 if scale <= 100 else 5000 / scale
    return float(np.clip(round(quality), 1, 100))
