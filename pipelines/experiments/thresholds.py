"""A threshold for each class, chosen on some lesions and used on others."""

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_curve

Floats = NDArray[np.float64]


def best_thresholds(scores: Floats, truth: NDArray[np.bool_]) -> Floats:
    """Threshold of each class at which sensitivity plus specificity is largest (Youden).

    Parameters
    ----------
    scores : ndarray of shape (n, n_classes)
        Probabilities.
    truth : ndarray of shape (n, n_classes), bool
        Class of each row.

    Returns
    -------
    ndarray of shape (n_classes,)
        A row is called a class from its threshold on: half way between the two scores that it
        parts, so that it means the same on other rows.

    Examples
    --------
    >>> scores = np.array([[0.1], [0.2], [0.6], [0.9]])
    >>> best_thresholds(scores, np.array([[False], [False], [True], [True]])).round(3)
    array([0.4])
    """
    return np.array([_best(scores[:, c], truth[:, c]) for c in range(scores.shape[1])])


def _best(scores: Floats, positive: NDArray[np.bool_]) -> float:
    false_positive, true_positive, thresholds = roc_curve(positive, scores)
    chosen = thresholds[np.argmax(true_positive - false_positive)]
    below = scores[scores < chosen]
    return float(chosen if not len(below) or np.isinf(chosen) else (chosen + below.max()) / 2)
