"""What lies on the skin and is no skin: which of it is looked for, and how it is painted over."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from features.preparation.dullrazor import dullrazor_mask, interpolate_hair
from features.preparation.hair import hair_mask, light_hair_mask, remove_hair
from features.preparation.highlights import highlight_mask
from features.preparation.ruler import ruler_mask


class HairRemoval(NamedTuple):
    """How hair is found, and how it is painted over."""

    find: Callable[[np.ndarray], np.ndarray]
    paint: Callable[[np.ndarray, np.ndarray], np.ndarray]


HAIR_REMOVALS = {
    "blackhat": HairRemoval(hair_mask, remove_hair),
    "dullrazor": HairRemoval(dullrazor_mask, interpolate_hair),
}

# All of them resemble something that lesions have: shiny white streaks, white scars, globules in
# a row. So none is painted over unless asked for; what is painted is invented, not measured.
ARTEFACTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "light_hair": light_hair_mask,
    "highlights": highlight_mask,
    "ruler": ruler_mask,
}


def clean_window(
    image: np.ndarray,
    window: tuple[slice, slice],
    hair: str | None,
    artefacts: tuple[str, ...],
) -> tuple[np.ndarray, float]:
    """Paint over hair and artefacts where an image will be looked at.

    Parameters
    ----------
    image : ndarray of shape (height, width, 3), uint8
        RGB.
    window : tuple of two slices
        Rows and columns to clean; things are looked for in the whole frame, where their length
        shows.
    hair : str or None
        A key of `HAIR_REMOVALS`.
    artefacts : tuple of str
        Keys of `ARTEFACTS`.

    Returns
    -------
    tuple of (ndarray of shape (height, width, 3), uint8; float)
        The image, itself where there is nothing to paint, and the share of the frame that is
        hair.
    """
    clean, share = image, 0.0
    if hair is not None:
        found = HAIR_REMOVALS[hair].find(image)
        share = np.count_nonzero(found) / found.size
        clean = _paint(clean, found, window, HAIR_REMOVALS[hair].paint)
    for name in artefacts:
        clean = _paint(clean, ARTEFACTS[name](image), window, remove_hair)
    return clean, share


def _paint(image, found, window, paint) -> np.ndarray:
    if not found[window].any():
        return image
    painted = image.copy()
    painted[window] = paint(image[window], found[window])
    return painted
