"""Uneven light: a smooth field fitted to the skin and divided out."""

from functools import lru_cache

import numpy as np

from features._opencv import cv2
from features.preparation.median import median

_STEP = 4  # every 4th pixel is plenty for four coefficients
_ROUNDS = 4
_DARKER = 1.5  # pixels this many spreads under the fit are lesion or hair, not skin
_MIDDLE = 0.02  # weight of the middle of the frame, where the lesion is
_FULL_WEIGHT_FROM = 0.3  # squared distance from the middle, in half longer sides
_RIDGE = 1e-6  # keeps the fit defined where the field of view is a sliver
_FEWEST = 50  # points that a fit of four coefficients may rest on
_MOST = 0.7  # of the field's logarithm: a factor of 2


def even_light(image: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Divide out a light that falls off towards the frame's rim.

    The logarithm of the mean channel of skin is modelled as a plane plus a paraboloid around the
    middle of the frame, by least squares. Skin is what lies not far under the fit, found in four
    rounds, and pixels count more away from the middle, so that a lesion is not fitted away.

    Parameters
    ----------
    image : ndarray of shape (height, width, 3), uint8
        RGB, small: it serves segmentation only.
    inside : ndarray of shape (height, width), bool
        The field of view, at least one pixel.

    Returns
    -------
    ndarray of shape (height, width, 3), uint8
        All channels divided by the same field, whose median is 1; the image itself where fewer
        than 50 points could be fitted.
    """
    terms = _terms(*inside.shape)
    some = (slice(None, None, _STEP), slice(None, None, _STEP))
    points, seen = terms[some], inside[some]
    if np.count_nonzero(seen) < _FEWEST:
        return image
    level = np.log1p(image[some].astype(np.float64).mean(axis=2))
    weight = np.clip(points[..., 3] / _FULL_WEIGHT_FROM, _MIDDLE, 1.0)
    skin = seen
    slope = np.zeros(4)
    for _ in range(_ROUNDS):
        if np.count_nonzero(skin) < _FEWEST:
            break
        weighted = points[skin] * weight[skin][:, None]
        moments = weighted.T @ weighted + _RIDGE * np.eye(4)
        slope = np.linalg.solve(moments, weighted.T @ (level[skin] * weight[skin]))
        residual = level - points @ slope
        spread = 1.4826 * median(np.abs(residual[skin])) + 1e-3
        skin = seen & (residual > -_DARKER * spread)
    field = terms @ slope
    gain = np.exp(-np.clip(field - median(field[some][seen]), -_MOST, _MOST))
    return cv2.convertScaleAbs(image * gain.astype(np.float32)[..., None])


@lru_cache(maxsize=8)
def _terms(height: int, width: int) -> np.ndarray:
    """1, x, y and squared radius, in half longer sides from the middle; (height, width, 4)."""
    half = max(height, width) / 2
    y, x = np.mgrid[:height, :width].astype(np.float64)
    y, x = (y - (height - 1) / 2) / half, (x - (width - 1) / 2) / half
    return np.stack([np.ones((height, width)), x, y, x**2 + y**2], axis=-1)
