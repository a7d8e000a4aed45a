"""Columns that say the same: how alike two are, and orders that avoid it."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln

from fusion._hypergeometric import PairExpectations
from fusion.binning import contingency_tables
from fusion.boltzmann import boltzmann_gain, expected_boltzmann_gain, log_multiplicity

Floats = NDArray[np.float64]
# Similarity of one column, by position, to all of them: shape (n_features,).
Similarity = Callable[[int], Floats]

# Comparing all pairs of more columns would take longer than it is worth.
MOST_COMPARED = 500
# Values closer than this tie, and the column that was ranked better goes first.
_DECIMALS = 10
# What a correlation counts for at least, so that a quotient stays finite (as in mrmr-selection).
_LEAST_REDUNDANCY = 1e-3


def symmetric_uncertainty(table: ArrayLike) -> Floats:
    """Share of their mean entropy that two binned columns have in common, corrected for chance.

    Parameters
    ----------
    table : array-like of shape (..., n_bins, n_other_bins), int
        Contingency tables of whole counts, >= 0.

    Returns
    -------
    ndarray of shape (...)
        ``(gain - E[gain]) / ((S_1 + S_2) / 2 - E[gain])``: 1 for columns that determine each
        other, about 0 for independent ones, 0 where both are constant.

    Notes
    -----
    Without the correction this is ``2 I / (H_1 + H_2)`` of Press et al. in Boltzmann's counts,
    which is far above 0 for independent columns of many bins.

    Examples
    --------
    >>> symmetric_uncertainty([[[9, 0], [0, 5]], [[12, 5], [3, 10]]]).round(4).tolist()
    [1.0, 0.1608]
    """
    table = np.asarray(table)
    rows, columns = table.sum(axis=-1), table.sum(axis=-2)
    expected = expected_boltzmann_gain(rows, columns)
    entropy = (log_multiplicity(rows) + log_multiplicity(columns)) / 2
    return _share(boltzmann_gain(table) - expected, entropy - expected, table.sum(axis=(-2, -1)))


class PairwiseUncertainty:
    """`symmetric_uncertainty` of one coded column and all others, by position.

    Parameters
    ----------
    codes : ndarray of shape (n_samples, n_features), int16
        Bin codes from 0; a code for missing values is a bin like others.
    """

    def __init__(self, codes: NDArray[np.int16]):
        self.codes = codes
        self.n_codes = int(codes.max(initial=0)) + 1
        nothing = np.zeros(len(codes), dtype=np.intp)
        self.counts = contingency_tables(codes, self.n_codes, nothing, 1)[..., 0]
        self.entropies = log_multiplicity(self.counts)
        self.log_factorials = gammaln(np.arange(len(codes) + 1) + 1.0)
        self.expectations = PairExpectations(self.counts, len(codes))

    def __call__(self, column: int) -> Floats:
        """Symmetric uncertainty of a column with every one, shape (n_features,)."""
        other = self.codes[:, column].astype(np.intp)
        tables = contingency_tables(self.codes, self.n_codes, other, self.n_codes)
        total = self.log_factorials[-1]
        common = self.log_factorials[tables].sum(axis=(1, 2))
        by_chance = self.expectations.summed(self.counts, self.counts[column])
        both = self.entropies + self.entropies[column]
        # The gain is both entropies - total + common; its mean has by_chance for common.
        room = total - both / 2 - by_chance
        return _share(common - by_chance, room, np.full(len(room), len(self.codes)))


def mrmr_order(
    relevance: Floats, similarity: Similarity, *, quotient: bool = False
) -> NDArray[np.intp]:
    """Order columns greedily by relevance less their mean similarity to those before them.

    Parameters
    ----------
    relevance : ndarray of shape (n_features,)
        Score of each column; of equal values the first wins.
    similarity : callable
        Of a column's position: its similarity to every column.
    quotient : bool, default=False
        Whether relevance is divided by the mean similarity, and not reduced by it.

    Returns
    -------
    ndarray of shape (n_features,), int
        Positions, the best first.

    References
    ----------
    Peng, Long & Ding (2005), IEEE TPAMI 27(8), 1226-1238.

    Examples
    --------
    >>> alike = np.array([[1.0, 0.9, 0.0], [0.9, 1.0, 0.0], [0.0, 0.0, 1.0]])
    >>> mrmr_order(np.array([0.5, 0.4, 0.2]), alike.__getitem__).tolist()
    [0, 2, 1]
    """
    left = np.ones(len(relevance), dtype=bool)
    total = np.zeros(len(relevance))
    value = relevance
    order: list[int] = []
    while left.any():
        best = int(np.where(left, np.round(value, _DECIMALS), -np.inf).argmax())
        order.append(best)
        left[best] = False
        total += similarity(best)
        mean = total / len(order)
        value = relevance / np.maximum(mean, _LEAST_REDUNDANCY) if quotient else relevance - mean
    return np.array(order, dtype=np.intp)


def fcbf_survivors(to_labels: Floats, similarity: Similarity) -> NDArray[np.bool_]:
    """Drop columns that are more like a kept one than like the labels.

    Parameters
    ----------
    to_labels : ndarray of shape (n_features,)
        Symmetric uncertainty of each column with the labels.
    similarity : callable
        Of a column's position: its symmetric uncertainty with every column.

    Returns
    -------
    ndarray of shape (n_features,), bool
        The columns kept.

    References
    ----------
    Yu & Liu (2004), Efficient feature selection via analysis of relevance and redundancy, Journal
    of Machine Learning Research 5, 1205-1224.

    Examples
    --------
    >>> alike = np.array([[1.0, 0.5, 0.0], [0.5, 1.0, 0.0], [0.0, 0.0, 1.0]])
    >>> fcbf_survivors(np.array([0.5, 0.4, 0.2]), alike.__getitem__).tolist()
    [True, False, True]
    """
    kept = np.zeros(len(to_labels), dtype=bool)
    open_ = np.ones(len(to_labels), dtype=bool)
    for column in np.argsort(-np.round(to_labels, _DECIMALS), kind="stable"):
        if open_[column]:
            kept[column] = True
            open_ &= similarity(column) < to_labels - 10**-_DECIMALS
    return kept


def thin_out(
    rule: str, codes: NDArray[np.int16], relevance: Floats, classes: NDArray[np.intp]
) -> tuple[NDArray[np.intp], int]:
    """Order coded columns by a rule of redundancy.

    Parameters
    ----------
    rule : {"fcbf", "mrmr"}
        `fcbf_survivors`, which come first in the order given, or `mrmr_order`.
    codes : ndarray of shape (n_samples, n_features), int16
        Bin codes of the columns, the best first.
    relevance : ndarray of shape (n_features,)
        Their scores.
    classes : ndarray of shape (n_samples,), int
        Class codes.

    Returns
    -------
    order : ndarray of shape (n_features,), int
        Positions, the best first.
    n_kept : int
        How many of them are not redundant: all, with "mrmr".
    """
    if rule == "mrmr":
        return mrmr_order(relevance, PairwiseUncertainty(codes)), len(relevance)
    # The labels are one coded column more.
    pairs = PairwiseUncertainty(np.column_stack([codes, classes.astype(codes.dtype)]))
    kept = fcbf_survivors(pairs(codes.shape[1])[:-1], lambda column: pairs(column)[:-1])
    return np.argsort(~kept, kind="stable"), int(kept.sum())


def _share(common: Floats, room: Floats, total: NDArray[np.integer]) -> Floats:
    # Both terms are differences of log-factorials, and carry their rounding.
    rounding = 1e-10 * (1 + gammaln(total + 1.0))
    return np.divide(common, room, out=np.zeros_like(room), where=room > rounding)
