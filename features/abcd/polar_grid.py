"""A lesion seen from its centroid, so that folding it swaps whole rows."""

from typing import NamedTuple

import numpy as np

from features.lesion_shape import Moments

DIRECTIONS = 144
RINGS = 48
# Twice the distance, in rings: what a sample's area is proportional to, as a whole number.
AREAS = 2 * np.arange(RINGS, dtype=np.float32) + 1

_ANGLES = (np.arange(DIRECTIONS)[:, None] + 0.5) * (2 * np.pi / DIRECTIONS)
_DIRECTIONS = np.stack([(turn(_ANGLES) * AREAS / 2).ravel() for turn in (np.cos, np.sin)])


class PolarGrid(NamedTuple):
    """Samples of a lesion along directions from its centroid.

    Parameters
    ----------
    inside : ndarray of shape (144, 48), bool
        Which samples hit the lesion, a direction a row, a distance a column.
    pixel : ndarray of shape (144, 48), int
        The place of each sample in the flattened plane; 0 where it misses the plane.
    weight : ndarray of shape (144, 48), float32
        Area of each sample inside the lesion, an odd number; 0 outside.
    """

    inside: np.ndarray
    pixel: np.ndarray
    weight: np.ndarray


def polar_grid(mask: np.ndarray, moments: Moments, reach: float) -> PolarGrid:
    """Sample a lesion on a polar grid.

    Parameters
    ----------
    mask : ndarray of shape (height, width), bool
        True on the lesion.
    moments : Moments
        Of `mask`.
    reach : float
        Distance from the centroid at which the grid ends, in pixels.

    Returns
    -------
    PolarGrid
        144 directions 2.5 degrees apart, the first half a step from the major axis, so that
        folding across an axis that lies a multiple of 2.5 degrees from it swaps whole rows; 48
        distances, in the middle of rings of equal width.

    Notes
    -----
    A sample is the pixel it falls into, never a mixture of lesion and skin.
    """
    height, width = mask.shape
    along, across = moments.axis
    turn = np.array([[along, -across], [across, along]]) * (reach / RINGS)
    position = turn @ _DIRECTIONS + (moments.center + 0.5)[:, None]
    x, y = np.floor(position).astype(np.int32)
    within = (x < width) & (y < height) & (x >= 0) & (y >= 0)
    index = (y * width + x) * within
    inside = (mask.ravel().take(index) & within).reshape(DIRECTIONS, RINGS)
    return PolarGrid(inside, index.reshape(DIRECTIONS, RINGS), inside * AREAS)


_AXES = np.arange(DIRECTIONS // 2)[:, None]
# Rows on one side of each axis, an axis a row, which lies as many steps of 2.5 degrees from the
# major axis; and the row that each of them falls on when the lesion is folded.
SIDE = (_AXES + _AXES.T) % DIRECTIONS
MIRRORED_SIDE = (_AXES - 1 - _AXES.T) % DIRECTIONS
