"""Binning: columns of numbers to bin codes, and to counts of samples per bin and class."""

from collections.abc import Callable
from numbers import Integral

import numpy as np
from numpy.typing import ArrayLike, NDArray

Codes = NDArray[np.int16]

LEAST_PER_BIN = 5
_MAX_BINS = 1_000
# Values that one chunk of columns holds: small enough for the processor's cache.
_CHUNK_VALUES = 500_000


def choose_n_bins(n_samples: int, n_classes: int | None = None, n_bins: int | str = "auto") -> int:
    """Choose how many bins so many samples can fill.

    Parameters
    ----------
    n_samples : int
        Number of samples.
    n_classes : int, default=None
        Number of classes that share a bin; None where the labels are not looked at.
    n_bins : int or "auto", default="auto"
        Bins wanted, from 2 to 1000; "auto" is Rice's rule, ``2 * n_samples ** (1/3)``, kept
        between 8 and 32.

    Returns
    -------
    int
        The number wanted, or the largest that leaves 5 samples on average to every bin (and
        class) where that is less, but at least 2.

    Raises
    ------
    ValueError
        If `n_bins` is neither.

    Examples
    --------
    >>> choose_n_bins(8000, n_classes=7)
    32
    >>> choose_n_bins(200, n_classes=7)
    5
    """
    if isinstance(n_bins, Integral) and not isinstance(n_bins, bool) and 2 <= n_bins <= _MAX_BINS:
        wanted = int(n_bins)
    elif isinstance(n_bins, str) and n_bins == "auto":
        wanted = int(np.clip(round(2 * np.cbrt(n_samples)), 8, 32))
    else:
        raise ValueError(
            f"`n_bins` must be 'auto' or an int from 2 to {_MAX_BINS}, got {n_bins!r}."
        )
    return max(2, min(wanted, n_samples // (LEAST_PER_BIN * (n_classes or 1))))


def bin_columns(X: ArrayLike, n_bins: int, rule: str = "quantile-range") -> Codes:
    """Code every value of a table by the bin it falls in.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        Finite numbers; NaN is a missing value.
    n_bins : int
        Bins of every column, from 2 to 1000.
    rule : str, default="quantile-range"
        - "quantile-range": equal widths between the 1 % and 99 % quantiles, what lies outside
          is counted in the end bins. A column whose two quantiles are equal has one bin.
        - "min-max": equal widths between the extremes. One outlier empties most bins.
        - "z-score": equal widths between 3 standard deviations below the mean and 3 above.
        - "equal-frequency": as many samples in every bin as ties allow.

    Returns
    -------
    ndarray of shape (n_samples, n_features), int16
        Bin of each value, from 0; `n_bins` where it is missing.

    Raises
    ------
    ValueError
        If the rule is unknown or a value is infinite.

    Notes
    -----
    A column of at most `n_bins` distinct values keeps its levels as they are. Where at least
    one value in `n_bins` is exactly zero (sparse histograms, rectified embeddings) zero has the
    first bin for itself, and the rule deals with the other values and the other bins. Such a
    column's bins depend on where zero lies; all others follow any change of scale and offset.

    Examples
    --------
    >>> bin_columns([[1.0], [5.0], [5.0], [float("nan")]], n_bins=4).ravel().tolist()
    [0, 1, 1, 4]
    """
    X = np.asarray(X)
    if rule not in RULES:
        raise ValueError(f"`rule` must be one of {sorted(RULES)}, got {rule!r}.")
    if np.isinf(X).any():
        raise ValueError("Infinite values cannot be binned. Replace or drop them first.")
    codes = np.empty((X.shape[1], X.shape[0]), dtype=np.int16)
    for chunk in _chunks(X):
        values = np.ascontiguousarray(X[:, chunk].T, dtype=np.float64)
        codes[chunk] = _bin_rows(values, n_bins, rule)
    return codes.T


def contingency_tables(
    codes: Codes, n_codes: int, classes: NDArray[np.integer], n_classes: int
) -> NDArray[np.int64]:
    """Count the samples of every code and class, column by column.

    Parameters
    ----------
    codes : ndarray of shape (n_samples, n_features), int16
        From 0 to `n_codes` - 1.
    n_codes : int
        Number of codes.
    classes : ndarray of shape (n_samples,), int
        From 0 to `n_classes` - 1.
    n_classes : int
        Number of classes.

    Returns
    -------
    ndarray of shape (n_features, n_codes, n_classes), int64
        The counts.

    Examples
    --------
    >>> codes = np.array([[0], [1], [1]], dtype=np.int16)
    >>> contingency_tables(codes, 2, np.array([0, 0, 1]), 2).tolist()
    [[[1, 0], [1, 1]]]
    """
    cells = n_codes * n_classes
    tables = np.empty((codes.shape[1], n_codes, n_classes), dtype=np.int64)
    for chunk in _chunks(codes):
        flat = codes[:, chunk].T.astype(np.intp)
        flat *= n_classes
        flat += classes
        flat += cells * np.arange(len(flat))[:, None]
        counts = np.bincount(flat.ravel(), minlength=cells * len(flat))
        tables[chunk] = counts.reshape(-1, n_codes, n_classes)
    return tables


class _SortedRows:
    """Rows of values in rising order, missing ones last, and what is read off them.

    `rank` statistics leave a row's exact zeros out where they have a bin of their own.
    """

    def __init__(self, values: NDArray[np.float64], n_bins: int):
        self.values = np.sort(values, axis=1)
        self.n_known = values.shape[1] - np.isnan(self.values).sum(axis=1)
        rises = self.values[:, 1:] > self.values[:, :-1]
        self.n_levels = rises.sum(axis=1) + (self.n_known > 0)
        self.n_zeros = (self.values == 0).sum(axis=1)
        self.n_negative = (self.values < 0).sum(axis=1)
        self.zero_inflated = self.n_zeros * n_bins >= np.maximum(self.n_known, 1)

    def quantile(self, share: float, *, skip_zeros: bool = True) -> NDArray[np.float64]:
        """Quantile of each row by linear interpolation; NaN where nothing is known."""
        skipped = self.n_zeros * (self.zero_inflated & skip_zeros)
        last = np.maximum(self.n_known - skipped - 1, 0)
        position = share * last
        below = np.floor(position).astype(np.intp)
        low = self._ranked(below, skipped)
        high = self._ranked(np.minimum(below + 1, last), skipped)
        return low + (position - below) * (high - low)

    def _ranked(self, rank: NDArray[np.intp], skipped: NDArray[np.intp]) -> NDArray[np.float64]:
        column = np.where(rank < self.n_negative, rank, rank + skipped)
        column = np.minimum(column, self.values.shape[1] - 1)
        return self.values[np.arange(len(self.values)), column]

    def three_deviations(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Mean of each row, three standard deviations less and more."""
        counted = ~np.isnan(self.values)
        counted &= ~(self.zero_inflated[:, None] & (self.values == 0))
        size = np.maximum(counted.sum(axis=1), 1)
        mean = np.where(counted, self.values, 0).sum(axis=1) / size
        centred = np.where(counted, self.values - mean[:, None], 0)
        deviation = np.sqrt(np.square(centred).sum(axis=1) / size)
        return mean - 3 * deviation, mean + 3 * deviation


def _bin_rows(values: NDArray[np.float64], n_bins: int, rule: str) -> Codes:
    """Codes of a chunk, whose columns lie as rows of shape (m, n_samples)."""
    ranked = _SortedRows(values, n_bins)
    codes = RULES[rule](values, ranked, n_bins)
    codes += ranked.zero_inflated[:, None]
    codes[ranked.zero_inflated[:, None] & (values == 0)] = 0
    for row in np.flatnonzero(ranked.n_levels <= n_bins):
        levels = np.unique(ranked.values[row, : ranked.n_known[row]])
        codes[row] = np.searchsorted(levels, values[row])
    if rule == "quantile-range":
        inner = [ranked.quantile(share, skip_zeros=False) for share in (0.01, 0.99)]
        codes[inner[0] == inner[1]] = 0
    codes[np.isnan(values)] = n_bins
    return codes


def _equal_width(
    values: NDArray[np.float64],
    ranked: _SortedRows,
    n_bins: int,
    limits: tuple[NDArray[np.float64], NDArray[np.float64]],
) -> Codes:
    low, high = limits
    span = high - low
    # An infinite width sends a row without spread to the first bin.
    span = np.where(span > 0, span, np.inf)
    low = np.nan_to_num(low)
    position = values - low[:, None]
    position /= span[:, None]
    bins = (n_bins - ranked.zero_inflated)[:, None]
    position *= bins
    np.clip(position, 0, bins - 1, out=position)
    return np.nan_to_num(position, copy=False).astype(np.int16)


def _quantile_range(values: NDArray[np.float64], ranked: _SortedRows, n_bins: int) -> Codes:
    limits = ranked.quantile(0.01), ranked.quantile(0.99)
    return _equal_width(values, ranked, n_bins, limits)


def _min_max(values: NDArray[np.float64], ranked: _SortedRows, n_bins: int) -> Codes:
    return _equal_width(values, ranked, n_bins, (ranked.quantile(0.0), ranked.quantile(1.0)))


def _z_score(values: NDArray[np.float64], ranked: _SortedRows, n_bins: int) -> Codes:
    return _equal_width(values, ranked, n_bins, ranked.three_deviations())


def _equal_frequency(values: NDArray[np.float64], ranked: _SortedRows, n_bins: int) -> Codes:
    codes = np.empty(values.shape, dtype=np.int16)
    edges = {
        bins: np.stack([ranked.quantile(i / bins) for i in range(1, bins)], axis=1)
        for bins in {n_bins, n_bins - 1} - {1}
    }
    for row, inflated in enumerate(ranked.zero_inflated):
        bins = n_bins - inflated
        codes[row] = np.searchsorted(edges[bins][row], values[row], "right") if bins > 1 else 0
    return codes


RULES: dict[str, Callable[[NDArray[np.float64], _SortedRows, int], Codes]] = {
    "equal-frequency": _equal_frequency,
    "min-max": _min_max,
    "quantile-range": _quantile_range,
    "z-score": _z_score,
}


def _chunks(table: NDArray) -> list[slice]:
    """Slices of columns which hold about `_CHUNK_VALUES` values each."""
    n_samples, n_features = table.shape
    step = max(1, _CHUNK_VALUES // max(1, n_samples))
    return [slice(start, start + step) for start in range(0, n_features, step)]
