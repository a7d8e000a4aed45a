"""The lesion's colour against the skin around it with scikit-image and SciPy."""

import numpy as np
from scipy.ndimage import distance_transform_edt
from skimage.color import deltaE_cie76, deltaE_ciede2000, rgb2lab

from features.preparation.lesion_view import PreparedLesion


def skin_contrast(lesion: PreparedLesion) -> np.ndarray:
    """Lesion minus skin in CIELAB, both colour differences, and the skin's mean and deviation."""
    lab = rgb2lab(lesion.pixels)
    skin = _ring(lesion.mask) & lesion.valid
    if not skin.any():
        skin = lesion.valid & ~lesion.mask
    if not skin.any():
        return np.zeros(11)
    inside, around = lab[lesion.mask].mean(axis=0), lab[skin]
    outside = around.mean(axis=0)
    deltas = [deltaE_cie76(inside, outside), deltaE_ciede2000(inside, outside)]
    return np.concatenate([inside - outside, deltas, outside, around.std(axis=0)])


def _ring(mask: np.ndarray) -> np.ndarray:
    """From 2 pixels off the lesion, a tenth of its equivalent diameter wide."""
    distance = distance_transform_edt(~mask)
    width = max(0.1 * np.sqrt(4 * mask.sum() / np.pi), 2)
    return (distance > 2) & (distance <= 2 + width)
