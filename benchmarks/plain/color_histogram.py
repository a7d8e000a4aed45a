"""Histogram of HSV with scikit-image and NumPy."""

import numpy as np
from skimage.color import rgb2hsv

from features.preparation.lesion_view import PreparedLesion


def color_histogram(lesion: PreparedLesion) -> np.ndarray:
    """Shares of 16 hues, 8 saturations and 8 values inside the lesion."""
    # From whole numbers: divided by 255 first, colours on a bin's border fall by rounding error.
    hsv = rgb2hsv(lesion.pixels.astype(float))[lesion.mask]
    parts = [
        np.histogram(channel, bins, limits)[0]
        for channel, bins, limits in zip(hsv.T, (16, 8, 8), ((0, 1), (0, 1), (0, 255)), strict=True)
    ]
    return np.concatenate(parts) / len(hsv)
