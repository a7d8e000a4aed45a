"""DeLong's test of two correlated areas under the ROC curve."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats


class DeLong(NamedTuple):
    """What `delong_test` returns.

    Attributes
    ----------
    auc, reference_auc : float
        Areas of the two models.
    difference : float
        The first minus the second.
    low, high : float
        Ends of its confidence interval.
    p_value : float
        Two-sided, of equal areas.
    standard_error : float
        Of the difference.
    """

    auc: float
    reference_auc: float
    difference: float
    low: float
    high: float
    p_value: float
    standard_error: float


def delong_test(
    scores: ArrayLike, reference_scores: ArrayLike, positive: ArrayLike, confidence: float = 0.95
) -> DeLong:
    """Paired DeLong test of two models on one fixed test set.

    Valid for independent rows (one a lesion) that were scored by two models each fitted once. It
    is not for pooled out-of-fold predictions, whose folds come from models of different scale.

    Parameters
    ----------
    scores, reference_scores : array-like of shape (n,)
        Scores of the model and of the reference for the same rows; higher means more likely
        positive.
    positive : array-like of shape (n,), bool
        True class membership; at least 2 positive and 2 negative rows.
    confidence : float, default=0.95
        Of the interval, in (0, 1).

    Returns
    -------
    DeLong
        Where the two models order all pairs alike, the interval is one point.

    Raises
    ------
    ValueError
        If shapes differ, or there are fewer than 2 rows on a side.

    References
    ----------
    DeLong, DeLong & Clarke-Pearson (1988), Biometrics 44, 837-845; by midranks as Sun & Xu (2014),
    IEEE Signal Process. Lett. 21, 1389-1393.

    Examples
    --------
    >>> positive = [False, False, False, True, True, True]
    >>> result = delong_test([1, 2, 4, 3, 5, 6], [4, 1, 5, 2, 3, 6], positive)
    >>> round(result.auc, 3), round(result.reference_auc, 3), round(result.p_value, 3)
    (0.889, 0.556, 0.221)
    """
    both = np.stack([np.asarray(scores, float), np.asarray(reference_scores, float)])
    members = np.asarray(positive, dtype=bool)
    n_positive, n_negative = int(members.sum()), int((~members).sum())
    if both.shape != (2, len(members)):
        raise ValueError(
            f"Expected one score a row, got {both.shape[1:]} for {len(members)} labels."
        )
    if min(n_positive, n_negative) < 2:
        raise ValueError(
            "DeLong's variance needs 2 positive and 2 negative rows, "
            f"got {n_positive} and {n_negative}."
        )
    of_positives, of_negatives = _structural_components(both, members)
    areas = of_positives.mean(axis=1)
    difference = float(areas[0] - areas[1])
    # Of the difference at once, which loses no digits where the two models agree on most pairs.
    variance = np.var(of_positives[0] - of_positives[1], ddof=1) / n_positive
    variance += np.var(of_negatives[0] - of_negatives[1], ddof=1) / n_negative
    error = float(np.sqrt(variance))
    if error == 0:
        p_value = float(difference == 0)
    else:
        p_value = float(2 * stats.norm.sf(abs(difference) / error))
    reach = float(stats.norm.ppf((1 + confidence) / 2)) * error
    ends = (difference - reach, difference + reach)
    return DeLong(float(areas[0]), float(areas[1]), difference, *ends, p_value, error)


def _structural_components(
    scores: np.ndarray, positive: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Share of negatives beaten by each positive, and of positives that beat each negative.

    Of shapes (n_models, n_positive) and (n_models, n_negative). A row's midrank among all, less
    its midrank on its own side, counts the rows of the other side below it, ties one half.
    """
    among_all = stats.rankdata(scores, axis=1)
    beaten = among_all[:, positive] - stats.rankdata(scores[:, positive], axis=1)
    below = among_all[:, ~positive] - stats.rankdata(scores[:, ~positive], axis=1)
    return beaten / (~positive).sum(), 1 - below / positive.sum()
