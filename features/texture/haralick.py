"""Haralick's thirteen features of the lesion's texture."""

from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate

import numpy as np
import torch
from torch import Tensor

from features.batch import LesionBatch
from features.descriptor import Descriptor
from features.texture.cooccurrence import ANGLES, cooccurrence, pair_offset, times_log

NAMES = (
    *("asm", "contrast", "correlation", "variance", "inverse_difference_moment"),
    *("sum_average", "sum_variance", "sum_entropy", "entropy"),
    *("difference_variance", "difference_entropy", "information_1", "information_2"),
)

_OFFSETS = [pair_offset(1, angle) for angle in ANGLES]
# No two levels have a smaller variance, unless one of them is a pair in 100 million.
_SINGLE = 1e-9


def haralick_features(counts: np.ndarray, darkest: int = 0) -> np.ndarray:
    """Haralick's features of co-occurrence matrices, as `mahotas.features.haralick`.

    Parameters
    ----------
    counts : ndarray of shape (n, n_levels, n_levels), float64
        Symmetric, whole numbers; the last level occurs in the image.
    darkest : int, default=0
        The level of the first row and column.

    Returns
    -------
    ndarray of shape (n, 13), float64
        Ordered as `NAMES`; entropies in bits. The correlation of a single level is 1.

    Notes
    -----
    Levels count from 1, which matters to the sum average alone. The difference variance is that
    of the shares of the differences (not of the differences), over as many of them as there are
    levels up to the brightest, and one for the background: so mahotas defines it.
    """
    return _features(_pair_sums(counts), darkest, counts.shape[-1])


def _pair_sums(counts: np.ndarray) -> np.ndarray:
    """All that needs whole matrices: what the features of each are made of, (n, 11)."""
    n, n_levels = len(counts), counts.shape[-1]
    # Pairs, their margin, their sums and their differences lie side by side: one call takes
    # the entropies of all, and nothing is copied together.
    ends = _ends(n_levels)
    parts = np.empty((n, ends[-1]))
    pairs, margin, sums, differences = np.split(parts, ends[:-1], axis=1)
    pairs[:] = counts.reshape(n, -1)
    counts.sum(axis=1, out=margin)
    _sums_and_differences(counts, sums, differences)
    moments, closeness = _weights(n_levels)
    found = np.empty((n, 11))
    np.matmul(margin, moments, out=found[:, :3])
    np.matmul(differences, closeness, out=found[:, 3:5])
    np.vecdot(pairs, pairs, out=found[:, 5])
    np.vecdot(differences, differences, out=found[:, 6])
    np.add.reduceat(times_log(parts), (0, *ends[:-1]), axis=1, out=found[:, 7:])
    return found


def _ends(n_levels: int) -> tuple[int, ...]:
    """Where pairs, margin, sums and differences end, one after the other."""
    return tuple(accumulate((n_levels**2, n_levels, 2 * n_levels - 1, n_levels)))


@lru_cache(maxsize=256)
def _weights(n_levels: int) -> tuple[np.ndarray, np.ndarray]:
    """Weights of levels (one, mean, square) and of differences (contrast, inverse moment)."""
    level = np.arange(n_levels, dtype=np.float64)
    square = level * level
    moments = np.stack([np.ones(n_levels), level, square], axis=1)
    return moments, np.stack([square, 1 / (1 + square)], axis=1)


def _features(
    sums: np.ndarray, darkest: int | np.ndarray, n_levels: int | np.ndarray
) -> np.ndarray:
    """Features of matrices, of many lesions at a time: row by row, whatever the others are."""
    # Shares are taken here, of a few sums and not of whole matrices.
    n_pairs = np.maximum(sums[:, 0], 1)
    mean, square, contrast, inverse, asm, evenness, *disorder = sums[:, 1:].T / n_pairs
    asm, evenness = asm / n_pairs, evenness / n_pairs
    entropies = np.log2(n_pairs) - np.array(disorder) / np.log(2)
    entropy, margin_entropy, sum_entropy, difference_entropy = entropies
    # Differences have mean 0, as the matrices are symmetric: contrast = 2 variance - 2 covariance.
    variance = square - mean**2
    single = variance < _SINGLE
    correlation = 1 - np.where(single, 0, contrast) / (2 * np.where(single, 1, variance))
    shared = np.where(single, 0, 2 * margin_entropy - entropy)  # exactly, not but for a digit
    size = darkest + n_levels + 1
    return np.stack(
        [
            asm,
            contrast,
            correlation,
            variance,
            inverse,
            2 * (mean + darkest + 1),
            4 * variance - contrast,
            sum_entropy,
            entropy,
            evenness / size - 1 / size**2,
            difference_entropy,
            -shared / np.where(single, 1, margin_entropy),
            np.sqrt(np.maximum(1 - np.exp(-2 * shared), 0)),
        ],
        axis=1,
    )


def _sums_and_differences(counts: np.ndarray, sums: np.ndarray, differences: np.ndarray) -> None:
    """Fill in the pairs by sum of levels, from 0, and by their absolute difference."""
    n, _, n_levels = counts.shape
    both = np.zeros((2, n, n_levels, 2 * n_levels))
    both[0, :, :, :n_levels], both[1, :, :, :n_levels] = counts, counts[:, :, ::-1]
    # Rows of twice the length, read as rows one shorter, move by one column each, so that
    # antidiagonals become columns.
    flat = both.reshape(2, n, -1)[:, :, :-n_levels]
    flat = flat.reshape(2, n, n_levels, 2 * n_levels - 1)
    flat[0].sum(axis=1, out=sums)
    flat[1, :, :, n_levels - 1 :].sum(axis=1, out=differences)
    differences[:, 1:] *= 2  # a matrix is symmetric


def haralick(
    gray: Tensor | Sequence[Tensor], mask: Tensor | Sequence[Tensor], levels: int = 32
) -> Tensor:
    """Haralick's features inside the lesion at distance 1, averaged over four directions.

    Parameters
    ----------
    gray : Tensor of shape (n, height, width), float32, or n of shape (height, width)
        Luminance in [0, 1], of the whole canvas or of each lesion's box.
    mask : Tensor of shape (n, height, width), bool, or n of shape (height, width)
        True on the lesion, at least one pixel an image.
    levels : int, default=32
        Grey levels, evenly over the whole range, not the lesion's own.

    Returns
    -------
    Tensor of shape (n, 13), float32
        Ordered as `NAMES`.

    Raises
    ------
    ValueError
        `levels` is not in [2, 256].

    Notes
    -----
    As ``mahotas.features.haralick(..., ignore_zeros=True, return_mean=True)`` of the levels
    counted from 1, zero outside the mask. Two departures: a direction in which no pair lies
    inside, which mahotas refuses, is left out of the mean, and a lesion without any pair has
    zeros; the correlation is taken from variance and contrast, which for symmetric matrices is
    the same (the last digits differ, by less than 1e-6).

    References
    ----------
    Haralick, Shanmugam & Dinstein (1973), IEEE Trans. SMC 3(6), 610-621.
    """
    found = [cooccurrence(*row, levels, _OFFSETS) for row in zip(gray, mask, strict=True)]
    sums = np.concatenate([_pair_sums(counts) for counts, _ in found])
    spans = np.array([(darkest, counts.shape[-1]) for counts, darkest in found])
    features = _features(sums, *spans.repeat(len(_OFFSETS), axis=0).T)
    by_angle = features.reshape(len(found), len(_OFFSETS), len(NAMES))
    seen = sums[:, 0].reshape(len(found), len(_OFFSETS), 1) > 0  # directions that have a pair
    mean = (by_angle * seen).sum(axis=1) / np.maximum(seen.sum(axis=1), 1)
    return torch.from_numpy(mean.astype(np.float32)).to(gray[0].device)


class Haralick(Descriptor):
    """Texture of the lesion by Haralick's thirteen features.

    Columns as `NAMES`, of the symmetric co-occurrence matrices at distance 1, averaged over
    four directions. Only pairs with both pixels inside the lesion count.

    Parameters
    ----------
    levels : int, default=32
        Grey levels, at most 256. A lesion of a few thousand pixels fills a matrix of 32 x 32;
        of 256 x 256 it leaves most empty, and the entropies then measure its size.

    See Also
    --------
    haralick : The definition.
    """

    block = "haralick"
    version = 2

    def __init__(self, levels: int = 32):
        self.levels = levels

    def feature_names(self) -> list[str]:
        """Return Haralick's names, in their order."""
        return list(NAMES)

    def describe(self, batch: LesionBatch) -> Tensor:
        """Compute the features, (n, 13) float32."""
        return haralick(batch.boxed_gray, batch.boxed_mask, self.levels)
