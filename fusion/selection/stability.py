"""Whether folds choose the same columns."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import norm


class Stability(NamedTuple):
    """Nogueira's index of agreement between selections, with its interval.

    Attributes
    ----------
    index : float
        1 if all selections are equal, 0 on average if they are independent of each other.
    low : float
        Lower end of the interval.
    high : float
        Upper end of the interval.
    """

    index: float  # type: ignore[assignment]  # hides tuple.index, which nobody needs here
    low: float
    high: float


def selection_stability(supports: ArrayLike, confidence: float = 0.95) -> Stability:
    """Agreement of several selections among the same columns, corrected for chance.

    Parameters
    ----------
    supports : array-like of shape (n_selections, n_features), bool
        Columns that each fold kept, at least two folds.
    confidence : float, default=0.95
        Of the interval, in (0, 1).

    Returns
    -------
    Stability
        Index and interval; all NaN where every selection is empty, or every one is the whole
        table: chance could not have done otherwise.

    Raises
    ------
    ValueError
        If the table is not of this shape, or holds other values than 0 and 1.

    Notes
    -----
    ``1 - mean_f s_f^2 / (p (1 - p))``, with ``s_f^2`` the unbiased variance of column f's being
    kept and p the mean share of columns kept. The interval is asymptotically normal in the number
    of selections, and supposes that they are independent. Folds of one cross-validation share
    most of their rows: they agree more than fresh samples would, and the interval is too narrow.

    References
    ----------
    Nogueira, Sechidis & Brown (2018), Journal of Machine Learning Research 18(174), 1-54.

    Examples
    --------
    >>> folds = [[True, True, False, False], [True, False, True, False], [True, True, False, False]]
    >>> round(selection_stability(folds).index, 3)
    0.333
    """
    given = np.asarray(supports)
    if given.ndim != 2 or len(given) < 2 or not np.isin(given, (0, 1)).all():
        raise ValueError(
            "`supports` must be a boolean table of shape (n_selections, n_features) with at least "
            f"two selections, got an array of shape {given.shape} and dtype {given.dtype}."
        )
    if not 0 < confidence < 1:
        raise ValueError(f"`confidence` must be in (0, 1), got {confidence!r}.")
    kept = given.astype(np.float64)
    n_selections = len(kept)
    share, shares = kept.mean(axis=0), kept.mean(axis=1)
    mean_share = shares.mean()
    by_chance = mean_share * (1 - mean_share)
    if by_chance == 0:
        return Stability(np.nan, np.nan, np.nan)
    unbiased = n_selections / (n_selections - 1)
    index = 1 - unbiased * (share * (1 - share)).mean() / by_chance
    # Influence of each selection on the index (their theorem 7).
    influence = (
        (kept * share).mean(axis=1)
        - shares * mean_share
        + index / 2 * (2 * shares * mean_share - shares - mean_share + 1)
    ) / by_chance
    deviation = 2 / n_selections * np.sqrt(np.square(influence - influence.mean()).sum())
    reach = norm.ppf((1 + confidence) / 2) * deviation
    return Stability(float(index), float(index - reach), float(index + reach))
