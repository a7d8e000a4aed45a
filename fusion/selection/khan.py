"""Entropy, Bhattacharyya distance and variance in one score, after Khan et al. (2018)."""

from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from fusion.binning import choose_n_bins, count_columns
from fusion.boltzmann import normalized_boltzmann_entropy
from fusion.groups import RandomState

Floats = NDArray[np.float64]

# A class without spread is given this share of the column's variance: the distance stays finite.
_LEAST_VARIANCE = 1e-6


def bhattacharyya_distance(X: NDArray, y: NDArray[np.intp]) -> Floats:
    """Bhattacharyya distance of the classes in each column, mean over pairs of classes.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Finite numbers.
    y : ndarray of shape (n_samples,), int
        Class codes. Classes of a single row have no variance and are left out.

    Returns
    -------
    ndarray of shape (n_features,)
        Of normal distributions with the classes' means and variances, >= 0; 0 where fewer than
        two classes are left.

    References
    ----------
    Kailath (1967), IEEE Transactions on Communication Technology 15(1), 52-60.

    Examples
    --------
    >>> X = np.array([[-1.0], [1.0], [1.0], [3.0]])  # means 0 and 2, variances 1: (2 - 0)^2 / 8
    >>> bhattacharyya_distance(X, np.array([0, 0, 1, 1])).tolist()
    [0.5]
    """
    table = X.astype(np.float64)
    parts = [table[y == label] for label in np.unique(y) if (y == label).sum() > 1]
    means = np.array([part.mean(axis=0) for part in parts])
    floor = np.maximum(_LEAST_VARIANCE * table.var(axis=0), np.finfo(np.float64).tiny)
    variances = np.array([np.maximum(part.var(axis=0), floor) for part in parts])
    distances = [
        (means[a] - means[b]) ** 2 / (4 * (variances[a] + variances[b]))
        + np.log((variances[a] + variances[b]) / (2 * np.sqrt(variances[a] * variances[b]))) / 2
        for a, b in combinations(range(len(parts)), 2)
    ]
    return np.mean(distances, axis=0) if distances else np.zeros(table.shape[1])


def khan2018(
    X: NDArray, y: NDArray[np.intp], *, random_state: RandomState, n_jobs: int | None
) -> Floats:
    """Mean rank of a column by entropy, Bhattacharyya distance and variance, in (0, 1].

    Our reading of Khan et al. (2018), BMC Cancer 18:638, whose abstract names the three and no
    formula: each column's ranks by the three, averaged. Variance depends on the unit of a column:
    the score belongs before any scaling, where it favours columns with large numbers, and after
    a `BlockScaler` it is a rank by the size of blocks.
    """
    n_bins = choose_n_bins(len(X))
    one_class = np.zeros(len(X), dtype=np.intp)
    tables, _ = count_columns(X, one_class, 1, n_bins, n_jobs=n_jobs)
    criteria = [
        normalized_boltzmann_entropy(tables[:, :n_bins, 0]),
        bhattacharyya_distance(X, y),
        X.var(axis=0, dtype=np.float64),
    ]
    # Rounded, so that a column and its mirror image tie.
    ranks = [rankdata(np.round(values, 10)) for values in criteria]
    return np.mean(ranks, axis=0) / X.shape[1]
