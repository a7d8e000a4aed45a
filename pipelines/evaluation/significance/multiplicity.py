"""p-values of a family of comparisons, adjusted for their number."""

import numpy as np
from numpy.typing import ArrayLike


def holm(p_values: ArrayLike) -> np.ndarray:
    """Holm's step-down adjustment, which bounds the chance of any false rejection.

    Parameters
    ----------
    p_values : array-like of shape (n,)
        In [0, 1]. NaN is not a member of the family and stays NaN.

    Returns
    -------
    ndarray of shape (n,)
        Adjusted p-values in the given order, each at least as large as before.

    Raises
    ------
    ValueError
        If a value lies outside [0, 1].

    References
    ----------
    Holm (1979), Scand. J. Statist. 6, 65-70.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03]).tolist()
    [0.03, 0.06, 0.06]
    """
    values = np.asarray(p_values, dtype=np.float64)
    members = np.flatnonzero(~np.isnan(values))
    family = values[members]
    if not ((family >= 0) & (family <= 1)).all():
        raise ValueError(f"p-values must be in [0, 1], got {family.tolist()}.")
    order = np.argsort(family, kind="stable")
    scaled = family[order] * np.arange(len(family), 0, -1)
    adjusted = np.full(values.shape, np.nan)
    adjusted[members[order]] = np.minimum(np.maximum.accumulate(scaled), 1.0)
    return adjusted
