"""The order of columns from best to worst."""

import numpy as np
from numpy.typing import NDArray

from fusion.selection.counts import ROUNDING

Floats = NDArray[np.float64]

# Large scores are equal if they differ by less than this share of themselves.
_DIGITS = 10


def rank_columns(X: NDArray, scores: Floats, eligible: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Columns from best to worst, in an order that does not depend on that of the rows.

    Eligible ones come first. Of equal scores the larger variance comes first, then the lower
    index.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Numbers; NaN is a missing value.
    scores : ndarray of shape (n_features,)
        The larger the better.
    eligible : ndarray of shape (n_features,), bool
        Which scores count.

    Returns
    -------
    ndarray of shape (n_features,), int
        Column indices.
    """
    # A column and its mirror image differ by rounding only: that must not break their tie.
    mantissas, exponents = np.frexp(np.round(scores / ROUNDING))
    scores = np.ldexp(np.round(mantissas, _DIGITS), exponents)
    _, level, occurrences = np.unique(scores, return_inverse=True, return_counts=True)
    tied = occurrences[level] > 1
    variances = np.zeros(len(scores))
    variances[tied] = _variances(X[:, tied])
    # lexsort is stable and sorts by its last key first: equals stay in column order.
    return np.lexsort((-variances, -scores, ~eligible))


def _variances(X: NDArray) -> Floats:
    """Variance of the known values of each column."""
    # Sums over sorted values round in the same way whatever the order of the rows.
    ordered = np.sort(X, axis=0)
    known = ~np.isnan(ordered)
    size = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, ordered, 0).sum(axis=0, dtype=np.float64) / size
    centred = np.where(known, ordered - mean, 0)
    return np.square(centred, dtype=np.float64).sum(axis=0) / size
