"""How much detail a lesion has at each size: dots, strands, blotches."""

import math
from collections.abc import Sequence
from itertools import pairwise
from numbers import Real

import numpy as np
import torch
from torch import Tensor

from features._opencv import cv2
from features.batch import LesionBatch
from features.descriptor import Descriptor

SCALES = (1.0, 2.0, 4.0, 8.0)
STATISTICS = ("spread", "skew", "kurtosis")
# Under this the band is flat, and the shape of its distribution means nothing.
_FLAT = 1e-3


def detail_bands(lab: Tensor, mask: Tensor, scales: tuple[float, ...] = SCALES) -> Tensor:
    """Spread, skew and kurtosis of differences of Gaussians inside the lesion.

    Parameters
    ----------
    lab : Tensor of shape (n, 3, height, width), float32
        CIELAB.
    mask : Tensor of shape (n, height, width), bool
        True on the lesion, at least one pixel an image.
    scales : tuple of float, default=(1, 2, 4, 8)
        Standard deviations of the Gaussians, increasing, in canvas pixels. The first band is
        what the first Gaussian takes away.

    Returns
    -------
    Tensor of shape (n, 9 * len(scales)), float32
        For each channel and band the root mean square (CIELAB units), skew and kurtosis (no
        units; 0 where the band is flat). All three are about 0, which a band swings around, and
        not about its mean; the kurtosis of a normal distribution is 3.

    Raises
    ------
    ValueError
        `scales` are none, not positive or not increasing.

    Notes
    -----
    The Gaussians average lesion pixels alone (normalised convolution): skin does not leak in.
    """
    _check_scales(scales)
    planes = zip(lab.cpu().numpy(), mask.cpu().numpy(), strict=True)
    return torch.from_numpy(np.stack([_bands_of_one(*row, scales) for row in planes])).to(
        lab.device
    )


def _check_scales(scales: object) -> None:
    if (
        isinstance(scales, Sequence)
        and scales
        and all(isinstance(scale, Real) for scale in scales)
        and all(low < high for low, high in pairwise((0, *scales, math.inf)))
    ):
        return
    raise ValueError(
        f"`scales` must be one or more finite numbers > 0, increasing, got {scales!r}."
    )


def _bands_of_one(lab: np.ndarray, mask: np.ndarray, scales: tuple[float, ...]) -> np.ndarray:
    left, top, width, height = cv2.boundingRect(mask.view(np.uint8))  # beyond it nothing counts
    box = slice(top, top + height), slice(left, left + width)
    inside = mask[box].astype(np.float32)
    finer: np.ndarray = lab[:, *box] * inside
    # The mask is blurred as a fourth channel, to divide by: skin does not leak in.
    weighted = cv2.merge([*finer, inside])
    area = int(np.count_nonzero(inside))
    rows = []
    for scale in scales:
        blurred = cv2.GaussianBlur(weighted, (0, 0), scale, borderType=cv2.BORDER_CONSTANT)
        *colors, covered = cv2.split(blurred)
        coarser = np.stack(colors) * (inside / np.maximum(covered, 1e-6))
        rows.append(_shape_of_distribution((finer - coarser).reshape(3, -1), area))
        finer = coarser
    return np.stack(rows, axis=1).astype(np.float32).ravel()


def _shape_of_distribution(values: np.ndarray, area: int) -> np.ndarray:
    """Root mean square, skew and kurtosis of rows that are 0 where nothing counts, (3, 3)."""
    square = values * values
    powers = [np.vecdot(square, factor) for factor in (np.ones_like(values), values, square)]
    second, third, fourth = np.stack(powers).astype(np.float64) / area
    spread = np.sqrt(second)
    textured = spread > _FLAT
    scale = np.maximum(spread, _FLAT)
    return np.stack([spread, textured * third / scale**3, textured * fourth / scale**4], axis=1)


class DetailBands(Descriptor):
    """Detail of the lesion by size, in lightness and in colour.

    Columns ``<L|a|b>_<scale>_<spread|skew|kurtosis>``; 36 by default.

    Parameters
    ----------
    scales : tuple of float, default=(1, 2, 4, 8)
        Sizes, as standard deviations of Gaussians in canvas pixels, increasing.

    See Also
    --------
    detail_bands : The definition.
    """

    block = "detail_bands"
    version = 1

    def __init__(self, scales: tuple[float, ...] = SCALES):
        self.scales = scales

    def feature_names(self) -> list[str]:
        """Return ``<channel>_<scale>_<statistic>``."""
        _check_scales(self.scales)
        return [f"{c}_{scale:g}_{s}" for c in "Lab" for scale in self.scales for s in STATISTICS]

    def describe(self, batch: LesionBatch) -> Tensor:
        """Compute the statistics, (n, 9 * len(scales)) float32."""
        return detail_bands(batch.lab, batch.mask, self.scales)
