"""How small a difference these data can show, known before anything is fitted."""

from collections.abc import Mapping

import numpy as np
from scipy import stats


def detectable_difference(standard_error: float, power: float = 0.8, alpha: float = 0.05) -> float:
    """Smallest true difference that a two-sided test finds with the stated power.

    Parameters
    ----------
    standard_error : float
        Of the paired difference, >= 0: expected (`paired_auc_error`), or measured.
    power : float, default=0.8
        Chance of finding it, in (0, 1).
    alpha : float, default=0.05
        Two-sided level of the test, in (0, 1).

    Returns
    -------
    float
        In units of the score; 2.80 standard errors by default.

    Examples
    --------
    >>> round(detectable_difference(0.005), 4)
    0.014
    """
    return float(stats.norm.ppf(1 - alpha / 2) + stats.norm.ppf(power)) * standard_error


def auc_variance(auc: float, n_positive: int, n_negative: int) -> float:
    """Variance of an area under the ROC curve as expected from the numbers of rows alone.

    Parameters
    ----------
    auc : float
        Assumed area, in (0, 1).
    n_positive, n_negative : int
        Independent rows (lesions) of the class and of all others, at least 1.

    Returns
    -------
    float
        Under negative exponential scores, close to normal ones for areas up to about 0.95.

    Raises
    ------
    ValueError
        If the area is not in (0, 1), or a side is empty.

    References
    ----------
    Hanley & McNeil (1982), Radiology 143, 29-36.

    Examples
    --------
    >>> round(auc_variance(0.893, 51, 58) ** 0.5, 4)
    0.0325
    """
    if not 0 < auc < 1:
        raise ValueError(f"`auc` must be in (0, 1), got {auc!r}.")
    if min(n_positive, n_negative) < 1:
        raise ValueError(
            f"Both sides need a row, got {n_positive} positive and {n_negative} negative."
        )
    two_positives = auc / (2 - auc)
    two_negatives = 2 * auc**2 / (1 + auc)
    square = auc**2
    spread = auc * (1 - auc)
    spread += (n_positive - 1) * (two_positives - square)
    spread += (n_negative - 1) * (two_negatives - square)
    return spread / (n_positive * n_negative)


def paired_auc_error(
    class_counts: Mapping[str, int],
    auc: float = 0.9,
    correlation: float = 0.5,
    positive: str | None = None,
) -> float:
    """Predict the standard error of a paired difference of two areas, before any model is fitted.

    Parameters
    ----------
    class_counts : mapping of str to int
        Independent rows (lesions) of each class.
    auc : float, default=0.9
        Area assumed for both models and every class, in (0, 1).
    correlation : float, default=0.5
        Assumed correlation of the two models' areas over samples of lesions, in [0, 1). The more
        alike two models are, the smaller a difference can be shown.
    positive : str or None, default=None
        Class whose area is compared; None for the macro one-vs-rest area.

    Returns
    -------
    float
        For `detectable_difference`.

    Raises
    ------
    ValueError
        If there are fewer than 2 classes, or a number is out of its range.
    KeyError
        If `positive` is not a class.

    Notes
    -----
    The macro area takes the areas of its classes as independent: the rare classes, whose own rows
    make most of the variance, share none of these. With normal scores and classes as in HAM10000
    this understates the error by about a tenth, and `auc_variance` overstates it by about half, so
    the whole errs on the safe side.

    Examples
    --------
    >>> lesions = {"mel": 614, "nv": 5403}
    >>> round(paired_auc_error(lesions, positive="mel"), 4)
    0.0084
    """
    if len(class_counts) < 2:
        raise ValueError(f"Expected at least 2 classes, got {sorted(class_counts)}.")
    if not 0 <= correlation < 1:
        raise ValueError(f"`correlation` must be in [0, 1), got {correlation!r}.")
    total = sum(class_counts.values())
    sizes = class_counts if positive is None else {positive: class_counts[positive]}
    variances = [auc_variance(auc, size, total - size) for size in sizes.values()]
    # The areas of two classes are one and the same.
    independent = 1 if len(class_counts) == 2 else len(variances)
    single = np.mean(variances) / independent
    return float(np.sqrt(2 * (1 - correlation) * single))
