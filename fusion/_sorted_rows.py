"""What binning reads off columns once their values are in rising order."""

from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ranks = NDArray[np.intp]

# A quantile of a column of many values is looked up; its number of levels is first bounded so.
_SAMPLED_VALUES = 256


class SortedRows:
    """Rows of values as `given` and in rising order, missing ones last, and what is read off them.

    Rank statistics leave a row's exact zeros out where they have a bin of their own.
    """

    def __init__(self, values: NDArray[np.floating], n_bins: int):
        self.given = values
        self.values = np.sort(values, axis=1)
        self.n_bins = n_bins
        # A sort puts NaN last: counting is a search.
        self.n_known = self._count_below(np.nan)
        if np.isinf(self.values[:, 0]).any() or np.isinf(self._ranked(self.n_known - 1)).any():
            raise ValueError("Infinite values cannot be binned. Replace or drop them first.")
        self.n_negative = self._count_below(0.0)
        self.n_zeros = self._count_below(0.0, "right") - self.n_negative
        self.zero_inflated = self.n_zeros * n_bins >= np.maximum(self.n_known, 1)
        self._quantiles: dict[tuple[float, bool], Floats] = {}

    @property
    def has_missing(self) -> bool:
        """Whether any value is NaN."""
        return bool((self.n_known < self.values.shape[1]).any())

    @cached_property
    def of_few_levels(self) -> Ranks:
        """Rows with at most `n_bins` distinct values."""
        step = max(1, self.values.shape[1] // _SAMPLED_VALUES)
        suspects = np.flatnonzero(_count_levels(self.values[:, ::step]) <= self.n_bins)
        return suspects[_count_levels(self.values[suspects]) <= self.n_bins]

    def levels(self, row: int) -> Floats:
        """Distinct known values of a row, in rising order."""
        return np.unique(self.values[row, : self.n_known[row]]).astype(np.float64)

    def quantile(self, share: float, *, skip_zeros: bool = True) -> Floats:
        """Quantile of each row by linear interpolation; NaN where nothing is known."""
        asked = share, skip_zeros
        if asked not in self._quantiles:
            skipped = self.n_zeros * (self.zero_inflated & skip_zeros)
            last = np.maximum(self.n_known - skipped - 1, 0)
            position = share * last
            below = np.floor(position).astype(np.intp)
            low = self._nonzero(below, skipped)
            high = self._nonzero(np.minimum(below + 1, last), skipped)
            self._quantiles[asked] = low + (position - below) * (high - low)
        return self._quantiles[asked]

    def three_deviations(self) -> tuple[Floats, Floats]:
        """Mean of each row, three standard deviations less and more."""
        counted = ~np.isnan(self.values)
        counted &= ~(self.zero_inflated[:, None] & (self.values == 0))
        size = np.maximum(counted.sum(axis=1), 1)
        mean = np.where(counted, self.values, 0).sum(axis=1, dtype=np.float64) / size
        centred = np.where(counted, self.values - mean[:, None], 0)
        deviation = np.sqrt(np.square(centred).sum(axis=1) / size)
        return mean - 3 * deviation, mean + 3 * deviation

    def _count_below(self, value: float, side: Literal["left", "right"] = "left") -> Ranks:
        sought = self.values.dtype.type(value)
        return np.array([row.searchsorted(sought, side) for row in self.values], dtype=np.intp)

    def _nonzero(self, rank: Ranks, skipped: Ranks) -> Floats:
        """Value of each row at a rank among those that are left once zeros are skipped."""
        return self._ranked(np.where(rank < self.n_negative, rank, rank + skipped))

    def _ranked(self, rank: Ranks) -> Floats:
        column = np.clip(rank, 0, self.values.shape[1] - 1)
        return self.values[np.arange(len(self.values)), column].astype(np.float64)


def _count_levels(ordered: NDArray[np.floating]) -> Ranks:
    """Count the distinct known values of each row in rising order."""
    rises = (ordered[:, 1:] > ordered[:, :-1]).sum(axis=1)
    return rises + ~np.isnan(ordered[:, 0])
