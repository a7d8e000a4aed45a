"""From a thresholded plane to the one region that is the lesion."""

from functools import lru_cache

import numpy as np

from features._opencv import cv2

_CLEANING_SHARE = 0.01  # of the frame's longer side: radius of opening and closing
_CENTRAL_WIDTH = 0.5  # of half the frame: spread of the weight that favours the middle
_EDGE_PENALTY = 0.5


@lru_cache(maxsize=32)
def disk(radius: int) -> np.ndarray:
    """Structuring element, (2 * radius + 1) pixels wide, uint8."""
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))


@lru_cache(maxsize=8)
def central_weight(height: int, width: int) -> np.ndarray:
    """Gaussian weight of each pixel, 1 in the middle of the frame; (height, width) float64."""
    y, x = (np.linspace(-1, 1, n) / _CENTRAL_WIDTH for n in (height, width))
    return np.exp(-(y[:, None] ** 2 + x[None, :] ** 2) / 2)


def frame_edge(inside: np.ndarray) -> np.ndarray:
    """Pixels on the rim of the frame or of the field of view, (height, width) bool."""
    framed = cv2.copyMakeBorder(inside.astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    return inside & (cv2.erode(framed, disk(1))[1:-1, 1:-1] == 0)


def main_component(
    dark: np.ndarray, inside: np.ndarray, weight: np.ndarray, edge: np.ndarray
) -> np.ndarray:
    """Clean a class of pixels and keep its one large, central component.

    Small specks and gaps go by opening and closing. A component counts by its central weight,
    less so the more of it lies along the frame: uneven light leaves a dark class there. Holes of
    the one that is kept are filled.

    Parameters
    ----------
    dark : ndarray of shape (height, width), bool
        The class that holds the lesion.
    inside : ndarray of shape (height, width), bool
        The field of view.
    weight : ndarray of shape (height, width), float
        From `central_weight`.
    edge : ndarray of shape (height, width), bool
        From `frame_edge`.

    Returns
    -------
    ndarray of shape (height, width), bool
        Empty where nothing is left.
    """
    kernel = disk(max(1, round(_CLEANING_SHARE * max(dark.shape))))
    clean = cv2.morphologyEx(dark.astype(np.uint8), cv2.MORPH_OPEN, kernel)
    clean = cv2.morphologyEx(clean, cv2.MORPH_CLOSE, kernel)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(clean, connectivity=8)
    if count == 1:
        return np.zeros_like(inside)
    score = np.bincount(labels.ravel(), weights=weight.ravel(), minlength=count)
    along_edge = np.bincount(labels[edge], minlength=count)
    size = np.sqrt(np.maximum(stats[:, cv2.CC_STAT_AREA], 1))
    score *= np.exp(-_EDGE_PENALTY * along_edge / size)
    # Filled after the choice: a closed ring of darkness along the frame is no hole's rim.
    chosen = labels == 1 + np.argmax(score[1:])
    return (fill_holes(chosen.astype(np.uint8)) > 0) & inside


def fill_holes(mask: np.ndarray) -> np.ndarray:
    """Fill what no path joins with the frame's rim; (height, width) uint8 of 0 and 1."""
    padded = cv2.copyMakeBorder(mask, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    cv2.floodFill(padded, None, (0, 0), 2)
    return (padded[1:-1, 1:-1] != 2).astype(np.uint8)
