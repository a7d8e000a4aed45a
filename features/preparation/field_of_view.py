"""Where a dermoscope saw skin: the dark corners around its round lens are found and left out."""

import numpy as np

from features._opencv import cv2

DARK = 0.18  # HSV value under which a pixel that hangs together with a corner is no skin
_LARGEST_SHARE = 0.6  # more darkness than this is a vignette only if it looks like one:
_LEAST_CORNERS = 3  # around a lit circle,
_LEAST_LIT = 0.1  # which is no speck of the frame,
_LIT = 0.3  # by its median HSV value; of 880 vignettes looked at, none has under 0.4


def field_of_view(image: np.ndarray) -> np.ndarray:
    """Pixels inside the field of view.

    Dark regions (value under 0.18) that touch a corner of the frame are left out, with a thin
    rim, since the lens edge is a gradient.

    Parameters
    ----------
    image : ndarray of shape (height, width, 3), uint8
        RGB.

    Returns
    -------
    ndarray of shape (height, width), bool
        False on dark corners. All True where the darkness covers over 60 % of the frame, unless
        it holds three corners and what it leaves is a tenth of the frame at least and lit (a
        median value above 0.3): else it is the picture that is dark.
    """
    height, width = image.shape[:2]
    corners = [(0, 0), (0, width - 1), (height - 1, 0), (height - 1, width - 1)]
    if not any(image[corner].max() < DARK * 255 for corner in corners):
        return np.ones((height, width), dtype=bool)
    red, green, blue = cv2.split(image)
    value = cv2.max(cv2.max(red, green), blue)
    dark = (value < DARK * 255).astype(np.uint8)
    for row, column in corners:
        if dark[row, column] == 1:
            cv2.floodFill(dark, None, (column, row), 2, flags=4)
    rim = max(1, round(0.01 * width))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * rim + 1, 2 * rim + 1))
    valid = cv2.dilate((dark == 2).view(np.uint8), kernel) == 0
    n_corners = sum(dark[corner] == 2 for corner in corners)
    if valid.mean() < 1 - _LARGEST_SHARE and not (
        n_corners >= _LEAST_CORNERS
        and valid.mean() >= _LEAST_LIT
        and np.median(value[valid]) > _LIT * 255
    ):
        return np.ones((height, width), dtype=bool)
    return valid
