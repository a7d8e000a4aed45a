"""Outlines of synthetic lesions whose asymmetry is known."""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

__all__ = ["ANGLES", "MOST_ASYMMETRY", "draw_outline"]

# Half a disc has 0.185.
MOST_ASYMMETRY = 0.2
# A stronger distortion folds the outline over itself.
_STRONGEST = 0.7

ANGLES = np.linspace(0, 2 * np.pi, 360, endpoint=False)
# Each row lists, for every angle, the index of its mirror image across one axis.
_MIRRORED = (2 * np.arange(0, 180, 2)[:, None] - np.arange(360)) % 360


def draw_outline(
    asymmetry: float, elongation: float, irregularity: float, rng: np.random.RandomState
) -> NDArray[np.float64]:
    """Draw a closed outline around its centroid.

    Parameters
    ----------
    asymmetry, elongation, irregularity : float
        See `features.LesionStyle`.
    rng : RandomState
        Draws the waves.

    Returns
    -------
    ndarray of shape (360,), float64
        Radius at each of `ANGLES`, in radii of the disc of equal area.
    """
    waves = _harmonics(range(8, 17), rng.uniform(size=9) < 0.5, rng.uniform(size=9))
    ellipse = 1 / (np.cos(ANGLES) ** 2 / elongation + elongation * np.sin(ANGLES) ** 2)
    # Symmetric across the long axis, so that all asymmetry comes from the distortion.
    regular = _centred(ellipse * (1 + irregularity * waves) ** 2)
    if _fold_asymmetry(regular) >= asymmetry:
        return np.sqrt(regular)

    def excess(strength, wave):
        distorted = _centred(regular * np.exp(strength * wave))
        return _fold_asymmetry(distorted) - asymmetry

    wave = _random_wave(rng)
    # Three waves in five reach 0.15, one in nine the largest asymmetry.
    while excess(_STRONGEST, wave) < 0:
        wave = _random_wave(rng)
    strength = brentq(excess, 0, _STRONGEST, args=(wave,), xtol=1e-3)
    return np.sqrt(_centred(regular * np.exp(strength * wave)))


def _random_wave(rng):
    """Low harmonics that distort an outline."""
    return _harmonics(range(2, 6), rng.uniform(0, 2, size=4), 1 / np.arange(2, 6))


def _harmonics(orders, half_turns, amplitudes):
    """Sum of cosines over `ANGLES`, scaled to a root mean square of 1."""
    phases = np.pi * np.asarray(half_turns)[:, None]
    wave = amplitudes @ np.cos(np.asarray(orders)[:, None] * ANGLES + phases)
    return wave / np.sqrt((wave**2).mean())


def _centred(squared):
    """Move the outline so that its centroid is the origin, and scale its area to pi."""
    radii = np.sqrt(squared / squared.mean())
    turn = np.exp(1j * ANGLES)
    for _ in range(6):
        centroid = 2 / 3 * (radii**3 * turn).mean() / (radii**2).mean()
        # To first order; a few rounds make it exact.
        radii = np.maximum(radii - (centroid * turn.conj()).real, 0.05)
    return radii**2 / (radii**2).mean()


def _fold_asymmetry(squared):
    """Fold asymmetry of an outline with mean squared radius 1: an area is half of its sum."""
    return np.abs(squared - squared[_MIRRORED]).mean(axis=1).min() / 2
