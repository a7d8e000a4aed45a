"""What image estimators accept: a manifest, paths, or an array of pixels."""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from features.reading.files import ImageError, decode_image, decode_mask, read_bytes


@dataclass(frozen=True, eq=False)
class ImageSource:
    """One row's image, and its lesion mask where the manifest names one.

    Parameters
    ----------
    row : int
        Position in the input.
    image : Path or ndarray of shape (height, width, 3), uint8
        A file, or RGB pixels.
    mask : Path, optional
        The lesion mask's file.
    mm_per_pixel : float, default=nan
        Millimetres of skin per pixel of the image; NaN where nobody measured it.
    """

    row: int
    image: Path | np.ndarray
    mask: Path | None = None
    mm_per_pixel: float = math.nan

    @property
    def name(self) -> str:
        """What errors call this row."""
        place = self.image if isinstance(self.image, Path) else "array"
        return f"row {self.row}, {place}"

    def digests(self) -> tuple[str, str]:
        """Content keys, sha256: of the image (and its calibration), and of it with its mask."""
        if isinstance(self.image, Path):
            content = self._bytes(self.image)
        else:
            content = str(self.image.shape).encode() + self.image.tobytes()
        image = hashlib.sha256(content).hexdigest()
        if not math.isnan(self.mm_per_pixel):
            image += f":{self.mm_per_pixel!r}mm"
        if self.mask is None:
            return image, image
        return image, f"{image}:{hashlib.sha256(self._bytes(self.mask)).hexdigest()}"

    def read_image(self) -> np.ndarray:
        """Decode the image to RGB uint8."""
        if isinstance(self.image, Path):
            return decode_image(self._bytes(self.image), self.name)
        return np.ascontiguousarray(self.image)

    def read_mask(self, shape: tuple[int, int]) -> np.ndarray | None:
        """Decode the mask fitted to an image of `shape`; None where none is named."""
        if self.mask is None:
            return None
        return decode_mask(self._bytes(self.mask), f"row {self.row}, {self.mask}", shape)

    def _bytes(self, path: Path) -> bytes:
        try:
            return read_bytes(path)
        except ImageError as exc:
            raise ImageError(f"row {self.row}, {exc}") from None


def image_sources(X: Any) -> list[ImageSource]:
    """List the images of `X`, in its order.

    Parameters
    ----------
    X : DataFrame with a column ``image`` (and optionally ``mask`` and ``mm_per_pixel``), \
            sequence of paths, or uint8 array of shape (n, height, width, 3)
        A manifest, image files, or RGB pixels.

    Returns
    -------
    list of ImageSource
        One a row.

    Raises
    ------
    ValueError
        Any other input; the message says what was got.
    """
    if isinstance(X, pd.DataFrame):
        return _from_manifest(X)
    if isinstance(X, np.ndarray) and X.ndim == 4:
        return _from_pixels(X)
    if isinstance(X, (str, Path)) or not isinstance(X, (Sequence, np.ndarray, pd.Series)):
        raise ValueError(
            "Expected a manifest (DataFrame with a column 'image'), a sequence of paths, or a "
            f"uint8 array of shape (n, height, width, 3); got {type(X).__name__}."
        )
    return [ImageSource(row, _as_path(row, path)) for row, path in enumerate(X)]


def _as_path(row: int, value: object) -> Path:
    if isinstance(value, (str, Path)):
        return Path(value)
    if isinstance(value, np.ndarray):
        raise ValueError(
            f"Row {row}: expected the path of an image, got an array of shape {value.shape}. Give "
            "arrays of one size as one, of shape (n, height, width, 3): np.stack(images), or "
            "image[None] for a single one."
        )
    raise ValueError(f"Row {row}: expected the path of an image, got {value!r}.")


def _from_manifest(manifest: pd.DataFrame) -> list[ImageSource]:
    if "image" not in manifest:
        raise ValueError(
            f"The manifest has no column 'image'; its columns are {list(manifest.columns)}."
        )
    masks = manifest["mask"] if "mask" in manifest else [None] * len(manifest)
    scales = manifest["mm_per_pixel"] if "mm_per_pixel" in manifest else [math.nan] * len(manifest)
    return [
        ImageSource(
            row,
            _as_path(row, image),
            None if pd.isna(mask) else Path(mask),
            _as_scale(row, scale),
        )
        for row, (image, mask, scale) in enumerate(
            zip(manifest["image"], masks, scales, strict=True)
        )
    ]


def _as_scale(row: int, value: Any) -> float:
    if pd.isna(value):
        return math.nan
    if isinstance(value, (int, float, np.number)) and 0 < value < math.inf:
        return float(value)
    raise ValueError(
        f"Row {row}: expected 'mm_per_pixel' to be a positive number or empty, got {value!r}."
    )


def _from_pixels(pixels: np.ndarray) -> list[ImageSource]:
    if pixels.dtype != np.uint8 or pixels.shape[-1] != 3:
        raise ValueError(
            "Expected RGB pixels as uint8 of shape (n, height, width, 3), got "
            f"{pixels.dtype} of shape {pixels.shape}."
        )
    return [ImageSource(row, image) for row, image in enumerate(pixels)]
