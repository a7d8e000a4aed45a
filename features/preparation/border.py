"""Where a lesion ends: the slope of its border belongs to it."""

import numpy as np

from features._opencv import cv2
from features.preparation.components import disk
from features.preparation.median import median
from features.preparation.plausibility import Frame, against_skin

_SHARP = 3.2  # width, in pixels, of a sharp edge in a `Frame`, which is blurred
_MOST = 0.06  # of the square root of the area


def border_reach(mask: np.ndarray, frame: Frame) -> float:
    """How far outwards of a threshold half-way up the border still belongs to the lesion.

    The border's width is the step in colour from lesion to skin over the gradient at the
    outline. What it exceeds a sharp edge by is the reach, at most 6 % of the square root of the
    area: people who outline lesions take the slope in.

    Parameters
    ----------
    mask : ndarray of shape (height, width), bool
        The lesion.
    frame : Frame
        The image.

    Returns
    -------
    float
        In pixels, at least 0; 0 where no outline lies against skin.
    """
    lesion = mask.astype(np.uint8)
    step = against_skin(lesion, frame)
    inner = cv2.erode(lesion, disk(1))  # beyond the frame counts as lesion
    rim = (lesion > inner) & ~frame.edge
    if step is None or not rim.any():
        return 0.0
    # Sobel's kernel weighs a slope of 1 a pixel by 8.
    slopes = (cv2.Sobel(step.along, cv2.CV_32F, *axes, scale=1 / 8) for axes in ((1, 0), (0, 1)))
    gradient = median(np.hypot(*slopes)[rim])
    width = step.distance / max(float(gradient), 1e-6)
    return min(max(width - _SHARP, 0.0), _MOST * np.sqrt(cv2.countNonZero(lesion)))


def enlarge(mask: np.ndarray, reach: float, size: tuple[int, int]) -> np.ndarray:
    """Enlarge a mask, its outline moved outwards.

    Signed distances from the outline, not pixels, are enlarged: it stays smooth.

    Parameters
    ----------
    mask : ndarray of shape (height, width), bool
        The lesion.
    reach : float
        How far the outline moves, in pixels of `mask`.
    size : tuple of (width, height)
        Of the result.

    Returns
    -------
    ndarray of the given size, bool
        The larger mask.
    """
    lesion = mask.astype(np.uint8)
    outwards = cv2.distanceTransform(1 - lesion, cv2.DIST_L2, cv2.DIST_MASK_5)
    inwards = cv2.distanceTransform(lesion, cv2.DIST_L2, cv2.DIST_MASK_5)
    beyond = outwards - inwards - np.float32(reach)
    return cv2.resize(beyond, size, interpolation=cv2.INTER_LINEAR) < 0
