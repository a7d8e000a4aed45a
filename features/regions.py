"""Which pixels a descriptor looks at, gathered image by image."""

import math
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from features._opencv import cv2


def pixels_inside(planes: Tensor, mask: Tensor) -> list[Tensor]:
    """Gather the pixels of each image's mask.

    Parameters
    ----------
    planes : Tensor of shape (n, channels, height, width)
        Any planes.
    mask : Tensor of shape (n, height, width), bool
        Which pixels to take.

    Returns
    -------
    list of n Tensors of shape (channels, n_pixels)
        In row-major order; `n_pixels` differs between images and may be 0.
    """
    rows = zip(planes.flatten(2), mask.flatten(1), strict=True)
    if planes.is_cuda:
        return [row.index_select(1, chosen.nonzero().squeeze(1)) for row, chosen in rows]
    # NumPy finds and takes single bytes several times as fast as torch.
    return [
        torch.from_numpy(row.numpy().take(np.flatnonzero(chosen.numpy()), axis=1))
        for row, chosen in rows
    ]


def surroundings(ring: Tensor, mask: Tensor, valid: Tensor) -> Tensor:
    """Skin that a lesion is compared with.

    Parameters
    ----------
    ring : Tensor of shape (n, height, width), bool
        The ring of skin around the lesion.
    mask : Tensor of shape (n, height, width), bool
        True on the lesion.
    valid : Tensor of shape (n, height, width), bool
        True on real pixels inside the field of view.

    Returns
    -------
    Tensor of shape (n, height, width), bool
        The ring; where it is empty, every valid pixel outside the lesion; may still be empty.
    """
    found = ring.sum(dim=(1, 2)) > 0
    return ring if found.all() else torch.where(found[:, None, None], ring, valid & ~mask)


def bounding_box(mask: Tensor) -> tuple[slice, slice]:
    """Rows and columns that hold a mask, and no more.

    Parameters
    ----------
    mask : Tensor of shape (height, width), bool
        At least one pixel is True.

    Returns
    -------
    tuple of two slices
        Of rows and of columns.
    """
    if mask.is_cuda:
        rows, columns = (mask.any(dim=dim).nonzero().flatten() for dim in (1, 0))
        return (
            slice(int(rows[0]), int(rows[-1]) + 1),
            slice(int(columns[0]), int(columns[-1]) + 1),
        )
    left, top, width, height = cv2.boundingRect(mask.numpy().view(np.uint8))
    return slice(top, top + height), slice(left, left + width)


# Luminance is a multiple of 1 / 10,000 of a grey level. Less than that, and more than rounding
# errors, is added before levels are rounded: halves then go up on every machine.
HALVES_UP = 5e-5


def eight_bit_gray(gray: np.ndarray) -> np.ndarray:
    """Round luminance in [0, 1], float32, to whole grey levels, uint8; halves go up."""
    return cv2.convertScaleAbs(gray, alpha=255, beta=HALVES_UP)


@lru_cache(maxsize=8)
def level_table(levels: int) -> np.ndarray:
    """Level of each 8-bit grey, (256,) uint8."""
    return (np.arange(256) * levels // 256).astype(np.uint8)


def gray_levels(gray: Tensor, levels: int = 256) -> Tensor:
    """Quantise luminance evenly, by way of 8-bit grey.

    Parameters
    ----------
    gray : Tensor, float
        In [0, 1].
    levels : int, default=256
        Number of levels, at most 256.

    Returns
    -------
    Tensor of the same shape, uint8
        ``floor(g * levels / 256)`` of the 8-bit grey ``g``, in [0, levels - 1].

    Raises
    ------
    ValueError
        `levels` is not in [2, 256].
    """
    if not 2 <= levels <= 256:
        raise ValueError(f"`levels` must lie in [2, 256], got {levels!r}.")
    if gray.is_cuda or not gray.numel():
        eight_bit = (gray * 255 + HALVES_UP).round().clamp(0, 255).int()
        return (eight_bit * levels).div(256, rounding_mode="floor").to(torch.uint8)
    flat = gray.reshape(-1, gray.shape[-1]).numpy()
    quantised = cv2.LUT(eight_bit_gray(flat), level_table(levels))
    return torch.from_numpy(quantised).view(gray.shape)


def ring_around(mask: np.ndarray, inner: float, outer: float) -> np.ndarray:
    """Pixels within two distances of a region.

    Parameters
    ----------
    mask : ndarray of shape (height, width), bool
        At least one pixel is True.
    inner, outer : float
        Distances in pixels, 0 <= inner <= outer.

    Returns
    -------
    ndarray of shape (height, width), bool
        True where the nearest pixel of the region is more than `inner` and at most `outer` away.

    Notes
    -----
    Exact, and several times as fast as a distance map.
    """
    reach = int(outer)
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    top, left = max(rows[0] - reach, 0), max(columns[0] - reach, 0)
    box = slice(top, rows[-1] + reach + 1), slice(left, columns[-1] + reach + 1)
    ring = np.zeros_like(mask)
    ring[box] = _ring_in_box(mask[box], inner, outer)
    return ring


def _ring_in_box(mask: np.ndarray, inner: float, outer: float) -> np.ndarray:
    # The region becomes one whole number, a bit a pixel, row after row: shifting it by a bit
    # moves it sideways, by a row's length up or down. Empty columns keep the rows apart.
    height, width = mask.shape
    stride = -(-(width + int(outer)) // 8) * 8
    padded = np.zeros((height, stride), dtype=bool)
    padded[:, :width] = mask
    region = int.from_bytes(np.packbits(padded).tobytes(), "big")
    between = _dilate(region, stride, outer) ^ _dilate(region, stride, inner)
    canvas = (1 << height * stride) - 1
    bits = (between & canvas).to_bytes(height * stride // 8, "big")
    return np.unpackbits(np.frombuffer(bits, np.uint8)).view(bool).reshape(height, -1)[:, :width]


def _dilate(region: int, stride: int, radius: float) -> int:
    """Grow a region, written as a whole number, by a disk."""
    # A disk is a pile of rows, its widest last: each step raises the pile by a row both ways.
    pile, half_width = 0, 0
    for rise in range(int(radius), -1, -1):
        widest = int(math.sqrt(radius**2 - rise**2))
        for _ in range(widest - half_width):
            region |= region << 1 | region >> 1
        half_width = widest
        pile |= pile << stride | pile >> stride | region
    return pile
