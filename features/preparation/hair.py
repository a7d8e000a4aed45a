"""Dark hairs: found by their shape, painted over with the skin beside them."""

import numpy as np

from features._opencv import cv2

# The usual recipe (17 x 17 black-hat, threshold 10) was tuned on frames about 600 pixels wide.
_KERNEL_SHARE = 17 / 600
_THRESHOLD = 10
_SMALLEST_KERNEL = 5  # under this a kernel is as wide as a hair of one pixel: nothing to find
_ELONGATED = 3.0


def hair_mask(image: np.ndarray) -> np.ndarray:
    """Dark hairs of a dermoscopic image.

    The black-hat transform of the luminance, with a kernel scaled to the image, marks thin dark
    structures; those that are not at least three times as long as wide are dropped, so that dots
    and globules stay.

    Parameters
    ----------
    image : ndarray of shape (height, width, 3), uint8
        RGB.

    Returns
    -------
    ndarray of shape (height, width), bool
        True on hairs. All False where the image is too small (under about 160 pixels) for a
        hair to be told from texture.
    """
    size = round(_KERNEL_SHARE * max(image.shape[:2])) | 1
    if size < _SMALLEST_KERNEL:
        return np.zeros(image.shape[:2], dtype=bool)
    gray = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    kernel = cv2.getStructuringElement(cv2.MORPH_RECT, (size, size))
    dark = (cv2.morphologyEx(gray, cv2.MORPH_BLACKHAT, kernel) > _THRESHOLD).astype(np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(dark, connectivity=8)
    extent = np.hypot(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT])
    width = stats[:, cv2.CC_STAT_AREA] / extent
    hairs = (extent >= _ELONGATED * np.maximum(width, 1)) & (extent >= 2 * size)
    hairs[0] = False  # the background
    return hairs[labels]


def remove_hair(image: np.ndarray, hair: np.ndarray) -> np.ndarray:
    """Paint over hairs from their surroundings (Telea's fast marching).

    Parameters
    ----------
    image : ndarray of shape (height, width, 3), uint8
        RGB.
    hair : ndarray of shape (height, width), bool
        From `hair_mask`.

    Returns
    -------
    ndarray of shape (height, width, 3), uint8
        The image itself where `hair` is empty.

    References
    ----------
    Telea (2004), Journal of Graphics Tools 9(1), 23-34.
    """
    if not hair.any():
        return image
    grown = cv2.dilate(hair.astype(np.uint8), np.ones((3, 3), np.uint8))
    return cv2.inpaint(image, grown, 1, cv2.INPAINT_TELEA)
