"""A of the ABCD rule: what remains when a lesion is folded onto itself."""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from features.abcd.local_detail import LocalDetail
from features.abcd.polar_grid import AREAS, DIRECTIONS, MIRRORED_SIDE, SIDE, PolarGrid
from features.abcd.shape import LesionShape

NAMES = (
    *("shape_first", "shape_second", "shape_major", "shape_minor", "shape_least", "shape_mean"),
    *("first_l", "first_a", "first_b", "first_delta_e", "first_structure"),
    *("second_l", "second_a", "second_b", "second_delta_e", "second_structure"),
    *("color_shift", "score"),
)

# An axis is asymmetric where more than this share of the lesion does not fold onto itself, where
# mirrored pixels differ by more than this on average (CIE76), or where the halves' histograms of
# local detail's size are farther apart than this (chi-square).
SHAPE_THRESHOLD = 0.12
COLOR_THRESHOLD = 12.0
STRUCTURE_THRESHOLD = 0.02

_HALF_TURN = DIRECTIONS // 2
_QUARTER_TURN = DIRECTIONS // 4

# Bins of local detail: their distance, in L units, and how many lie above none.
_DETAIL_STEP = 1.5
_DETAIL_BINS = 4


class Fold(NamedTuple):
    """What one axis leaves unfolded.

    Parameters
    ----------
    axis : int
        The axis lies this many steps of 2.5 degrees from the major axis.
    shape : float
        Share of the lesion that does not fold onto itself, in [0, 1].
    color : ndarray of shape (4,)
        Mean |dL|, |da|, |db| and CIE76 difference between mirrored pixels.
    structure : float
        Chi-square distance between the halves' histograms of local detail, in [0, 1].
    """

    axis: int
    shape: float
    color: np.ndarray
    structure: float

    @property
    def reasons(self) -> list[str]:
        """In what the lesion is asymmetric across this axis."""
        values = {
            "shape": (self.shape, SHAPE_THRESHOLD),
            "color": (self.color[-1], COLOR_THRESHOLD),
            "structure": (self.structure, STRUCTURE_THRESHOLD),
        }
        return [name for name, (value, threshold) in values.items() if value > threshold]


def asymmetry(lab: Tensor, mask: Tensor) -> Tensor:
    """Asymmetry of shape, colour and structure.

    Parameters
    ----------
    lab : Tensor of shape (n, 3, height, width), float32
        CIELAB.
    mask : Tensor of shape (n, height, width), bool
        True on the lesion, at least one pixel an image.

    Returns
    -------
    Tensor of shape (n, 18), float32
        Ordered as `NAMES`.

    Notes
    -----
    The lesion is sampled on a polar grid around its centroid (144 directions, 48 distances, the
    pixel that each sample falls into), where a reflection swaps rows; samples weigh as much as
    the area they stand for. Folding across an axis leaves ``|M xor R(M)| / (2 |M|)`` of the
    lesion, in [0, 1]. `first` and `second` are the two perpendicular axes that leave least
    together, among those 2.5 degrees apart, the better one first; `major` and `minor` are the
    principal axes; `least` and `mean` go over all axes.

    The colour columns are mean absolute differences in L, a, b and the mean CIE76 difference
    between mirrored samples, where the folded halves overlap. `structure` is the chi-square
    distance ``sum((p - q)^2 / (p + q)) / 2`` between the two halves' histograms of the size of
    local detail (see `features.abcd.local_detail.LocalDetail`): 0 where both hold the same texture.
    `color_shift` is the distance from the centroid to the centroid weighted by darkness, in
    equivalent diameters.

    `score` counts those of the two axes that are asymmetric in shape (more than 0.12), colour
    (12) or structure (0.02): thresholds of ours, not calibrated on readers.
    """
    rows = []
    for image, lesion in zip(lab.cpu().numpy(), mask.cpu().numpy(), strict=True):
        shape = LesionShape(lesion)
        inside = image[:, *shape.box]
        detail = LocalDetail(shape.mask, inside[0])
        rows.append(asymmetry_of_one(shape, detail, asymmetry_samples(shape, inside, detail)))
    return torch.from_numpy(np.stack(rows)).to(lab.device)


def asymmetry_of_one(shape: LesionShape, detail: LocalDetail, samples: np.ndarray) -> np.ndarray:
    """Asymmetry of one lesion, (18,) float32, with L, a, b and detail on its polar grid."""
    left = unfolded(shape.polar)
    first, second = folds(shape.polar, left, samples)
    principal = [left[0], left[_QUARTER_TURN]]
    folded = [first.shape, second.shape, *principal, left.min(), left.mean()]
    halves = [*first.color, first.structure, *second.color, second.structure]
    shift = _color_shift(shape, detail)
    score = bool(first.reasons) + bool(second.reasons)
    return np.array([*folded, *halves, shift, score], dtype=np.float32)


def asymmetry_samples(shape: LesionShape, lab: np.ndarray, detail: LocalDetail) -> np.ndarray:
    """L, a, b and local detail on the polar grid, (4, 144, 48) float32."""
    samples = shape.samples(*lab, detail.local, detail.fine)
    samples[3] -= samples[4]
    return samples[:4]


def unfolded(grid: PolarGrid) -> np.ndarray:
    """Share of the lesion that its mirror image leaves uncovered.

    Parameters
    ----------
    grid : PolarGrid
        The lesion.

    Returns
    -------
    ndarray of shape (72,), float64
        Axis by axis, from the major one on.
    """
    # Folding is a circular convolution of the lesion with itself along the directions; the
    # overlap is a whole number, so that rounding makes it exact.
    spectrum = np.fft.rfft(grid.inside, axis=0)
    overlap = np.rint(np.fft.irfft((spectrum * spectrum) @ AREAS, DIRECTIONS))
    area = max(float(grid.weight.sum()), 1.0)
    # Both images have the same area, so |M xor R(M)| = 2 (|M| - |M and R(M)|).
    return 1 - overlap[2 * np.arange(_HALF_TURN) - 1] / area


def folds(grid: PolarGrid, left: np.ndarray, samples: np.ndarray) -> tuple[Fold, Fold]:
    """Fold a lesion across the two perpendicular axes of least asymmetry.

    Parameters
    ----------
    grid : PolarGrid
        The lesion.
    left : ndarray of shape (72,)
        From `unfolded`.
    samples : ndarray of shape (4, 144, 48)
        L, a, b and local detail on the grid.

    Returns
    -------
    tuple of two Fold
        The one that leaves less of the shape first.
    """
    best = int(np.argmin(left[:_QUARTER_TURN] + left[_QUARTER_TURN:]))
    pair = sorted((best, best + _QUARTER_TURN), key=lambda axis: left[axis])
    texture = _detail_histograms(grid, samples[3])
    first, second = (
        Fold(
            axis,
            float(left[axis]),
            _color_change(grid, samples[:3], axis),
            _structure_change(texture, axis),
        )
        for axis in pair
    )
    return first, second


def _color_change(grid: PolarGrid, lab: np.ndarray, axis: int) -> np.ndarray:
    """Mean |dL|, |da|, |db| and colour difference between mirrored samples."""
    # Each pair is met once: the directions of one half with those of the other.
    here, there = SIDE[axis], MIRRORED_SIDE[axis]
    weight = grid.weight.take(here, axis=0) * grid.inside.take(there, axis=0)
    total = weight.sum()
    if total == 0:
        return np.zeros(4)
    change = np.empty((4, *weight.shape), dtype=np.float32)
    np.subtract(lab.take(here, axis=1), lab.take(there, axis=1), out=change[:3])
    np.abs(change[:3], out=change[:3])
    np.sqrt(np.einsum("ijk,ijk->jk", change[:3], change[:3]), out=change[3])
    return change.reshape(4, -1) @ weight.ravel() / total


def _detail_histograms(grid: PolarGrid, detail: np.ndarray) -> np.ndarray:
    """Histogram of local detail in each direction, (144, 5); samples are shared by two bins."""
    # Its size alone: a step between a dark and a light half is below on one side and above on
    # the other, and no difference of texture.
    position = np.minimum(np.abs(detail) / _DETAIL_STEP, _DETAIL_BINS)
    lower = np.minimum(position.astype(np.int32), _DETAIL_BINS - 1)
    part = position - lower
    bins = _DETAIL_BINS + 1
    cell = (lower + bins * np.arange(DIRECTIONS)[:, None]).ravel()
    size = bins * DIRECTIONS
    histogram = np.bincount(cell, (grid.weight * (1 - part)).ravel(), size)
    histogram += np.bincount(cell + 1, (grid.weight * part).ravel(), size + 1)[:size]
    return histogram.reshape(DIRECTIONS, bins)


def _structure_change(texture: np.ndarray, axis: int) -> float:
    """Chi-square distance between the histograms of the two halves."""
    here, there = (texture.take(rows[axis], axis=0).sum(axis=0) for rows in (SIDE, MIRRORED_SIDE))
    sums = here.sum(), there.sum()
    if min(sums) <= 0:
        return 0.0
    p, q = here / sums[0], there / sums[1]
    change = p - q
    return float((change * change / np.maximum(p + q, 1e-12)).sum() / 2)


def _color_shift(shape: LesionShape, detail: LocalDetail) -> float:
    """Distance between the centroid and the darkness' centroid, in equivalent diameters."""
    level = detail.level
    lightest = level.max(where=shape.mask, initial=-np.inf)
    # The level averages 0, and so does each coordinate from the centroid.
    darkness = lightest * shape.moments.area
    if darkness < 1e-3:
        return 0.0
    across, down = level.sum(axis=0), level.sum(axis=1)
    x = np.arange(len(across)) - shape.moments.center[0]
    y = np.arange(len(down)) - shape.moments.center[1]
    return float(np.hypot(across @ x, down @ y) / (darkness * shape.diameter))
