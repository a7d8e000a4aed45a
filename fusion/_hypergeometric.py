"""Mean log-factorial of a cell of a contingency table whose margins are fixed."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

Floats = NDArray[np.float64]

# exp(-40) = 4e-18 a side: what is cut off a hypergeometric law weighs less than 1e-16.
_TAIL_EXPONENT = 40.0
# Elements of the largest temporary array: about 32 MB of float64.
_MAX_ELEMENTS = 4_000_000


class PairExpectations:
    """E[ln m!] for pairs of counts out of one total, each pair worked out once.

    Parameters
    ----------
    counts : ndarray of int
        All counts that will be asked for.
    total : int
        Number of samples.
    """

    def __init__(self, counts: NDArray[np.int64], total: int):
        distinct = np.unique(counts)
        log_factorial = gammaln(np.arange(total + 1) + 1.0)
        self._position = np.zeros(total + 1, dtype=np.intp)
        self._position[distinct] = np.arange(len(distinct))
        self._means = np.empty((len(distinct), len(distinct)))
        for row, marked in enumerate(distinct):
            # The law does not change when drawn and marked swap their roles.
            means = expected_log_factorial(distinct[row:], int(marked), log_factorial)
            self._means[row, row:] = self._means[row:, row] = means

    def summed(self, drawn: NDArray[np.int64], marked: NDArray[np.int64]) -> Floats:
        """Sum of E[ln m!] over all pairs of a row's counts with those marked, shape (m,)."""
        over_marked = self._means[self._position[marked]].sum(axis=0)
        return over_marked[self._position[drawn]].sum(axis=1)


def expected_log_factorial(drawn: NDArray[np.int64], marked: int, log_factorial: Floats) -> Floats:
    """E[ln m!], m being how many of `marked` samples are among `drawn` ones of the total."""
    total = len(log_factorial) - 1
    first, width = _effective_support(drawn, marked, total)
    expected = np.empty(len(drawn))
    rows = max(1, _MAX_ELEMENTS // int(width.max(initial=1)))
    # Neighbours have supports of like width, so that a chunk wastes little.
    for start in range(0, len(drawn), rows):
        part = slice(start, start + rows)
        n = drawn[part, None]
        m = first[part, None] + np.arange(width[part].max(initial=1))
        inside = (m < first[part, None] + width[part, None]) & (m <= np.minimum(n, marked))
        m = np.where(inside, m, first[part, None])
        # Terms without m are left out: the law is normalised by its own sum below.
        log_law = -(
            log_factorial[m]
            + log_factorial[n - m]
            + log_factorial[marked - m]
            + log_factorial[total - n - marked + m]
        )
        law = np.exp(log_law - log_law.max(axis=1, keepdims=True)) * inside
        expected[part] = (law * log_factorial[m]).sum(axis=1) / law.sum(axis=1)
    return expected


def _effective_support(
    drawn: NDArray[np.int64], marked: int, total: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First value and number of values of m outside which its law weighs nothing."""
    share = marked / max(total, 1)
    mean = drawn * share
    # The roles of drawn and marked can be swapped: Bernstein holds with either variance.
    variance = np.minimum(mean * (1 - share), mean * (1 - drawn / max(total, 1)))
    third = _TAIL_EXPONENT / 3
    reach = third + np.sqrt(third**2 + 2 * _TAIL_EXPONENT * variance)
    lowest = np.maximum(0, drawn + marked - total)
    first = np.maximum(lowest, np.floor(mean - reach).astype(np.int64))
    last = np.minimum(np.minimum(drawn, marked), np.ceil(mean + reach).astype(np.int64))
    return first, last - first + 1
