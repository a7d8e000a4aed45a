"""Binning: columns of numbers to bin codes, and to counts of samples per bin and class."""

from collections.abc import Callable, Iterator
from numbers import Integral
from typing import NamedTuple

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import ArrayLike, NDArray

from fusion._sorted_rows import SortedRows

Codes = NDArray[np.int16]

LEAST_PER_BIN = 5
_MAX_BINS = 1_000
# Columns transposed at a time: enough to use whole cache lines of a row-ordered table.
_TRANSPOSED_VALUES = 500_000
# Values worked on at a time: few enough for the processor's inner cache.
_CACHED_VALUES = 200_000


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
    X = _checked(X, rule)
    codes = np.empty((X.shape[1], X.shape[0]), dtype=np.int16)
    for chunk in _chunks(X):
        for rows, ranked in _sorted_parts(X[:, chunk], n_bins):
            codes[chunk][rows] = _code_rows(ranked, n_bins, rule)
    return codes.T


class ColumnBins(NamedTuple):
    """Bins of one column.

    Attributes
    ----------
    edges : ndarray of shape (n_edges,)
        In rising order. A value's bin is the number of edges at or below it:
        ``np.searchsorted(edges, values, side="right")``.
    zero_apart : bool
        Exact zeros are the first bin; the others are numbered from 1.
    """

    edges: NDArray[np.float64]
    zero_apart: bool


def count_columns(
    X: ArrayLike,
    classes: NDArray[np.integer],
    n_classes: int,
    n_bins: int,
    rule: str = "quantile-range",
    n_jobs: int | None = None,
) -> tuple[NDArray[np.int64], list[ColumnBins]]:
    """Bin every column and count its samples in each bin and class, in one pass.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        Finite numbers; NaN is a missing value.
    classes : ndarray of shape (n_samples,), int
        From 0 to `n_classes` - 1.
    n_classes : int
        Number of classes.
    n_bins : int
        Bins of every column, from 2 to 1000.
    rule : str, default="quantile-range"
        See `bin_columns`.
    n_jobs : int, default=None
        Threads, as joblib counts them.

    Returns
    -------
    tables : ndarray of shape (n_features, n_bins + 1, n_classes), int64
        The counts; the last bin is that of missing values.
    bins : list of ColumnBins
        One a column. Rounding may put a value that lies on an edge on its other side.

    Raises
    ------
    ValueError
        If the rule is unknown or a value is infinite.

    Examples
    --------
    >>> X, classes = [[1.0], [5.0], [5.0], [float("nan")]], np.array([0, 1, 1, 1])
    >>> tables, bins = count_columns(X, classes, n_classes=2, n_bins=2)
    >>> tables.tolist(), bins[0].edges.tolist()
    ([[[1, 0], [0, 2], [0, 1]]], [5.0])
    """
    X = _checked(X, rule)

    def count(chunk: slice) -> tuple[NDArray[np.int64], list[ColumnBins]]:
        tables, bins = [], []
        for _, ranked in _sorted_parts(X[:, chunk], n_bins):
            codes = _code_rows(ranked, n_bins, rule)
            tables.append(contingency_tables(codes.T, n_bins + 1, classes, n_classes))
            bins += _bins_of_rows(ranked, n_bins, rule)
        return np.concatenate(tables), bins

    parts = Parallel(n_jobs=n_jobs, prefer="threads")(delayed(count)(part) for part in _chunks(X))
    return np.concatenate([part[0] for part in parts]), [one for part in parts for one in part[1]]


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


def _checked(X: ArrayLike, rule: str) -> NDArray:
    X = np.asarray(X)
    if rule not in RULES:
        raise ValueError(f"`rule` must be one of {sorted(RULES)}, got {rule!r}.")
    return X if X.dtype == np.float32 else X.astype(np.float64, copy=False)


def _chunks(table: NDArray) -> list[slice]:
    """Slices of columns which are transposed together."""
    n_samples, n_features = table.shape
    step = max(1, _TRANSPOSED_VALUES // max(1, n_samples))
    return [slice(start, start + step) for start in range(0, n_features, step)]


def _sorted_parts(columns: NDArray, n_bins: int) -> Iterator[tuple[slice, SortedRows]]:
    """Yield columns as sorted rows, a cache's content at a time, and their positions."""
    values = np.ascontiguousarray(columns.T)
    step = max(1, _CACHED_VALUES // max(1, values.shape[1]))
    for start in range(0, len(values), step):
        part = slice(start, start + step)
        yield part, SortedRows(values[part], n_bins)


def _code_rows(ranked: SortedRows, n_bins: int, rule: str) -> Codes:
    """Codes of columns that lie as rows."""
    if rule in _LIMITS:
        codes = _equal_width_codes(ranked, n_bins, *_LIMITS[rule](ranked))
    else:
        codes = _equal_frequency_codes(ranked, n_bins)
    if ranked.zero_inflated.any():
        codes += ranked.zero_inflated[:, None]
        codes[ranked.zero_inflated[:, None] & (ranked.given == 0)] = 0
    for row in ranked.of_few_levels:
        codes[row] = np.searchsorted(ranked.levels(row), ranked.given[row])
    codes[_fills_one_bin(ranked, rule)] = 0
    if ranked.has_missing:
        codes[np.isnan(ranked.given)] = n_bins
    return codes


def _bins_of_rows(ranked: SortedRows, n_bins: int, rule: str) -> list[ColumnBins]:
    """List what `_code_rows` goes by."""
    apart = ranked.zero_inflated
    if rule in _LIMITS:
        low, high = _LIMITS[rule](ranked)
        width = np.where(high > low, (high - low) / (n_bins - apart), np.nan)
        edges = low[:, None] + width[:, None] * np.arange(1, n_bins)
    else:
        edges = _quantile_edges(ranked, n_bins)
    bins = [
        ColumnBins(row[: n_bins - 1 - zero][~np.isnan(row[: n_bins - 1 - zero])], bool(zero))
        for row, zero in zip(edges, apart, strict=True)
    ]
    for row in ranked.of_few_levels:
        bins[row] = ColumnBins(ranked.levels(row)[1:], False)
    for row in np.flatnonzero(_fills_one_bin(ranked, rule)):
        bins[row] = ColumnBins(np.empty(0), False)
    return bins


def _fills_one_bin(ranked: SortedRows, rule: str) -> NDArray[np.bool_]:
    if rule != "quantile-range":
        return np.zeros(len(ranked.values), dtype=bool)
    return ranked.quantile(0.01, skip_zeros=False) == ranked.quantile(0.99, skip_zeros=False)


def _equal_width_codes(
    ranked: SortedRows, n_bins: int, low: NDArray[np.float64], high: NDArray[np.float64]
) -> Codes:
    bins = (n_bins - ranked.zero_inflated)[:, None]
    # An infinite width sends a row without spread to the first bin.
    span = np.where(high > low, high - low, np.inf)
    position = np.subtract(ranked.given, np.nan_to_num(low)[:, None], dtype=np.float64)
    # Multiplied before divided: whole numbers on an edge then stay on it.
    position *= bins
    position /= span[:, None]
    np.clip(position, 0, bins - 1, out=position)
    if ranked.has_missing:
        np.nan_to_num(position, copy=False)
    return position.astype(np.int16)


def _quantile_edges(ranked: SortedRows, n_bins: int) -> NDArray[np.float64]:
    """Inner edges of every row, shape (m, n_bins - 1); the last is NaN where zeros have a bin."""
    edges = np.full((len(ranked.values), n_bins - 1), np.nan)
    for bins, rows in ((n_bins, ~ranked.zero_inflated), (n_bins - 1, ranked.zero_inflated)):
        for i in range(1, bins):
            edges[rows, i - 1] = ranked.quantile(i / bins)[rows]
    return edges


def _equal_frequency_codes(ranked: SortedRows, n_bins: int) -> Codes:
    edges = _quantile_edges(ranked, n_bins)
    # NaN sorts after every number: the missing edge of a row with a bin of zeros is never passed.
    codes = [np.searchsorted(*pair, "right") for pair in zip(edges, ranked.given, strict=True)]
    return np.array(codes, dtype=np.int16).reshape(ranked.given.shape)


_LIMITS: dict[str, Callable[[SortedRows], tuple[NDArray[np.float64], NDArray[np.float64]]]] = {
    "min-max": lambda ranked: (ranked.quantile(0.0), ranked.quantile(1.0)),
    "quantile-range": lambda ranked: (ranked.quantile(0.01), ranked.quantile(0.99)),
    "z-score": SortedRows.three_deviations,
}
RULES = ("equal-frequency", *_LIMITS)
