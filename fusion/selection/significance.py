"""How often chance alone gives a column its gain: p-values by permutation of the labels."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import random_table
from sklearn.utils import check_random_state

from fusion.boltzmann import boltzmann_gain, expected_boltzmann_gain
from fusion.groups import RandomState

Floats = NDArray[np.float64]


def permutation_p_values(
    tables: ArrayLike, n_permutations: int = 100, random_state: RandomState = None
) -> Floats:
    """P-value of the Boltzmann gain of each contingency table, the null pooled over all.

    Parameters
    ----------
    tables : array-like of shape (n_features, n_bins, n_classes), int
        Counts, with at least two filled bins and two classes in each table.
    n_permutations : int, default=100
        Tables drawn for each feature, at least 2.
    random_state : int, RandomState instance or None, default=None
        Controls the draws.

    Returns
    -------
    ndarray of shape (n_features,)
        In (0, 1], not below ``1 / (n_permutations * n_features + 1)``.

    Raises
    ------
    ValueError
        If `n_permutations` is below 2.

    Notes
    -----
    Under independence a table whose labels are permuted is a draw with both margins fixed, which
    `scipy.stats.random_table` gives directly. A gain is turned into its distance from the exact
    expectation in standard deviations, measured on the draws; a draw is measured against the
    others of its feature. Distances compare across features, so that all draws of all features
    are one null distribution: a single feature among 3,000 could not reach a corrected 5 % on
    draws of its own unless there were 60,000 of them.

    A permutation treats every row as a subject of its own. Where lesions have several images,
    p-values are too small.

    References
    ----------
    Westfall & Young (1993), Resampling-based multiple testing, Wiley.

    Examples
    --------
    >>> tables = [[[12, 5], [3, 10]], [[8, 8], [7, 7]]]
    >>> permutation_p_values(tables, 500, random_state=0).round(2).tolist()
    [0.02, 1.0]
    """
    tables = np.asarray(tables)
    if not (isinstance(n_permutations, int | np.integer) and n_permutations >= 2):
        raise ValueError(f"`n_permutations` must be an int >= 2, got {n_permutations!r}.")
    bins, classes = tables.sum(axis=2), tables.sum(axis=1)
    expected = expected_boltzmann_gain(bins, classes)
    rng = check_random_state(random_state)
    drawn = np.array(
        [
            boltzmann_gain(random_table(*margins).rvs(n_permutations, random_state=rng))
            for margins in zip(bins, classes, strict=True)
        ]
    ).reshape(len(tables), n_permutations)
    squares = np.square(drawn - expected[:, None])
    total = squares.sum(axis=1, keepdims=True)
    others = np.sqrt((total - squares) / (n_permutations - 1))
    null = np.sort(_distance(drawn - expected[:, None], others).ravel())
    given = _distance(boltzmann_gain(tables) - expected, np.sqrt(total.ravel() / n_permutations))
    as_large = len(null) - np.searchsorted(null, given)
    return (as_large + 1) / (len(null) + 1)


def _distance(excess: Floats, deviation: Floats) -> Floats:
    """Excess in standard deviations, rounded so that equal tables of many columns tie."""
    # A deviation of 0 is one of draws that were all alike.
    floor = np.finfo(np.float64).tiny
    distance: Floats = np.clip(excess / np.maximum(deviation, floor), -1e9, 1e9)
    return np.round(distance, 6)
