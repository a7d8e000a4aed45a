"""Local binary patterns inside the lesion."""

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from features._checks import is_int
from features._opencv import cv2
from features.batch import LesionBatch
from features.descriptor import Descriptor
from features.regions import eight_bit_gray, gray_levels

SCALES = ((8, 1), (16, 2), (24, 3))  # points on the circle, its radius in pixels

# Interpolation weights are whole multiples of 1 / 65536: of 8-bit grey, every product and sum
# is then exact in float32, so a tie is a tie on every device and in whatever order it is summed.
_UNIT = 65536


class _Neighbor(NamedTuple):
    """A point on a circle: its upper left pixel, from the centre, and weights of 1, 2 or 4."""

    down: int
    right: int
    weights: np.ndarray


@lru_cache(maxsize=32)
def _circle(points: int, radius: int) -> tuple[_Neighbor, ...]:
    neighbors = []
    for i in range(points):
        turn = 2 * math.pi * i / points
        # scikit-image rounds the coordinates so; equal ties need equal coordinates.
        y, x = round(-radius * math.sin(turn), 5), round(radius * math.cos(turn), 5)
        down, right = math.floor(y), math.floor(x)
        shares = np.outer([1 - (y - down), y - down], [1 - (x - right), x - right])
        weights = np.rint(shares * _UNIT)
        # What rounding leaves goes to the farthest pixel, so that turned circles stay alike, and
        # weights in a ratio of almost 2, which scikit-image does not take for a tie, are none.
        farthest = np.where(weights > 0, weights, np.inf).argmin()
        weights.flat[farthest] += _UNIT - weights.sum()
        weights = (weights / _UNIT)[: 1 + (y > down), : 1 + (x > right)].astype(np.float32)
        neighbors.append(_Neighbor(down, right, weights))
    return tuple(neighbors)


def lbp_codes(levels: Tensor, points: int, radius: int) -> Tensor:
    """Rotation-invariant uniform local binary patterns.

    Parameters
    ----------
    levels : Tensor of shape (n, height, width), uint8
        Grey.
    points : int
        Neighbours on the circle.
    radius : int
        Of the circle, in pixels.

    Returns
    -------
    Tensor of shape (n, height, width), uint8
        Number of neighbours not darker than the pixel, if they form at most one run round the
        circle, else ``points + 1``. Beyond the image all is 0.

    Notes
    -----
    As ``skimage.feature.local_binary_pattern(..., method="uniform")``, but a neighbour that
    interpolates to the pixel's own grey always counts as not darker; there, rounding decides.

    References
    ----------
    Ojala, Pietikainen & Maenpaa (2002), IEEE Trans. PAMI 24(7), 971-987.
    """
    height, width = levels.shape[1:]
    center = levels.float()
    padded = F.pad(center, (radius,) * 4)
    ones = torch.zeros_like(levels)
    changes = torch.zeros_like(levels)
    previous = None
    for down, right, weights in _circle(points, radius):
        value = torch.zeros_like(center)
        for (y, x), weight in np.ndenumerate(weights):
            top, left = radius + down + y, radius + right + x
            value += float(weight) * padded[:, top : top + height, left : left + width]
        bit = value >= center
        ones += bit
        if previous is not None:
            changes += bit ^ previous
        previous = bit
    return torch.where(changes <= 2, ones, points + 1)


def lbp(
    gray: Tensor | Sequence[Tensor],
    mask: Tensor | Sequence[Tensor],
    scales: tuple[tuple[int, int], ...] = SCALES,
) -> Tensor:
    """Histograms of uniform local binary patterns inside the lesion.

    Parameters
    ----------
    gray : Tensor of shape (n, height, width), float32, or n of shape (height, width)
        Luminance in [0, 1], of the whole canvas or of each lesion's box.
    mask : Tensor of shape (n, height, width), bool, or n of shape (height, width)
        True on the lesion, at least one pixel an image.
    scales : tuple of (points, radius), default=((8, 1), (16, 2), (24, 3))
        Circles.

    Returns
    -------
    Tensor of shape (n, sum(points + 2)), float32
        Shares of the pixels that count, by code; each scale's sum to 1.

    Raises
    ------
    ValueError
        There is no scale, or one is no pair of 1 to 253 points and a whole radius from 1 on.

    Notes
    -----
    A pixel counts if the square around its circle lies inside the lesion, so that no skin is
    measured. A lesion too thin for a circle has zeros at that scale.
    """
    _check_scales(scales)
    describe = _histograms_on_gpu if gray[0].is_cuda else _histograms_on_cpu
    return torch.stack([describe(*row, scales) for row in zip(gray, mask, strict=True)])


def _check_scales(scales: object) -> None:
    if not (isinstance(scales, Sequence) and scales and all(map(_is_scale, scales))):
        raise ValueError(
            "`scales` must be one or more pairs (points, radius) of ints, with 1 to 253 points "
            f"and a radius >= 1, got {scales!r}."
        )


def _is_scale(pair: object) -> bool:
    if not (isinstance(pair, Sequence) and len(pair) == 2):
        return False
    return is_int(pair[0], 1, 253) and is_int(pair[1], 1)


def _histograms_on_gpu(gray: Tensor, mask: Tensor, scales: tuple[tuple[int, int], ...]) -> Tensor:
    levels, inside = gray_levels(gray[None]), mask[None]
    histograms = []
    for points, radius in scales:
        codes = lbp_codes(levels, points, radius)[_eroded(inside, radius)]
        counts = torch.bincount(codes.int(), minlength=points + 2)
        histograms.append(counts / max(1, len(codes)))
    return torch.cat(histograms).float()


def _eroded(mask: Tensor, radius: int) -> Tensor:
    """Pixels whose square of half side `radius` lies inside."""
    outside = F.pad((~mask).float(), (radius,) * 4, value=1.0)
    return F.max_pool2d(outside[:, None], 2 * radius + 1, stride=1)[:, 0] == 0


def _histograms_on_cpu(gray: Tensor, mask: Tensor, scales: tuple[tuple[int, int], ...]) -> Tensor:
    levels = eight_bit_gray(gray.numpy()).astype(np.float32)
    inside = mask.numpy().astype(np.uint8)
    histograms = []
    for points, radius in scales:
        histogram = np.zeros(points + 2, dtype=np.float32)
        if min(levels.shape) > 2 * radius:
            square = np.ones((2 * radius + 1,) * 2, dtype=np.uint8)
            counted = cv2.erode(inside, square, borderType=cv2.BORDER_CONSTANT, borderValue=0)
            codes, span = _codes_in_span(levels, points, radius)
            bins, limits = [points + 2], [0, points + 2]
            counted = counted.ravel()[span]
            histogram[:] = cv2.calcHist([codes], [0], counted, bins, limits).ravel()
        histograms.append(histogram / max(1.0, float(histogram.sum())))
    return torch.from_numpy(np.concatenate(histograms))


def _codes_in_span(levels: np.ndarray, points: int, radius: int) -> tuple[np.ndarray, slice]:
    """Codes, as `lbp_codes`, of a span of the flattened plane.

    The span runs from the first to the last pixel whose circle lies in the plane: its neighbours
    are spans too, which is quick. Circles that wrap round the edges give codes without meaning.
    """
    width, size = levels.shape[1], levels.size
    margin = radius * (width + 1)
    center = levels.ravel()[margin : size - margin]
    ones, changes = np.zeros((2, center.size), dtype=np.uint8)
    bit, previous = np.empty((2, center.size), dtype=bool)
    for i, (down, right, weights) in enumerate(_circle(points, radius)):
        plane = levels
        if weights.size > 1:
            plane = cv2.filter2D(levels, cv2.CV_32F, weights, anchor=(0, 0))
        start = margin + down * width + right
        np.greater_equal(plane.ravel()[start : start + center.size], center, out=bit)
        ones += bit.view(np.uint8)
        if i:
            changes += np.not_equal(bit, previous, out=previous).view(np.uint8)
        bit, previous = previous, bit
    return np.where(changes <= 2, ones, np.uint8(points + 1)), slice(margin, size - margin)


class LBP(Descriptor):
    """Texture of the lesion by uniform local binary patterns.

    Columns ``p<points>_r<radius>_<code>``, 54 by default: at each scale, the share of pixels
    by the number of neighbours not darker than they are; the last code is for patterns that
    change more than twice round the circle. Computed on 8-bit grey.

    Parameters
    ----------
    scales : tuple of (points, radius), default=((8, 1), (16, 2), (24, 3))
        Neighbours on each circle, and its radius in canvas pixels.

    See Also
    --------
    lbp : The definition.
    """

    block = "lbp"
    version = 2

    def __init__(self, scales: tuple[tuple[int, int], ...] = SCALES):
        self.scales = scales

    def feature_names(self) -> list[str]:
        """Return ``p<points>_r<radius>_<code>``."""
        _check_scales(self.scales)
        return [f"p{p}_r{r}_{code:02d}" for p, r in self.scales for code in range(p + 2)]

    def describe(self, batch: LesionBatch) -> Tensor:
        """Compute the histograms, (n, sum(points + 2)) float32."""
        return lbp(batch.boxed_gray, batch.boxed_mask, self.scales)
