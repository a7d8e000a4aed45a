"""Local binary patterns at three scales with scikit-image and SciPy."""

import numpy as np
from scipy.ndimage import binary_erosion
from skimage.color import rgb2gray
from skimage.feature import local_binary_pattern

from features.preparation.lesion_view import PreparedLesion

SCALES = ((8, 1), (16, 2), (24, 3))


def lbp(lesion: PreparedLesion) -> np.ndarray:
    histograms = []
    for (points, radius), codes in zip(SCALES, lbp_codes(lesion), strict=True):
        # Pixels whose circle lies inside the lesion.
        square = np.ones((2 * radius + 1, 2 * radius + 1), dtype=bool)
        inside = binary_erosion(lesion.mask, square)
        counts = np.bincount(codes[inside].astype(int), minlength=points + 2)
        histograms.append(counts / max(inside.sum(), 1))
    return np.concatenate(histograms)


def lbp_codes(lesion: PreparedLesion) -> list[np.ndarray]:
    """Uniform codes of the whole canvas, scale by scale."""
    # Halves go up, whatever the last digit of a float says.
    gray = np.rint(rgb2gray(lesion.pixels) * 255 + 1e-6).astype(np.uint8)
    return [local_binary_pattern(gray, *scale, method="uniform") for scale in SCALES]
