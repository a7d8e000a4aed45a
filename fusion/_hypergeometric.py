"""Mean log-factorial of a cell of a contingency table whose margins are fixed."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]

# exp(-40) = 4e-18 a side: what is cut off a hypergeometric law weighs less than 1e-16.
_TAIL_EXPONENT = 40.0
# Elements of the largest temporary array: few enough for the processor's cache.
_MAX_ELEMENTS = 50_000


class PairExpectations:
    """E[ln m!] for pairs of counts out of one total, each pair worked out once.

    Parameters
    ----------
    counts : ndarray of int
        All counts that will be asked for.
    total : int
        Number of samples.
    """

    def __init__(self, counts: Counts, total: int):
        distinct = np.unique(counts)
        self._position = np.zeros(total + 1, dtype=np.intp)
        self._position[distinct] = np.arange(len(distinct))
        # The law does not change when drawn and marked swap their roles.
        row, column = np.triu_indices(len(distinct))
        means = expected_log_factorial(distinct[row], distinct[column], np.full(len(row), total))
        self._means = np.empty((len(distinct), len(distinct)))
        self._means[row, column] = self._means[column, row] = means

    def summed(self, drawn: Counts, marked: Counts) -> Floats:
        """Sum of E[ln m!] over all pairs of a row's counts with those marked, shape (m,)."""
        over_marked = self._means[self._position[marked]].sum(axis=0)
        return over_marked[self._position[drawn]].sum(axis=1)


def expected_log_factorial(drawn: Counts, marked: Counts, total: Counts) -> Floats:
    """E[ln m!], m being how many of `marked` samples are among `drawn` ones of the total.

    All of shape (n,): one law each, of samples of any totals.
    """
    first, width = _effective_support(drawn, marked, total)
    log_factorial = gammaln(np.arange(int((first + width).max(initial=1))) + 1.0)
    expected = np.empty(len(drawn))
    # Laws of like width are worked out together, so that a chunk wastes little.
    order = np.argsort(-width, kind="stable")
    start = 0
    while start < len(order):
        rows = max(1, _MAX_ELEMENTS // int(width[order[start]]))
        part = order[start : start + rows]
        laws = (drawn[part], marked[part], total[part])
        expected[part] = _means_of_laws(*laws, first[part], width[part], log_factorial)
        start += rows
    return expected


def _means_of_laws(
    drawn: Counts,
    marked: Counts,
    total: Counts,
    first: Counts,
    width: Counts,
    log_factorial: Floats,
) -> Floats:
    """`expected_log_factorial` of laws that fit into memory together."""
    low, n, marks, others = (
        each[:, None].astype(np.float64) for each in (first, drawn, marked, total - drawn - marked)
    )
    step = np.arange(int(width.max()) - 1)
    m = low + step
    # p(m + 1) / p(m): products of ratios lose less than differences of large logarithms, and the
    # tails that are left weigh far more than the smallest float.
    ratio = (n - m) * (marks - m)
    ratio /= (m + 1) * (others + m + 1)
    ratio[step >= width[:, None] - 1] = 0
    law = np.ones((len(n), len(step) + 1))
    np.cumprod(ratio, axis=1, out=law[:, 1:])
    values = np.minimum(first[:, None] + np.arange(len(step) + 1), len(log_factorial) - 1)
    return np.einsum("ij,ij->i", law, log_factorial[values]) / law.sum(axis=1)


def _effective_support(drawn: Counts, marked: Counts, total: Counts) -> tuple[Counts, Counts]:
    """First value and number of values of m outside which its law weighs nothing."""
    most = np.maximum(total, 1)
    share = marked / most
    mean = drawn * share
    # The roles of drawn and marked can be swapped: Bernstein holds with either variance.
    variance = np.minimum(mean * (1 - share), mean * (1 - drawn / most))
    third = _TAIL_EXPONENT / 3
    reach = third + np.sqrt(third**2 + 2 * _TAIL_EXPONENT * variance)
    lowest = np.maximum(0, drawn + marked - total)
    first = np.maximum(lowest, np.floor(mean - reach).astype(np.int64))
    last = np.minimum(np.minimum(drawn, marked), np.ceil(mean + reach).astype(np.int64))
    return first, last - first + 1
