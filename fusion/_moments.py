"""Mean and spread of columns with holes."""

import numpy as np
from numpy.typing import NDArray


def mean_and_spread(table: NDArray[np.floating]) -> tuple[NDArray, NDArray]:
    """Mean and standard deviation of the known values of each column; exactly 0 if all are equal.

    NaN does not count; a column of nothing else has mean and spread 0.
    """
    known = ~np.isnan(table)
    size = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, table, 0).sum(axis=0, dtype=np.float64) / size
    spread = np.sqrt(np.square(np.where(known, table - mean, 0)).sum(axis=0) / size)
    # The mean of equal values may be off by rounding: such a deviation is none.
    spread[spread <= 10 * np.finfo(table.dtype).eps * np.abs(mean)] = 0
    return mean, spread
