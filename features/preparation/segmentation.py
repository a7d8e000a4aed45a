"""Lesion masks by Otsu's threshold, with a fail-safe that owns up."""

from typing import NamedTuple

import numpy as np
from scipy.ndimage import binary_fill_holes

from features._opencv import cv2

_AREA_LIMITS = (0.01, 0.9)  # shares of the field of view that a lesion plausibly covers
_MIN_SEPARABILITY = 0.3
_ELLIPSE_SHARE = 0.6  # of the frame's sides, for the fail-safe
_WORKING_SIDE = 256  # Otsu needs no more pixels than this


class Segmentation(NamedTuple):
    """A lesion mask, (height, width) bool, and whether to trust it."""

    mask: np.ndarray
    reliable: bool


def segment_lesion(image: np.ndarray, valid: np.ndarray) -> Segmentation:
    """Segment the lesion: Otsu on the channel that separates best.

    Of the blue channel, L* and the first principal component, each blurred, the one with the
    highest separability (between-class over total variance) is thresholded; the darker class,
    cleaned by opening and closing, gives the components, of which the one that is large and
    central wins. Where that covers less than 1 % or more than 90 % of the field of view, or
    nothing separates, a centred ellipse stands in and `reliable` is False.

    Parameters
    ----------
    image : ndarray of shape (height, width, 3), uint8
        RGB, best after hair removal.
    valid : ndarray of shape (height, width), bool
        The field of view.

    Returns
    -------
    Segmentation
        ``(mask, reliable)``; the mask has at least one pixel, all of them valid.

    References
    ----------
    Otsu (1979), IEEE Trans. SMC 9(1), 62-66.
    """
    height, width = valid.shape
    shrink = min(1.0, _WORKING_SIDE / max(height, width))
    side = (max(1, round(width * shrink)), max(1, round(height * shrink)))
    small = cv2.resize(image, side, interpolation=cv2.INTER_AREA)
    inside = cv2.resize(valid.astype(np.uint8), side, interpolation=cv2.INTER_NEAREST) > 0
    dark, separability = _dark_class(small, inside)
    mask = _best_component(dark, inside)
    mask = cv2.resize(mask.astype(np.uint8), (width, height), interpolation=cv2.INTER_LINEAR) > 0
    mask &= valid
    share = mask.sum() / max(1, valid.sum())
    low, high = _AREA_LIMITS
    if separability < _MIN_SEPARABILITY or not low <= share <= high:
        return Segmentation(_central_ellipse(valid), reliable=False)
    return Segmentation(mask, reliable=True)


def _dark_class(image: np.ndarray, inside: np.ndarray) -> tuple[np.ndarray, float]:
    """Darker side of the best channel's Otsu threshold, and that channel's separability."""
    best = (np.zeros_like(inside), 0.0)
    for channel in _channels(image, inside):
        blurred = cv2.GaussianBlur(channel, (0, 0), 2)
        threshold, separability = _otsu(blurred[inside])
        if separability > best[1]:
            best = ((blurred <= threshold) & inside, separability)
    return best


def _channels(image: np.ndarray, inside: np.ndarray) -> list[np.ndarray]:
    """Candidate uint8 planes in which the lesion is the darker class."""
    lightness = cv2.cvtColor(image, cv2.COLOR_RGB2LAB)[..., 0]
    return [np.ascontiguousarray(image[..., 2]), lightness, _principal_plane(image, inside)]


def _principal_plane(image: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """First principal component of the colours, turned so that dark stays dark."""
    colors = image[inside].astype(np.float64)
    mean = colors.mean(axis=0)
    _, axes = np.linalg.eigh(np.cov(colors.T))
    axis = axes[:, -1] * (1 if axes[:, -1].sum() >= 0 else -1)
    plane = (image - mean) @ axis
    low, high = np.percentile(plane[inside], (0.5, 99.5))
    scaled = (plane - low) * (255 / max(high - low, 1e-9))
    return np.clip(scaled, 0, 255).astype(np.uint8)


def _otsu(values: np.ndarray) -> tuple[int, float]:
    """Otsu's threshold of uint8 values and its separability in [0, 1]."""
    counts = np.bincount(values, minlength=256).astype(np.float64)
    levels = np.arange(256)
    share = counts / counts.sum()
    below, mass = np.cumsum(share), np.cumsum(share * levels)
    mean = mass[-1]
    variance = (share * (levels - mean) ** 2).sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        between = (mean * below - mass) ** 2 / (below * (1 - below))
    between = np.where((below > 0) & (below < 1), between, 0.0)
    threshold = int(np.argmax(between))
    return threshold, float(between[threshold] / variance) if variance > 0 else 0.0


def _best_component(dark: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Clean the dark class and keep its large, central component."""
    height, width = dark.shape
    radius = max(1, round(0.01 * width))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    clean = cv2.morphologyEx(dark.astype(np.uint8), cv2.MORPH_OPEN, kernel)
    clean = cv2.morphologyEx(clean, cv2.MORPH_CLOSE, kernel)
    clean = (binary_fill_holes(clean) & inside).astype(np.uint8)
    count, labels, stats, centers = cv2.connectedComponentsWithStats(clean, connectivity=8)
    if count == 1:
        return np.zeros_like(inside)
    offset = centers[1:] - np.array([(width - 1) / 2, (height - 1) / 2])
    centrality = np.exp(-(offset**2).sum(axis=1) / (0.3 * width) ** 2)
    return labels == 1 + np.argmax(stats[1:, cv2.CC_STAT_AREA] * centrality)


def _central_ellipse(valid: np.ndarray) -> np.ndarray:
    height, width = valid.shape
    y, x = np.ogrid[:height, :width]
    y = (y - (height - 1) / 2) / (_ELLIPSE_SHARE * height / 2)
    x = (x - (width - 1) / 2) / (_ELLIPSE_SHARE * width / 2)
    ellipse = (x**2 + y**2 <= 1) & valid
    return ellipse if ellipse.any() else valid.copy()
