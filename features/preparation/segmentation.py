"""Lesion masks, with a fail-safe that owns up."""

from typing import NamedTuple

import numpy as np

from features._checks import check_choice
from features._opencv import cv2
from features.preparation.border import border_reach, enlarge
from features.preparation.plausibility import Frame, plausibility
from features.preparation.segmenters import SEGMENTERS

__all__ = ["SEGMENTERS", "Segmentation", "segment_lesion"]

_WORKING_SIDE = 128  # a lesion's outline needs no more pixels than this
_AREA_LIMITS = (0.01, 0.9)  # shares of the field of view that a lesion plausibly covers
_LEAST_PLAUSIBLE = 0.6  # under this the ellipse lies nearer to publishers' masks
_ELLIPSE_SHARE = 0.6  # of the frame's sides, for the fail-safe


class Segmentation(NamedTuple):
    """A lesion mask, (height, width) bool, and whether to trust it."""

    mask: np.ndarray
    reliable: bool


def segment_lesion(
    image: np.ndarray, valid: np.ndarray, method: str = "candidates"
) -> Segmentation:
    """Segment the lesion.

    A small copy of the image is segmented. Of the masks that the method proposes the most
    plausible lesion is kept (see `plausibility`), and its outline moved outwards where the border
    is blurred (see `border_reach`). Where the result covers less than 1 % or more than 90 % of
    the field of view, or no mask is plausible, a centred ellipse stands in and `reliable` is
    False.

    Parameters
    ----------
    image : ndarray of shape (height, width, 3), uint8
        RGB. Hair may stay: the small copy averages it away.
    valid : ndarray of shape (height, width), bool
        The field of view, at least one pixel.
    method : {"candidates", "otsu", "hybrid"}, default="candidates"
        Which masks are proposed: four by Otsu, on two planes in two lights; one, on the plane
        that separates best; or one by uniform and normal distributions. What each reaches is
        printed by ``benchmarks/segmentation.py``.

    Returns
    -------
    Segmentation
        ``(mask, reliable)``; the mask has at least one pixel, all of them valid.

    Raises
    ------
    ValueError
        There is no such method.

    References
    ----------
    Otsu (1979), IEEE Trans. SMC 9(1), 62-66.
    """
    check_choice("method", method, tuple(SEGMENTERS))
    height, width = valid.shape
    shrink = min(1.0, _WORKING_SIDE / max(height, width))
    side = (max(1, round(width * shrink)), max(1, round(height * shrink)))
    small = _shrink(image, side)
    inside = cv2.resize(valid.astype(np.uint8), side, interpolation=cv2.INTER_NEAREST) > 0
    if not inside.any():
        return Segmentation(_central_ellipse(valid), reliable=False)
    frame = Frame.of(small, inside)
    best, mask = _most_plausible(small, frame, method)
    mask = enlarge(mask, border_reach(mask, frame), (width, height)) & valid
    low, high = _AREA_LIMITS
    share = np.count_nonzero(mask) / np.count_nonzero(valid)
    if best < _LEAST_PLAUSIBLE or not low <= share <= high:
        return Segmentation(_central_ellipse(valid), reliable=False)
    return Segmentation(mask, reliable=True)


def _shrink(image: np.ndarray, side: tuple[int, int]) -> np.ndarray:
    """Average an image down to (width, height)."""
    height, width = image.shape[:2]
    if width % 2 == height % 2 == 0 and width >= 2 * side[0] and height >= 2 * side[1]:
        # OpenCV halves with vector instructions, and averages by broken factors without.
        image = cv2.resize(image, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    return cv2.resize(image, side, interpolation=cv2.INTER_AREA)


def _most_plausible(image: np.ndarray, frame: Frame, method: str) -> tuple[float, np.ndarray]:
    """Highest score among the proposed masks, and its mask."""
    best, found = -np.inf, np.zeros_like(frame.inside)
    for mask, separability in SEGMENTERS[method](image, frame):
        score = plausibility(mask, separability, frame)
        if score > best:
            best, found = score, mask
    return best, found


def _central_ellipse(valid: np.ndarray) -> np.ndarray:
    height, width = valid.shape
    y, x = np.ogrid[:height, :width]
    y = (y - (height - 1) / 2) / (_ELLIPSE_SHARE * height / 2)
    x = (x - (width - 1) / 2) / (_ELLIPSE_SHARE * width / 2)
    ellipse = (x**2 + y**2 <= 1) & valid
    return ellipse if ellipse.any() else valid.copy()
