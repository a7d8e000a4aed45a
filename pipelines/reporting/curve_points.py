"""Points of ROC and precision-recall curves, on many bootstrap draws at once."""

import numpy as np

# Finer where a curve is steep.
GRID = np.r_[np.linspace(0, 0.1, 41), np.linspace(0.1, 1, 61)[1:]]
N_THRESHOLDS = 400


def counts_above(
    scores: np.ndarray, positive: np.ndarray, weights: np.ndarray, n_thresholds: int | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Count true and false alarms at falling thresholds.

    Parameters
    ----------
    scores : ndarray of shape (n,)
        Higher means more likely positive.
    positive : ndarray of shape (n,), bool
        True class membership.
    weights : ndarray of shape (n, n_draws)
        Weight of each row in each draw.
    n_thresholds : int, optional
        About how many thresholds; None takes every score that occurs.

    Returns
    -------
    true, false : ndarray of shape (n_steps, n_draws)
        Weight of the positives and of the negatives at or above each threshold; the first is 0.

    Examples
    --------
    >>> import numpy as np
    >>> true, false = counts_above(
    ...     np.array([0.9, 0.4, 0.4]), np.array([True, True, False]), np.ones((3, 1))
    ... )
    >>> true.ravel(), false.ravel()
    (array([0., 1., 2.]), array([0., 0., 1.]))
    """
    order = np.argsort(-scores, kind="stable")
    falling = scores[order]
    starts = np.flatnonzero(np.r_[True, falling[1:] != falling[:-1]])
    if n_thresholds is not None and len(starts) > n_thresholds:
        share = np.linspace(0, 1, n_thresholds // 2)
        kept = [
            np.quantile(scores[part], share, method="nearest") for part in (positive, ~positive)
        ]
        starts = np.unique(np.searchsorted(-falling, -np.concatenate(kept), side="left"))
        starts = np.unique(np.r_[0, starts])
    sums = []
    for mask in (positive, ~positive):
        taken = np.where(mask[order, None], weights[order], 0).astype(float)
        steps = np.add.reduceat(taken, starts, axis=0)
        sums.append(np.vstack([np.zeros((1, weights.shape[1])), np.cumsum(steps, axis=0)]))
    return sums[0], sums[1]


def roc_points(true: np.ndarray, false: np.ndarray) -> np.ndarray:
    """True-positive rate at the false-positive rates of `GRID`, (len(GRID), n_draws)."""
    with np.errstate(invalid="ignore"):
        rates = true / true[-1], false / false[-1]
    return _at_grid(*reversed(rates))


def precision_points(true: np.ndarray, false: np.ndarray) -> np.ndarray:
    """Precision at the recalls of `GRID`, (len(GRID), n_draws).

    Between two thresholds false alarms grow evenly with the true ones, along which precision is
    no straight line. Recall 0 takes the precision of the first step.

    References
    ----------
    Davis & Goadrich (2006), ICML, 233-240.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        alarms = _at_grid(true / true[-1], false)
        found = GRID[:, None] * true[-1]
        precision = found / (found + alarms)
    precision[0] = precision[1]
    return precision


def _at_grid(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.stack([np.interp(GRID, x[:, d], y[:, d]) for d in range(x.shape[1])], axis=1)
