"""Scores of a ranking, weighted and for many weightings at once.

All of them change only at the scores of positive rows. `cut` sums weights between these once, in
one pass over the rows, and each score is then a short sum over the cuts.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Floats = NDArray[np.float64]


class Cuts(NamedTuple):
    """Weights at each distinct score of a positive row, the highest score first.

    Attributes
    ----------
    hits : ndarray of shape (n_cuts, n_draws)
        Positive rows of exactly this score.
    above, tied : ndarray of shape (n_cuts, n_draws)
        Negative rows of a higher score, and of exactly this one.
    negatives : ndarray of shape (n_draws,)
        All negative rows.
    """

    hits: Floats
    above: Floats
    tied: Floats
    negatives: Floats


def cut(scores: np.ndarray, positive: np.ndarray, weights: Floats) -> Cuts:
    """Sum weights between the scores of positive rows.

    Parameters
    ----------
    scores : ndarray of shape (n,)
        Higher means more likely positive.
    positive : ndarray of shape (n,), bool
        True class membership.
    weights : ndarray of shape (n, n_draws)
        Weight of each row in each draw, at least 0.

    Returns
    -------
    Cuts
        At most one cut a positive row.

    Examples
    --------
    >>> found = cut(np.array([3, 2, 2, 1]), np.array([False, True, False, True]), np.ones((4, 1)))
    >>> found.above.ravel().tolist(), found.tied.ravel().tolist()
    ([1.0, 2.0], [1.0, 0.0])
    """
    thresholds, place = np.unique(-scores[positive], return_inverse=True)
    others, n_cuts = -scores[~positive], len(thresholds)
    rows = np.empty(len(scores), dtype=np.intp)
    rows[positive] = place
    # Even bins of negatives lie between two cuts, odd ones on a cut.
    rows[~positive] = n_cuts + np.searchsorted(thresholds, others, side="left")
    rows[~positive] += np.searchsorted(thresholds, others, side="right")
    mass = sum_bins(rows, 3 * n_cuts + 1, weights)
    reached = np.cumsum(mass[n_cuts:], axis=0)
    return Cuts(mass[:n_cuts], reached[:-1:2], mass[n_cuts + 1 :: 2], reached[-1])


def sum_bins(bins: NDArray[np.intp], n_bins: int, weights: Floats) -> Floats:
    """Sum weights bin by bin.

    Parameters
    ----------
    bins : ndarray of shape (n,), int
        Bin of each row, 0 to `n_bins` - 1.
    n_bins : int
        Number of bins.
    weights : ndarray of shape (n, n_draws)
        Weight of each row in each draw.

    Returns
    -------
    ndarray of shape (n_bins, n_draws)
        0 for an empty bin.

    Examples
    --------
    >>> sum_bins(np.array([0, 2, 0]), 3, np.array([[1.0], [2.0], [3.0]])).ravel().tolist()
    [4.0, 0.0, 2.0]
    """
    # One entry a column needs no sorting.
    entries = (np.ones(len(bins)), bins, np.arange(len(bins) + 1))
    return sparse.csc_array(entries, shape=(n_bins, len(bins))) @ weights


def area(cuts: Cuts) -> Floats:
    """Area under the ROC curve, ties counting one half; (n_draws,), NaN where a side is empty."""
    beaten = cuts.negatives - cuts.above - cuts.tied / 2
    with np.errstate(invalid="ignore"):
        wins = np.einsum("ij,ij->j", cuts.hits, beaten)
        return wins / (cuts.hits.sum(axis=0) * cuts.negatives)


def precision_area(cuts: Cuts) -> Floats:
    """Average precision; (n_draws,), NaN where there is no positive row.

    The mean over positive rows of the precision among all rows scored as high or higher.
    """
    found = np.cumsum(cuts.hits, axis=0)
    called = found + cuts.above + cuts.tied
    precision = np.divide(found, called, out=np.zeros_like(found), where=called > 0)
    with np.errstate(invalid="ignore"):
        return np.einsum("ij,ij->j", cuts.hits, precision) / cuts.hits.sum(axis=0)


def partial_area(cuts: Cuts, min_tpr: float = 0.8) -> Floats:
    """Area between the ROC curve and a sensitivity, the score of the ISIC 2024 challenge.

    Parameters
    ----------
    cuts : Cuts
        From `cut`.
    min_tpr : float, default=0.8
        Sensitivity from which the area counts, in [0, 1).

    Returns
    -------
    ndarray of shape (n_draws,)
        In [0, 1 - min_tpr], half of the square of its upper end by chance (0.02 by default); NaN
        where a side is empty. The curve runs straight between cuts, as scikit-learn's does.

    References
    ----------
    Kurtansky et al. (2024), Sci. Data 11, 884 (the SLICE-3D data of ISIC 2024).

    Examples
    --------
    >>> cuts = cut(np.array([0.1, 0.8]), np.array([False, True]), np.ones((2, 1)))
    >>> partial_area(cuts).round(3)
    array([0.2])
    """
    reached = np.cumsum(cuts.hits, axis=0)
    before = reached - cuts.hits
    floor = min_tpr * reached[-1] if len(reached) else np.zeros_like(cuts.negatives)
    start = np.clip(floor, before, reached)
    share = np.divide(start - before, cuts.hits, out=np.zeros_like(start), where=cuts.hits > 0)
    false_alarms = cuts.above + cuts.tied * (1 + share) / 2
    with np.errstate(invalid="ignore"):
        inside = np.einsum("ij,ij->j", reached - start, cuts.negatives - false_alarms)
        return inside / (cuts.hits.sum(axis=0) * cuts.negatives)


def at_sensitivity(cuts: Cuts, sensitivity: float) -> tuple[Floats, Floats]:
    """Sensitivity and specificity at the highest cut that reaches a sensitivity.

    Parameters
    ----------
    cuts : Cuts
        At least one cut.
    sensitivity : float
        Share of positive rows to be found, in (0, 1].

    Returns
    -------
    sensitivity, specificity : ndarray of shape (n_draws,)
        As achieved; the first is at least the one asked for.
    """
    found = np.cumsum(cuts.hits, axis=0)
    # Rounding of the product must not ask for one row more.
    enough = found >= sensitivity * found[-1] * (1 - 1e-12)
    first = enough.argmax(axis=0)[None]
    alarms = np.take_along_axis(cuts.above + cuts.tied, first, axis=0)[0]
    with np.errstate(invalid="ignore"):
        achieved = np.take_along_axis(found, first, axis=0)[0] / found[-1]
        return achieved, 1 - alarms / cuts.negatives
