"""Colour quantiles with scikit-image and NumPy."""

import numpy as np
from skimage.color import rgb2lab

from features.preparation.lesion_view import PreparedLesion


def color_quantiles(lesion: PreparedLesion) -> np.ndarray:
    """5th to 95th percentile of L, a and b inside the lesion and in the skin outside it."""
    lab = rgb2lab(lesion.pixels)
    regions = lab[lesion.mask], lab[lesion.valid & ~lesion.mask]
    parts = [
        np.percentile(colors, (5, 25, 50, 75, 95), axis=0).T.ravel()
        if len(colors)
        else np.zeros(15)
        for colors in regions
    ]
    return np.concatenate(parts)
