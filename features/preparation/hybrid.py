"""Lesion probability by a uniform and by a normal distribution, joined by the additive law.

Nasir et al. (2018) name a hybrid segmentation whose results are fused by the additive law of
probability, one of them by a uniform distribution; Khan et al. (2018) one by a normal and one by
a uniform distribution. Only the abstracts were at hand. What they say is kept: the two kinds of
distribution and the law. The rest is ours: both distributions describe each of Otsu's two classes
on one grey plane, fitted by mean and standard deviation, and turned to probabilities by Bayes'
rule with the classes' shares as priors. No reproduction of either paper is claimed.
"""

from collections.abc import Callable

import numpy as np

_LEAST_SPREAD = 1.0  # grey levels
_HALF_WIDTH = np.sqrt(3)  # of a uniform distribution, in standard deviations


def class_probabilities(values: np.ndarray, threshold: int) -> tuple[np.ndarray, np.ndarray]:
    """Probability that a grey level is lesion, by either distribution.

    Parameters
    ----------
    values : ndarray of shape (n_pixels,), uint8
        Of a plane in which the lesion is dark.
    threshold : int
        Last level of the darker class, in [0, 255].

    Returns
    -------
    tuple of two ndarrays of shape (256,), float64
        By the uniform and by the normal distributions, in [0, 1] and never rising with the level:
        1 from the darker class's mean down, 0 from the lighter one's up. All zero where a class
        is empty.

    References
    ----------
    Nasir et al. (2018), Microscopy Research and Technique 81(6), 528-543.
    Khan et al. (2018), BMC Cancer 18:638.
    """
    counts = np.bincount(values, minlength=256)
    levels = np.arange(256)
    classes = (levels <= threshold, levels > threshold)
    if not all(counts[part].any() for part in classes):
        return np.zeros(256), np.zeros(256)
    moments = [_moments(counts[part], levels[part]) for part in classes]
    uniform, normal = _posterior(_uniform, moments), _posterior(_normal, moments)
    return uniform, normal


def additive_law(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """P(A or B) = P(A) + P(B) - P(A) P(B), of independent events."""
    return first + second - first * second


def _moments(counts: np.ndarray, levels: np.ndarray) -> tuple[float, float, float]:
    """Count, mean and standard deviation of a class."""
    total = counts.sum()
    mean = (counts * levels).sum() / total
    spread = np.sqrt((counts * (levels - mean) ** 2).sum() / total)
    return float(total), float(mean), float(max(spread, _LEAST_SPREAD))


def _posterior(
    density: Callable[[np.ndarray, float, float], np.ndarray],
    moments: list[tuple[float, float, float]],
) -> np.ndarray:
    """Bayes' rule on all 256 levels; the nearer mean decides where neither class has density."""
    levels = np.arange(256)
    lesion, skin = (share * density(levels, mean, spread) for share, mean, spread in moments)
    dark, light = moments[0][1], moments[1][1]
    nearer = (levels < (dark + light) / 2).astype(np.float64)
    total = lesion + skin
    probability = np.divide(lesion, total, out=nearer, where=total > 0)
    # The wider class outlasts the other on both sides; darker than the lesion is still lesion.
    probability = np.where(levels <= dark, 1.0, np.where(levels >= light, 0.0, probability))
    return np.minimum.accumulate(probability)


def _uniform(levels: np.ndarray, mean: float, spread: float) -> np.ndarray:
    half = _HALF_WIDTH * spread
    return (np.abs(levels - mean) <= half) / (2 * half)


def _normal(levels: np.ndarray, mean: float, spread: float) -> np.ndarray:
    return np.exp(-(((levels - mean) / spread) ** 2) / 2) / spread
