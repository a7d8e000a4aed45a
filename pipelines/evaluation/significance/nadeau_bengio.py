"""The t test of paired differences over repeated folds, corrected for folds that share rows."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats


class CorrectedTest(NamedTuple):
    """What `corrected_t_test` returns.

    Attributes
    ----------
    difference : float
        Mean of the differences.
    low, high : float
        Ends of its confidence interval.
    p_value : float
        Two-sided, of no difference.
    standard_error : float
        Corrected standard error of the mean.
    """

    difference: float
    low: float
    high: float
    p_value: float
    standard_error: float


def corrected_t_test(
    differences: ArrayLike, test_to_train: float, confidence: float = 0.95
) -> CorrectedTest:
    """Corrected resampled t test of Nadeau and Bengio.

    Training sets of different folds share most of their rows, so J differences hold less than J
    independent ones would. The variance of their mean is taken as ``(1 / J + test_to_train)`` times
    their sample variance, not as ``1 / J`` times. It is exact where any two differences correlate
    by n_test / (n_test + n_train), and an approximation elsewhere.

    Parameters
    ----------
    differences : array-like of shape (n_repeats * n_folds,)
        Score of one model minus that of another on each test fold, at least 2.
    test_to_train : float
        Rows of a test fold for each row of its training part, > 0: 1 / (k - 1) for k folds.
    confidence : float, default=0.95
        Of the interval, in (0, 1).

    Returns
    -------
    CorrectedTest
        Where all differences are equal, the interval is one point.

    Raises
    ------
    ValueError
        If there are fewer than 2 differences, one is not finite, or the ratio is not positive.

    References
    ----------
    Nadeau & Bengio (2003), Machine Learning 52, 239-281.

    Examples
    --------
    Two repeats of two folds: a mean of 0.02, a variance of 2/3e-4, 3 degrees of freedom.

    >>> result = corrected_t_test([0.01, 0.03, 0.02, 0.02], test_to_train=1.0)
    >>> round(result.standard_error, 6), round(result.p_value, 4)
    (0.009129, 0.1162)
    """
    values = np.asarray(differences, dtype=np.float64)
    if values.ndim != 1 or len(values) < 2 or not np.isfinite(values).all():
        raise ValueError(
            f"Expected at least 2 finite differences in one dimension, got {values.tolist()}. "
            "Leave out folds in which a score is not defined."
        )
    if not test_to_train > 0:
        raise ValueError(f"`test_to_train` must be > 0, got {test_to_train!r}.")
    mean = float(values.mean())
    # Equal differences differ from their mean by rounding, which must not pass for a spread.
    spread = 0.0 if np.ptp(values) == 0 else values.var(ddof=1)
    error = float(np.sqrt((1 / len(values) + test_to_train) * spread))
    if error == 0:
        return CorrectedTest(mean, mean, mean, float(mean == 0), 0.0)
    freedom = len(values) - 1
    reach = float(stats.t.ppf((1 + confidence) / 2, freedom)) * error
    p_value = float(2 * stats.t.sf(abs(mean) / error, freedom))
    return CorrectedTest(mean, mean - reach, mean + reach, p_value, error)
