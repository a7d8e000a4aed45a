"""Haralick's thirteen features with mahotas."""

import mahotas
import numpy as np
from skimage.color import rgb2gray

from features.preparation.lesion_view import PreparedLesion

LEVELS = 32


def haralick(lesion: PreparedLesion) -> np.ndarray:
    # Halves go up, whatever the last digit of a float says.
    gray = np.rint(rgb2gray(lesion.pixels) * 255 + 1e-6).astype(np.uint8)
    # Zeros are the background, so levels start at 1.
    marked = np.where(lesion.mask, gray // (256 // LEVELS) + 1, 0)
    return mahotas.features.haralick(marked, ignore_zeros=True, return_mean=True)
