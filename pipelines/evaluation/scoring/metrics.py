"""Scores of probabilities and decisions, weighted and for many weightings at once.

A bootstrap draw is a whole-number weight for each row, so one implementation gives the plain score
(a single column of ones) and a thousand resampled ones. Products and sums of whole numbers are
exact in float64, so the results do not depend on the order of summation.
"""

import numpy as np

from pipelines.evaluation.scoring.ranking import area, cut, sum_bins


def auc(scores: np.ndarray, positive: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Area under the ROC curve; ties count one half.

    Parameters
    ----------
    scores : ndarray of shape (n,)
        Higher means more likely positive.
    positive : ndarray of shape (n,), bool
        True class membership.
    weights : ndarray of shape (n, n_draws)
        Weight of each row in each draw, at least 0; counts of `draw_lesions` may be given as
        they are.

    Returns
    -------
    ndarray of shape (n_draws,)
        In [0, 1]; NaN where a draw holds no positive or no negative row.

    Examples
    --------
    >>> import numpy as np
    >>> scores = np.array([0.1, 0.4, 0.4, 0.8])
    >>> positive = np.array([False, False, True, True])
    >>> auc(scores, positive, np.ones((4, 1)))
    array([0.875])
    """
    if 2 * np.count_nonzero(positive) > len(positive):
        # The same area from the other side, which has fewer cuts.
        scores, positive = -scores, ~positive
    return area(cut(scores, positive, weights))


def one_vs_rest_auc(
    probabilities: np.ndarray, truth: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    """AUC of each class against all others.

    Parameters
    ----------
    probabilities : ndarray of shape (n, n_classes)
        One column a class.
    truth : ndarray of shape (n,), int
        Column of the true class.
    weights : ndarray of shape (n, n_draws)
        Weight of each row in each draw.

    Returns
    -------
    ndarray of shape (n_classes, n_draws)
        In [0, 1]; their mean over classes is the macro one-vs-rest AUC.
    """
    columns = range(probabilities.shape[1])
    return np.stack([auc(probabilities[:, c], truth == c, weights) for c in columns])


def confusion(
    truth: np.ndarray, predicted: np.ndarray, n_classes: int, weights: np.ndarray
) -> np.ndarray:
    """Weighted confusion matrices.

    Parameters
    ----------
    truth, predicted : ndarray of shape (n,), int
        True and predicted class, 0 to `n_classes` - 1.
    n_classes : int
        Number of classes.
    weights : ndarray of shape (n, n_draws)
        Weight of each row in each draw.

    Returns
    -------
    ndarray of shape (n_classes, n_classes, n_draws)
        Row: truth, column: prediction.
    """
    cells = sum_bins(truth * n_classes + predicted, n_classes * n_classes, weights)
    return cells.reshape(n_classes, n_classes, -1)


def sensitivity(matrix: np.ndarray) -> np.ndarray:
    """Share of each class that is recognised, from `confusion`; shape (n_classes, n_draws)."""
    with np.errstate(invalid="ignore"):
        return np.einsum("iij->ij", matrix) / matrix.sum(axis=1)


def specificity(matrix: np.ndarray) -> np.ndarray:
    """Share of the other classes not called this one, from `confusion`; (n_classes, n_draws)."""
    others = matrix.sum(axis=(0, 1)) - matrix.sum(axis=1)
    false_alarms = matrix.sum(axis=0) - np.einsum("iij->ij", matrix)
    with np.errstate(invalid="ignore"):
        return 1 - false_alarms / others


def accuracy(matrix: np.ndarray) -> np.ndarray:
    """Share of rows decided correctly, from `confusion`; shape (n_draws,)."""
    return np.einsum("iij->j", matrix) / matrix.sum(axis=(0, 1))


def balanced_accuracy(matrix: np.ndarray) -> np.ndarray:
    """Mean sensitivity over the classes that are there, from `confusion`; shape (n_draws,)."""
    return known_mean(sensitivity(matrix), axis=0)


def f1(matrix: np.ndarray) -> np.ndarray:
    """Harmonic mean of precision and sensitivity, from `confusion`; shape (n_classes, n_draws).

    NaN where a class is neither there nor called.
    """
    hits = np.einsum("iij->ij", matrix)
    with np.errstate(invalid="ignore"):
        return 2 * hits / (matrix.sum(axis=0) + matrix.sum(axis=1))


def known_mean(values: np.ndarray, axis: int) -> np.ndarray:
    """Mean along an axis of what is not NaN; NaN, without a warning, where nothing is left."""
    known = ~np.isnan(values)
    total = np.where(known, values, 0).sum(axis=axis)
    with np.errstate(invalid="ignore"):
        return total / known.sum(axis=axis)
