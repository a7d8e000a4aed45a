"""Bootstrap over lesions, as whole-number weights.

Lesions, not images, are independent: a draw takes lesions with replacement inside each class, and
all images of a lesion come with it. Scores of pooled out-of-fold predictions are resampled, so an
interval holds the chance in which lesions were photographed, not that of training again.
"""

from collections.abc import Callable, Hashable
from typing import TypeVar

import numpy as np
from sklearn.utils import check_random_state

from fusion.groups import RandomState

# Bounds memory: 10,000 rows of 200 float64 draws are 16 MB.
DRAWS_AT_ONCE = 200

Name = TypeVar("Name", bound=Hashable)


def draw_lesions(
    labels: np.ndarray, n_draws: int = 1000, random_state: RandomState = None
) -> np.ndarray:
    """Draw lesions with replacement, class by class.

    Parameters
    ----------
    labels : ndarray of shape (n_lesions,)
        Class of each lesion; each draw keeps the number of lesions of each class.
    n_draws : int, default=1000
        Number of draws.
    random_state : int, RandomState or None, default=None
        Source of randomness.

    Returns
    -------
    ndarray of shape (n_lesions, n_draws), uint16
        How often each lesion is in each draw.

    Examples
    --------
    >>> import numpy as np
    >>> draw_lesions(np.array(["mel", "nv", "nv"]), n_draws=2, random_state=0)[0]
    array([1, 1], dtype=uint16)
    """
    rng = check_random_state(random_state)
    counts = np.zeros((len(labels), n_draws), dtype=np.uint16)
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        size = len(members)
        chosen = rng.randint(size, size=(size, n_draws)) * n_draws + np.arange(n_draws)
        times = np.bincount(chosen.ravel(), minlength=size * n_draws)
        counts[members] = times.reshape(size, n_draws)
    return counts


def resample(
    score: Callable[[np.ndarray], dict[Name, np.ndarray]],
    counts: np.ndarray,
    lesion_of_row: np.ndarray,
) -> dict[Name, np.ndarray]:
    """Evaluate weighted scores on every draw.

    Parameters
    ----------
    score : callable
        Takes weights of shape (n_rows, n) and returns named scores of shape (n,).
    counts : ndarray of shape (n_lesions, n_draws)
        From `draw_lesions`.
    lesion_of_row : ndarray of shape (n_rows,), int
        Lesion of each scored row, an index into `counts`.

    Returns
    -------
    dict of name to ndarray of shape (n_draws,)
        Each score on each draw.
    """
    parts = [
        score(counts[:, start : start + DRAWS_AT_ONCE].astype(float)[lesion_of_row])
        for start in range(0, counts.shape[1], DRAWS_AT_ONCE)
    ]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def percentile_interval(draws: np.ndarray, confidence: float = 0.95) -> tuple[float, float]:
    """Percentile interval of bootstrap draws.

    Parameters
    ----------
    draws : ndarray of shape (n_draws,)
        A score, or a difference of two, on each draw.
    confidence : float, default=0.95
        Share of draws inside, in (0, 1).

    Returns
    -------
    low, high : float
        Ends of the interval. Draws that are NaN do not count; NaN where all are.
    """
    known = draws[~np.isnan(draws)]
    if not len(known):
        return float("nan"), float("nan")
    tail = (1 - confidence) / 2
    low, high = np.quantile(known, [tail, 1 - tail])
    return float(low), float(high)
