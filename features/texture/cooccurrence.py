"""How often grey levels meet inside the lesion: what GLCM and Haralick's features count."""

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch
from scipy.special import entr
from torch import Tensor

from features._opencv import cv2
from features.regions import eight_bit_gray, gray_levels, level_table

ANGLES = (0, 45, 90, 135)  # degrees

Offset = tuple[int, int]


def pair_offset(distance: int, angle: float) -> Offset:
    """Rows (none negative) and columns from a pixel to its partner, rounded to whole pixels."""
    turn = math.radians(angle)
    down, right = round(math.sin(turn) * distance), round(math.cos(turn) * distance)
    return (-down, -right) if down < 0 else (down, right)  # pairs count in both directions


class Cooccurrence(NamedTuple):
    """Co-occurrence matrices of one lesion, cut to the levels that occur in it.

    Parameters
    ----------
    counts : ndarray of shape (n_offsets, n_levels, n_levels), float64
        Whole and symmetric: a pair counts once in each direction. Zeros where no pair is inside.
    darkest : int
        The level of the first row and column.
    """

    counts: np.ndarray
    darkest: int


def cooccurrence(
    gray: Tensor, mask: Tensor, levels: int, offsets: Sequence[Offset]
) -> Cooccurrence:
    """Co-occurrence of one lesion's quantised luminance.

    Parameters
    ----------
    gray : Tensor of shape (height, width), float32
        Luminance in [0, 1]; the lesion's box is enough.
    mask : Tensor of shape (height, width), bool
        True on the lesion, at least one pixel; a pair counts if both of its pixels are inside.
    levels : int
        Grey levels, as `gray_levels` makes them.
    offsets : sequence of (int, int)
        As `pair_offset` gives them.

    Returns
    -------
    Cooccurrence
        One matrix an offset.

    Raises
    ------
    ValueError
        `levels` is not in [2, 256].
    """
    if not 2 <= levels <= 256:
        raise ValueError(f"`levels` must lie in [2, 256], got {levels!r}.")
    count = _counts_on_gpu if gray.is_cuda else _counts_on_cpu
    found, darkest = count(gray, mask, levels, offsets)
    return Cooccurrence(np.add(found, found.transpose(0, 2, 1), dtype=np.float64), darkest)


def times_log(counts: np.ndarray) -> np.ndarray:
    """Each count times its natural logarithm, 0 for 0: what entropies are sums of.

    The entropy of shares ``counts / n`` is ``log(n) - times_log(counts).sum() / n``.
    """
    whole = counts.astype(np.intp)
    return _times_log_table(int(whole.max(initial=1)).bit_length())[whole]


@lru_cache(maxsize=32)
def _times_log_table(bits: int) -> np.ndarray:
    # Looked up, as logarithms of whole matrices take longer than their counting.
    return -entr(np.arange(2**bits, dtype=np.float64))


def _counts_on_gpu(
    gray: Tensor, mask: Tensor, levels: int, offsets: Sequence[Offset]
) -> tuple[np.ndarray, int]:
    quantised = gray_levels(gray, levels)
    darkest, brightest = (int(level) for level in quantised[mask].aminmax())
    # Pixels outside the mask get a level of their own, which is dropped after counting.
    n_levels = brightest - darkest + 1
    base = n_levels + 1
    marked = torch.where(mask, quantised.int() - darkest, n_levels)
    counts = torch.zeros(len(offsets), base**2, dtype=torch.int64, device=gray.device)
    for row, offset in zip(counts, offsets, strict=True):
        if _fits(offset, *marked.shape):
            near, far = _pairs(marked, offset)
            row += torch.bincount((near * base + far).flatten(), minlength=base**2)
    kept = counts.view(-1, base, base)[:, :-1, :-1]
    return kept.cpu().numpy(), darkest


def _counts_on_cpu(
    gray: Tensor, mask: Tensor, levels: int, offsets: Sequence[Offset]
) -> tuple[np.ndarray, int]:
    quantised = cv2.LUT(eight_bit_gray(gray.numpy()), level_table(levels))
    inside = mask.numpy().view(np.uint8)
    brightest = int(cv2.minMaxLoc(quantised, inside)[1])
    if brightest == 255:
        quantised, inside = quantised.astype(np.uint16), inside.astype(np.uint16)
    # Outside all bits are set, and OpenCV leaves out what lies beyond the last bin.
    marked = np.bitwise_or(quantised, inside - 1)
    darkest = int(marked.min())
    bins, limits = [brightest - darkest + 1] * 2, [darkest, brightest + 1] * 2
    counts = np.zeros((len(offsets), *bins), dtype=np.float32)
    for matrix, offset in zip(counts, offsets, strict=True):
        if _fits(offset, *marked.shape):
            cv2.calcHist(_pairs(marked, offset), [0, 1], None, bins, limits, hist=matrix)
    return counts, darkest


def _fits(offset: Offset, height: int, width: int) -> bool:
    return offset[0] < height and abs(offset[1]) < width


def _pairs(levels, offset: Offset):
    """Both pixels of every pair, as two views of (height, width) levels."""
    down, right = offset
    height, width = levels.shape
    if right < 0:
        return levels[: height - down, -right:], levels[down:, : width + right]
    return levels[: height - down, : width - right], levels[down:, right:]
