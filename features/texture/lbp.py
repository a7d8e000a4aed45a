"""Local binary patterns inside the lesion."""

import math

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from features.batch import LesionBatch
from features.descriptor import Descriptor
from features.regions import bounding_box, gray_levels

SCALES = ((8, 1), (16, 2), (24, 3))  # points on the circle, its radius in pixels

# Interpolation leaves errors of this order, in grey levels: less is a tie.
_TIE = 1e-9


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
    center = levels.double() - _TIE
    padded = F.pad(levels.double(), (radius + 1,) * 4)
    ones = torch.zeros_like(levels)
    changes = torch.zeros_like(levels)
    previous = None
    for i in range(points):
        turn = 2 * math.pi * i / points
        # scikit-image rounds the coordinates so; equal ties need equal coordinates.
        down, right = round(-radius * math.sin(turn), 5), round(radius * math.cos(turn), 5)
        bit = _neighbor(padded, down + radius + 1, right + radius + 1, height, width) >= center
        ones += bit
        if previous is not None:
            changes += bit ^ previous
        previous = bit
    return torch.where(changes <= 2, ones, points + 1)


def _neighbor(padded: Tensor, down: float, right: float, height: int, width: int) -> Tensor:
    """Planes shifted by a fraction of a pixel, bilinearly."""
    top, left = math.floor(down), math.floor(right)
    low, high = down - top, right - left
    rows = padded[:, top : top + height + (low > 0)]
    plane = rows[:, :, left : left + width]
    if high > 0:
        plane = torch.lerp(plane, rows[:, :, left + 1 : left + 1 + width], high)
    if low > 0:
        plane = torch.lerp(plane[:, :-1], plane[:, 1:], low)
    return plane


def lbp(gray: Tensor, mask: Tensor, scales: tuple[tuple[int, int], ...] = SCALES) -> Tensor:
    """Histograms of uniform local binary patterns inside the lesion.

    Parameters
    ----------
    gray : Tensor of shape (n, height, width), float32
        Luminance in [0, 1].
    mask : Tensor of shape (n, height, width), bool
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
        A scale has more than 253 points or a radius below 1.

    Notes
    -----
    A pixel counts if the square around its circle lies inside the lesion, so that no skin is
    measured. A lesion too thin for a circle has zeros at that scale.
    """
    if any(points > 253 or radius < 1 for points, radius in scales):
        raise ValueError(f"`scales` need at most 253 points and a radius >= 1, got {scales!r}.")
    return torch.cat([_lbp_of_one(*row, scales) for row in zip(gray, mask, strict=True)])


def _lbp_of_one(gray: Tensor, mask: Tensor, scales: tuple[tuple[int, int], ...]) -> Tensor:
    """One row, from the lesion's bounding box alone: small enough to stay in cache."""
    rows, columns = bounding_box(mask[None])
    levels, inside = gray_levels(gray[None, rows, columns]), mask[None, rows, columns]
    histograms = []
    for points, radius in scales:
        codes = lbp_codes(levels, points, radius)[_eroded(inside, radius)]
        counts = torch.bincount(codes.int(), minlength=points + 2)
        histograms.append(counts / max(1, len(codes)))
    return torch.cat(histograms)[None].float()


def _eroded(mask: Tensor, radius: int) -> Tensor:
    """Pixels whose square of half side `radius` lies inside."""
    outside = F.pad((~mask).float(), (radius,) * 4, value=1.0)
    return F.max_pool2d(outside[:, None], 2 * radius + 1, stride=1)[:, 0] == 0


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
    version = 1

    def __init__(self, scales: tuple[tuple[int, int], ...] = SCALES):
        self.scales = scales

    def feature_names(self) -> list[str]:
        """Return ``p<points>_r<radius>_<code>``."""
        return [f"p{p}_r{r}_{code:02d}" for p, r in self.scales for code in range(p + 2)]

    def describe(self, batch: LesionBatch) -> Tensor:
        """Compute the histograms, (n, sum(points + 2)) float32."""
        return lbp(batch.gray, batch.mask, self.scales)
