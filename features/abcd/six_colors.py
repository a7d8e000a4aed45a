"""C of the ABCD rule: the six dermoscopic colours, and how varied the lesion is."""

from functools import cache
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from features._opencv import cv2
from features.abcd.shape import LesionShape
from features.color_spaces import lab_planes

# sRGB, so that one conversion serves references and images alike.
REFERENCES = {
    "white": (255, 255, 255),
    "red": (224, 36, 32),
    "light_brown": (157, 100, 76),
    "dark_brown": (72, 43, 33),
    "blue_gray": (80, 116, 136),
    "black": (8, 6, 6),
}
NAMES = (
    *REFERENCES,
    *("unassigned", "entropy", "blue_white_veil"),
    *("l_std", "a_std", "b_std", "l_sector_range", "a_sector_range", "b_sector_range", "score"),
)

FARTHEST = 50.0  # CIE76; about half the way from black to white
# Share of the lesion from which a colour counts. Published code asks for 5 %; readers count what
# they see, however small. On HAM10000 the count tells melanoma from nevus the better, the smaller
# the share: this is the smallest of eight that were tried.
PRESENT = 0.002
# Colours are named on a grid of 64 levels a channel: two grey levels at most from themselves,
# below a camera's noise, and the same whatever the arithmetic.
LEVELS = 64
# L units above the skin's mean from which a colour can be white: half of the skin's own pixels lie
# above the mean, and a mask holds some of them.
WHITER = 4.0
VEIL_MOST_B, VEIL_LIGHTNESS = -3.0, (20.0, 70.0)

SECTORS = 8

_NONE = len(REFERENCES)
_WHITE = list(REFERENCES).index("white")
# What each channel's grey level adds to the position in the table.
_STEPS = np.outer([LEVELS**2, LEVELS, 1], np.arange(256) // (256 // LEVELS)).astype(np.int32)
_VEIL = 8  # added to the name of a colour that belongs to the veil


def assign_colors(pixels: np.ndarray, skin_lightness: float = np.nan) -> np.ndarray:
    """Nearest dermoscopic colour of each pixel.

    Parameters
    ----------
    pixels : ndarray of shape (3, ...), uint8
        RGB.
    skin_lightness : float, default=nan
        L of the surrounding skin; only what is lighter by more than 4 can be white. Unknown if
        NaN.

    Returns
    -------
    ndarray of shape (...), uint8
        Position in `REFERENCES`, or 6 where none is near enough.
    """
    return _codes(pixels, skin_lightness) & (_VEIL - 1)


def six_colors(pixels: Tensor, lab: Tensor, mask: Tensor, skin_lightness: Tensor) -> Tensor:
    """Dermoscopic colours and variegation inside the lesion.

    Parameters
    ----------
    pixels : Tensor of shape (n, 3, height, width), uint8
        RGB.
    lab : Tensor of shape (n, 3, height, width), float32
        CIELAB of the pixels.
    mask : Tensor of shape (n, height, width), bool
        True on the lesion, at least one pixel an image.
    skin_lightness : Tensor of shape (n,), float
        L of the skin around; NaN where unknown.

    Returns
    -------
    Tensor of shape (n, 16), float32
        Ordered as `NAMES`.

    Notes
    -----
    Each pixel takes the nearest of six reference colours in CIELAB, if it lies within 50 (CIE76).
    For this its channels are read in 64 levels (the middle of four). The references are ours,
    chosen between published sets; the shares are of the lesion, and the entropy (bits) is that
    of the assigned ones. White counts only where lighter than the skin by 4 (in `features.ABCD` the
    outer quarter of the border's profiles). `blue_white_veil` is the
    share with b < -3 and L between 20 and 70, on the same levels. Standard deviations are over
    the lesion's pixels; a sector range is the largest minus the smallest mean of eight sectors,
    counted from the major axis, on the polar grid of `features.abcd.asymmetry.asymmetry`.
    `score` counts the colours that cover at least 0.2 %, at least 1: a share chosen by how well
    the count tells melanomas from nevi on HAM10000, where published code asks for 5 %. All of it
    presumes that colours are comparable between images: light and camera move them. So does the
    mask: skin that it holds is counted, light brown or, where it glares, white.
    """
    planes = (tensor.cpu().numpy() for tensor in (pixels, lab, mask, skin_lightness))
    rows = []
    for image, colors, lesion, skin in zip(*planes, strict=True):
        shape = LesionShape(lesion)
        image, colors = image[:, *shape.box], colors[:, *shape.box]
        rows.append(colors_of_one(shape, image, colors, shape.samples(*colors), float(skin)))
    return torch.from_numpy(np.stack(rows)).to(lab.device)


def colors_of_one(
    shape: LesionShape,
    pixels: np.ndarray,
    lab: np.ndarray,
    samples: np.ndarray,
    skin_lightness: float,
) -> np.ndarray:
    """Colours of one lesion, (16,) float32, from the planes of its box and its polar grid."""
    codes = _codes(pixels, skin_lightness)
    inside = shape.mask.view(np.uint8)
    counts = cv2.calcHist([codes], [0], inside, [2 * _VEIL], [0, 2 * _VEIL]).reshape(2, _VEIL)
    veil = counts[1].sum() / shape.moments.area
    known = counts.sum(axis=0)[: _NONE + 1]
    shares = known / shape.moments.area
    score = max(1, np.count_nonzero(shares[:_NONE] >= PRESENT))
    single = [_entropy(known[:_NONE]), veil]
    spread = [*_spread(lab, shape), *_sector_range(shape, samples)]
    return np.array([*shares, *single, *spread, score], dtype=np.float32)


class _Table(NamedTuple):
    """What each of the 64^3 colours is; `codes` has `_VEIL` added on the blue-white veil."""

    codes: np.ndarray
    not_white: np.ndarray
    lightness: np.ndarray


@cache
def _color_table() -> _Table:
    middle = torch.arange(2, 256, 256 // LEVELS, dtype=torch.uint8)
    grid = torch.stack(torch.meshgrid(middle, middle, middle, indexing="ij"), dim=0)
    colors = lab_planes(grid.reshape(1, 3, 1, -1)).numpy().reshape(3, -1)
    swatches = torch.tensor(list(REFERENCES.values()), dtype=torch.uint8).T.reshape(1, 3, 1, -1)
    references = lab_planes(swatches).numpy().reshape(3, -1)
    distance = np.stack([np.linalg.norm(colors.T - point, axis=1) for point in references.T])
    nearest, lightness = _nearest(distance), colors[0]
    distance[_WHITE] = np.inf
    dim = (lightness > VEIL_LIGHTNESS[0]) & (lightness < VEIL_LIGHTNESS[1])
    veil = _VEIL * (dim & (colors[2] < VEIL_MOST_B))
    codes, not_white = (nearest + veil).astype(np.uint8), (_nearest(distance) + veil)
    return _Table(codes, not_white.astype(np.uint8), lightness)


def _nearest(distance: np.ndarray) -> np.ndarray:
    return np.where(distance.min(axis=0) < FARTHEST, distance.argmin(axis=0), _NONE)


def _codes(pixels: np.ndarray, skin_lightness: float) -> np.ndarray:
    """Entry of the table for each pixel; white only where clearly lighter than the skin."""
    table = _color_table()
    red, green, blue = (cv2.LUT(plane, steps) for plane, steps in zip(pixels, _STEPS, strict=True))
    cells = (red + green + blue).astype(np.int32, copy=False)
    codes = table.codes.take(cells)
    white = codes & (_VEIL - 1) == _WHITE
    if white.any():
        dark = white & (table.lightness.take(cells) <= skin_lightness + WHITER)
        codes[dark] = table.not_white.take(cells[dark])
    return codes


def _entropy(counts: np.ndarray) -> float:
    """Entropy of the named pixels' colours, in bits."""
    share = counts[counts > 0] / max(counts.sum(), 1)
    return float((share * np.log2(1 / share)).sum())


def _spread(lab: np.ndarray, shape: LesionShape) -> np.ndarray:
    """Compute the standard deviation of L, a and b over the lesion's pixels."""
    weight = shape.mask.ravel().astype(np.float32)
    flat = lab.reshape(3, -1)
    # Counted from the mean, squares keep their digits.
    centered = (flat - (flat @ weight / weight.sum())[:, None]) * weight
    return np.sqrt(np.einsum("ij,ij->i", centered, centered) / weight.sum())


def _sector_range(shape: LesionShape, samples: np.ndarray) -> np.ndarray:
    """Largest minus smallest sector mean of L, a and b."""
    weight = shape.polar.weight.reshape(SECTORS, -1)
    total = weight.sum(axis=1)
    sums = (samples.reshape(3, SECTORS, -1) * weight).sum(axis=2)
    means = sums[:, total > 0] / total[total > 0]
    return np.ptp(means, axis=1) if means.size else np.zeros(3)
