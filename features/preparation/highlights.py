"""Gel bubbles and other specular highlights."""

import numpy as np

from features._opencv import cv2

_LEAST_VALUE = 0.9
_MOST_SATURATION = 0.1
_MOST_SHARE = 0.01  # of the frame


def highlight_mask(image: np.ndarray) -> np.ndarray:
    """Glare: pixels nearly white (saturation under 0.1, value over 0.9).

    Parameters
    ----------
    image : ndarray of shape (height, width, 3), uint8
        RGB.

    Returns
    -------
    ndarray of shape (height, width), bool
        True on glare. All False where it would cover 1 % of the frame or more: then the skin is
        that pale, or the light that bright.

    Notes
    -----
    White scars, milia and shiny white streaks look the same, and painting over them takes a sign
    of melanoma away: preparation does so only if asked to.
    """
    red, green, blue = cv2.split(image)
    brightest = cv2.max(cv2.max(red, green), blue)
    darkest = cv2.min(cv2.min(red, green), blue)
    # Saturation is 1 - darkest / brightest.
    faint = darkest > (1 - _MOST_SATURATION) * brightest.astype(np.float32)
    glare = faint & (brightest > _LEAST_VALUE * 255)
    return glare if glare.mean() < _MOST_SHARE else np.zeros_like(glare)
