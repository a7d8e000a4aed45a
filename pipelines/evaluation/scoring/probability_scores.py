"""Scores of probabilities, weighted and for many weightings at once."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def brier(probabilities: Floats, truth: np.ndarray, weights: Floats) -> Floats:
    """Multi-class Brier score: squared errors summed over classes, averaged over rows.

    Parameters
    ----------
    probabilities : ndarray of shape (n, n_classes)
        Rows sum to 1.
    truth : ndarray of shape (n,), int
        Column of the true class.
    weights : ndarray of shape (n, n_draws)
        Weight of each row in each draw.

    Returns
    -------
    ndarray of shape (n_draws,)
        In [0, 2], 0 is best. Of two classes it is twice the binary score.

    References
    ----------
    Brier (1950), Mon. Weather Rev. 78, 1-3.

    Examples
    --------
    >>> brier(np.array([[0.8, 0.2], [0.4, 0.6]]), np.array([0, 1]), np.ones((2, 1))).round(3)
    array([0.2])
    """
    errors = probabilities - np.eye(probabilities.shape[1])[truth]
    return _mean(np.square(errors).sum(axis=1), weights)


def log_loss(probabilities: Floats, truth: np.ndarray, weights: Floats) -> Floats:
    """Mean negative logarithm of the probability of the true class.

    Parameters
    ----------
    probabilities : ndarray of shape (n, n_classes)
        Rows sum to 1.
    truth : ndarray of shape (n,), int
        Column of the true class.
    weights : ndarray of shape (n, n_draws)
        Weight of each row in each draw.

    Returns
    -------
    ndarray of shape (n_draws,)
        In nats, 0 is best. Probabilities below 2.2e-16 count as that, as in scikit-learn.

    Examples
    --------
    >>> log_loss(np.array([[0.8, 0.2], [0.4, 0.6]]), np.array([0, 1]), np.ones((2, 1))).round(3)
    array([0.367])
    """
    chosen = probabilities[np.arange(len(truth)), truth]
    least = np.finfo(np.float64).eps
    return _mean(-np.log(np.clip(chosen, least, 1 - least)), weights)


def calibration_gaps(
    probabilities: Floats, truth: np.ndarray, weights: Floats, n_bins: int = 15
) -> Floats:
    """Accuracy less confidence in each bin, times the bin's share of the rows.

    The sum of their absolute values is the expected calibration error of the most probable class:
    in [0, 1], and too large by chance in small samples.

    Parameters
    ----------
    probabilities : ndarray of shape (n, n_classes)
        Rows sum to 1.
    truth : ndarray of shape (n,), int
        Column of the true class.
    weights : ndarray of shape (n, n_draws)
        Weight of each row in each draw.
    n_bins : int, default=15
        Bins of (0, 1] of equal width, each open on the left.

    Returns
    -------
    ndarray of shape (n_bins, n_draws)
        In [-1, 1].

    References
    ----------
    Guo et al. (2017), ICML, PMLR 70, 1321-1330.

    Examples
    --------
    >>> values, truth = np.array([[0.8, 0.2], [0.4, 0.6]]), np.array([0, 1])
    >>> calibration_gaps(values, truth, np.ones((2, 1)), n_bins=2).round(3)
    array([[0. ],
           [0.3]])
    """
    confidence = probabilities.max(axis=1)
    excess = (probabilities.argmax(axis=1) == truth) - confidence
    bins = np.clip(np.ceil(confidence * n_bins).astype(int) - 1, 0, n_bins - 1)
    signed = np.zeros((n_bins, len(truth)))
    signed[bins, np.arange(len(truth))] = excess
    return signed @ weights / weights.sum(axis=0)


def _mean(values: Floats, weights: Floats) -> Floats:
    return values @ weights / weights.sum(axis=0)
