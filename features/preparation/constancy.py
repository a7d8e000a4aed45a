"""Colour constancy: the light's own colour taken out of the picture."""

import numpy as np

from features._opencv import cv2


def shades_of_gray(image: np.ndarray, valid: np.ndarray, power: float = 6.0) -> np.ndarray:
    """Shades-of-Gray colour constancy.

    The light is taken to be the Minkowski mean of the valid pixels; dividing it out leaves a
    grey image as it was.

    Parameters
    ----------
    image : ndarray of shape (height, width, 3), uint8
        RGB.
    valid : ndarray of shape (height, width), bool
        Pixels inside the field of view; only these tell the light's colour.
    power : float, default=6
        Of the Minkowski mean: 1 is grey-world, large values approach max-RGB.

    Returns
    -------
    ndarray of shape (height, width, 3), uint8
        Clipped to [0, 255].

    Notes
    -----
    No gamma is undone before the division, as most dermoscopy recipes do it.

    References
    ----------
    Finlayson & Trezzi (2004), Color Imaging Conference 12, 37-41.
    """
    return relight(image, light_table(image, valid, power))


def light_table(image: np.ndarray, valid: np.ndarray, power: float = 6.0) -> np.ndarray:
    """Tabulate the new level of each level and channel, (256, 3) uint8; see `shades_of_gray`."""
    if not power >= 1:
        raise ValueError(f"`power` must be at least 1, got {power!r}.")
    # Levels are 256 at most, so the powers come from a table; the maximum keeps them in range.
    table = (np.arange(256) / 255.0) ** power
    seen = image[valid]
    light = np.array([table[seen[:, c]].mean() for c in range(3)]) ** (1 / power)
    if not light.all():
        light[:] = 1.0  # a channel without any light cannot be scaled
    gain = np.linalg.norm(light) / (light * np.sqrt(3))
    levels = np.arange(256)[:, None] * gain[None, :]
    return np.clip(np.rint(levels), 0, 255).astype(np.uint8)


def relight(image: np.ndarray, table: np.ndarray) -> np.ndarray:
    """Look every level of an image, (height, width, 3) uint8, up in a `light_table`."""
    return cv2.LUT(np.ascontiguousarray(image), table[None])
