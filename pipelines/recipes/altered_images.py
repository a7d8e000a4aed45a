"""Images from which the lesion is gone, or all but the skin at the rim: controls for any model."""

import hashlib
import io
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from numpy.typing import NDArray
from PIL import Image

from features._opencv import cv2
from features.preparation.field_of_view import field_of_view
from features.preparation.segmentation import segment_lesion
from features.reading.sources import ImageSource, image_sources
from pipelines.data import lesion_ids

Pixels = NDArray[np.uint8]
Mask = NDArray[np.bool_]

# A lesion fades into the skin: what it colours beyond its mask, in longer sides of the frame.
_HALO = 0.03
RIM = 0.1  # of the shorter side: how wide a rim of skin is kept
# Where a picture shows no skin at all.
_NO_SKIN = (200, 165, 145)
_QUALITY = 95
# Names altered files, so that those of another version are not taken for them.
_VERSION = 1


def blank_lesion(image: Pixels, mask: Mask) -> Pixels:
    """Fill the box around the lesion with the mean colour of the skin.

    Parameters
    ----------
    image : ndarray of shape (height, width, 3), uint8
        RGB.
    mask : ndarray of shape (height, width), bool
        True on the lesion.

    Returns
    -------
    ndarray of shape (height, width, 3), uint8
        The box goes a little beyond the lesion. The outline goes with it, which is as much the
        lesion's as its colours are; how large the box is, and where, remains.
    """
    grown, colour = _lesion_and_skin(image, mask)
    rows, columns = np.flatnonzero(grown.any(axis=1)), np.flatnonzero(grown.any(axis=0))
    blank = image.copy()
    if len(rows):
        blank[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] = colour
    return blank


def keep_skin_border(image: Pixels, mask: Mask) -> Pixels:
    """Keep the skin in a rim of the frame, and fill all else with its mean colour.

    Parameters
    ----------
    image : ndarray of shape (height, width, 3), uint8
        RGB.
    mask : ndarray of shape (height, width), bool
        True on the lesion.

    Returns
    -------
    ndarray of shape (height, width, 3), uint8
        The rim is a tenth of the shorter side wide; a lesion that reaches into it is filled too.
    """
    grown, colour = _lesion_and_skin(image, mask)
    height, width = mask.shape
    rim = max(1, round(RIM * min(height, width)))
    filled = grown.copy()
    filled[rim : height - rim, rim : width - rim] = True
    kept = image.copy()
    kept[filled] = colour
    return kept


ALTERATIONS: dict[str, Callable[[Pixels, Mask], Pixels]] = {
    "lesion blanked out": blank_lesion,
    "skin border only": keep_skin_border,
}


def alter_images(
    manifest: pd.DataFrame, how: str, folder: str | Path, n_jobs: int | None = None
) -> pd.DataFrame:
    """Write altered copies of all images, and the manifest of them.

    Parameters
    ----------
    manifest : DataFrame of n rows
        One row an image. Lesions without a mask are segmented.
    how : str
        One of `ALTERATIONS`.
    folder : path-like
        Receives the copies, JPEG of quality 95; made where missing. A copy that is there is not
        written again: its name is made of the contents of image and mask.
    n_jobs : int, optional
        Threads.

    Returns
    -------
    DataFrame
        The same rows. `image` names the copy and `lesion` the lesion, for images that were lesions
        of their own under their old name. Where a row names a mask, `mask` is the same centred
        ellipse for all: the lesion's own would tell its shape.

    Raises
    ------
    ValueError
        If there is no such alteration, or an image cannot be read.
    """
    if how not in ALTERATIONS:
        raise ValueError(f"Unknown alteration {how!r}; expected one of {', '.join(ALTERATIONS)}.")
    target = Path(folder) / how.replace(" ", "_")
    target.mkdir(parents=True, exist_ok=True)
    written = Parallel(n_jobs=n_jobs, prefer="threads")(
        delayed(_alter)(source, how, target) for source in image_sources(manifest)
    )
    images, masks = zip(*written, strict=True)
    altered = manifest.assign(image=list(images), lesion=lesion_ids(manifest))
    return altered.assign(mask=list(masks)) if "mask" in manifest else altered


def _alter(source: ImageSource, how: str, folder: Path) -> tuple[str, str | None]:
    """Write one copy; its path, and that of the neutral mask where the row names a mask."""
    digest = hashlib.sha256(f"{_VERSION}:{source.digests()[1]}".encode()).hexdigest()
    path = folder / f"{digest[:24]}.jpg"
    if path.is_file():
        with Image.open(path) as copy:
            width, height = copy.size
    else:
        image = source.read_image()
        height, width = image.shape[:2]
        mask = source.read_mask((height, width))
        if mask is None:
            mask = segment_lesion(image, field_of_view(image)).mask
        _save(path, ALTERATIONS[how](image, mask), format="JPEG", quality=_QUALITY, subsampling=0)
    return str(path), None if source.mask is None else _neutral_mask(folder, (height, width))


def _neutral_mask(folder: Path, shape: tuple[int, int]) -> str:
    height, width = shape
    path = folder / f"mask_{width}x{height}.png"
    if not path.is_file():
        mask = np.zeros(shape, dtype=np.uint8)
        centre, axes = (width // 2, height // 2), (max(1, width // 4), max(1, height // 4))
        cv2.ellipse(mask, centre, axes, 0, 0, 360, 255, cv2.FILLED)
        _save(path, mask, format="PNG")
    return str(path)


def _save(path: Path, pixels: Pixels, **options) -> None:
    """Write a file that is there whole or not at all, whatever thread or kill comes between."""
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, **options)
    partial = path.with_name(f"{path.name}.{os.getpid()}-{id(content)}.partial")
    partial.write_bytes(content.getvalue())
    partial.replace(path)


def _lesion_and_skin(image: Pixels, mask: Mask) -> tuple[Mask, NDArray[np.uint8]]:
    """Lesion with the halo around it, and the mean colour of the skin beyond."""
    reach = max(1, round(_HALO * max(mask.shape)))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    grown = cv2.dilate(mask.astype(np.uint8), kernel) > 0
    skin = ~grown & field_of_view(image)
    colour = image[skin].mean(axis=0) if skin.any() else np.array(_NO_SKIN)
    return grown, np.rint(colour).astype(np.uint8)
