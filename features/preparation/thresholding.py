"""Planes in which a lesion is dark, and Otsu's threshold of them."""

import numpy as np

from features._opencv import cv2
from features.preparation.median import median

_STEP = 4  # every 4th pixel each way tells colours well enough


def otsu(values: np.ndarray) -> tuple[int, float]:
    """Otsu's threshold.

    Parameters
    ----------
    values : ndarray, uint8
        At least one.

    Returns
    -------
    tuple of (int, float)
        The last level of the darker class, and the separability: between-class over total
        variance, in [0, 1]; 0 for constant values.

    References
    ----------
    Otsu (1979), IEEE Trans. SMC 9(1), 62-66.
    """
    counts = cv2.calcHist([values.reshape(-1, 1)], [0], None, [256], [0, 256])
    levels = np.arange(256)
    share = counts.ravel().astype(np.float64) / values.size
    below, mass = np.cumsum(share), np.cumsum(share * levels)
    mean = mass[-1]
    variance = (share * (levels - mean) ** 2).sum()
    split = (below > 0) & (below < 1 - 1e-12)
    between = np.zeros(256)
    np.divide((mean * below - mass) ** 2, below * (1 - below), out=between, where=split)
    threshold = int(np.argmax(between))
    return threshold, float(between[threshold] / variance) if variance > 0 else 0.0


def principal_plane(image: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """First principal component of the colours, turned so that dark stays dark.

    Parameters
    ----------
    image : ndarray of shape (height, width, 3), uint8
        RGB.
    inside : ndarray of shape (height, width), bool
        Pixels that count, at least one.

    Returns
    -------
    ndarray of shape (height, width), uint8
        The middle 99 % of values, spread over 0 to 255.
    """
    colors = sample(image, inside).astype(np.float32)
    centred = colors - colors.mean(axis=0)
    _, axes = np.linalg.eigh(centred.T @ centred)
    axis = axes[:, -1] * (1 if axes[:, -1].sum() >= 0 else -1)
    low, high = np.percentile(colors @ axis, (0.5, 99.5))
    plane = cv2.transform(image.astype(np.float32), axis[None])
    return cv2.convertScaleAbs(np.maximum(plane - low, 0), alpha=255 / max(high - low, 1e-6))


def skin_likeness(image: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """How near each pixel's colour is to skin: 255 less four times its delta E 76.

    Skin is the median CIELAB colour of the lighter half of the pixels.

    Parameters
    ----------
    image : ndarray of shape (height, width, 3), uint8
        RGB.
    inside : ndarray of shape (height, width), bool
        Pixels that count, at least one.

    Returns
    -------
    ndarray of shape (height, width), uint8
        255 is skin; 0 is a distance of 64 or more.
    """
    lab = to_lab(image)
    seen = sample(lab, inside)
    lighter = seen[seen[:, 0] >= median(seen[:, 0])]
    skin = np.array([median(channel) for channel in lighter.T])
    squared = np.square(lab - skin.astype(np.float32))
    distance = cv2.sqrt(cv2.transform(squared, np.ones((1, 3))))
    return np.subtract(255, cv2.convertScaleAbs(distance, alpha=4), dtype=np.uint8)


def to_lab(image: np.ndarray) -> np.ndarray:
    """CIELAB of uint8 RGB, float32."""
    return cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)


def sample(image: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Every 16th pixel of those that count, (n, 3); all of them where that leaves none."""
    some = inside[::_STEP, ::_STEP]
    return image[::_STEP, ::_STEP][some] if some.any() else image[inside]
