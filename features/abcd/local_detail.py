"""How the lightness of a lesion varies from pixel to pixel, seen through its mask."""

import numpy as np

from features._opencv import cv2

# Sides of the windows over which lightness is averaged, in canvas pixels.
FINE, LOCAL, BROAD = 3, 7, 17


class LocalDetail:
    """Local means of lightness that no pixel outside the lesion enters.

    Parameters
    ----------
    mask : ndarray of shape (height, width), bool
        True on the lesion, at least one pixel.
    lightness : ndarray of shape (height, width), float32
        L of CIELAB.

    Attributes
    ----------
    level : ndarray of shape (height, width), float32
        L from the lesion's mean; 0 outside.
    fine, local : ndarray of shape (height, width), float32
        Means of 3 x 3 and 7 x 7 pixels, from the lesion's mean.
    square : ndarray of shape (height, width), float32
        Mean square of 7 x 7 pixels.

    Notes
    -----
    Outside the lesion, L is continued by the mean over the lesion's pixels in a window of
    17 x 17, so that its border does not look like a structure. Windows are in canvas pixels: a
    prepared lesion is at most 149 of them long on the default canvas, and is never enlarged.
    """

    def __init__(self, mask: np.ndarray, lightness: np.ndarray):
        weight = mask.astype(np.float32)
        # Counted from the lesion's mean, squares keep their digits.
        middle = np.float32((lightness * weight).sum() / weight.sum())
        self.level = (lightness - middle) * weight
        count = np.maximum(_window_sum(weight, BROAD), 1)
        continued = np.where(mask, self.level, _window_sum(self.level, BROAD) / count)
        self.fine = _window_mean(continued, FINE)
        self.local = _window_mean(continued, LOCAL)
        self.square = _window_mean(continued * continued, LOCAL)


def opposite_neighbours(plane: np.ndarray, step: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Both neighbours of every pixel, on either side of it, in four directions.

    Parameters
    ----------
    plane : ndarray of shape (height, width), float32
        Continued beyond its border by the outermost pixels.
    step : int
        Distance of the neighbours, at least 1.

    Returns
    -------
    list of four pairs of ndarray of shape (height, width), float32
        Across, down and along both diagonals.
    """
    height, width = plane.shape
    wide = cv2.copyMakeBorder(plane, step, step, step, step, cv2.BORDER_REPLICATE)
    slant = round(step / np.sqrt(2))
    pairs = []
    for down, right in ((0, step), (step, 0), (slant, slant), (slant, -slant)):
        one = wide[step + down : step + down + height, step + right : step + right + width]
        other = wide[step - down : step - down + height, step - right : step - right + width]
        pairs.append((one, other))
    return pairs


def _window_sum(plane: np.ndarray, side: int) -> np.ndarray:
    window = (side, side)
    return cv2.boxFilter(plane, -1, window, normalize=False, borderType=cv2.BORDER_CONSTANT)


def _window_mean(plane: np.ndarray, side: int) -> np.ndarray:
    return cv2.blur(plane, (side, side), borderType=cv2.BORDER_REPLICATE)
