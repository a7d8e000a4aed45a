"""Grey-level co-occurrence with scikit-image."""

import numpy as np
from skimage.color import rgb2gray
from skimage.feature import graycomatrix, graycoprops

from features.preparation.lesion_view import PreparedLesion

LEVELS = 32
DISTANCES = (1, 2, 4)
ANGLES = np.deg2rad([0, 45, 90, 135])
NAMES = ("contrast", "dissimilarity", "homogeneity", "ASM", "energy", "correlation", "entropy")


def glcm(lesion: PreparedLesion) -> np.ndarray:
    # Halves go up, whatever the last digit of a float says.
    gray = np.rint(rgb2gray(lesion.pixels) * 255 + 1e-6).astype(np.uint8)
    # The background is a level of its own, which is dropped after counting.
    marked = np.where(lesion.mask, gray // (256 // LEVELS) + 1, 0).astype(np.uint8)
    counts = graycomatrix(marked, DISTANCES, ANGLES, levels=LEVELS + 1, symmetric=True)
    inside = counts[1:, 1:].astype(np.float64)
    matrices = inside / np.maximum(inside.sum(axis=(0, 1)), 1)
    properties = np.stack([graycoprops(matrices, name) for name in NAMES], axis=1)
    return np.stack([properties.mean(axis=2), np.ptp(properties, axis=2)], axis=2).ravel()
