"""Plain loops: every family as a user would write it with the libraries that define it."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from features import (
    ABCD,
    GLCM,
    HOG,
    LBP,
    ColorHistogram,
    ColorMoments,
    ColorQuantiles,
    Descriptor,
    Haralick,
    SkinContrast,
)
from features.preparation.lesion_view import PreparedLesion
from plain.abcd import abcd
from plain.color_histogram import color_histogram
from plain.color_moments import color_moments
from plain.color_quantiles import color_quantiles
from plain.glcm import glcm
from plain.haralick import haralick
from plain.hog import hog
from plain.lbp import lbp
from plain.skin_contrast import skin_contrast

RELATIVE = 1e-4
# Codes agree on 99.5 % of the pixels, so a share moves by half a hundredth at most.
CODES = 5e-3


class Family(NamedTuple):
    """A descriptor, the loop that gives the same values, and how near they must come."""

    descriptor: Descriptor
    plain: Callable[[PreparedLesion], np.ndarray]
    rival: str
    absolute: float | None = None

    def excess(self, got: np.ndarray, expected: np.ndarray) -> float:
        """Largest difference as a multiple of the tolerance; infinite where NaN meet numbers."""
        if not np.array_equal(np.isnan(got), np.isnan(expected)):
            return float("inf")
        difference = np.abs(got - expected)
        if self.absolute is not None:
            return float(np.nanmax(difference) / self.absolute)
        # Relative to the value, or to what is usual in its column where the value is near 0.
        usual = np.nan_to_num(np.abs(expected)).mean(axis=0, keepdims=True)
        scale = np.maximum(np.abs(expected), np.maximum(usual, 1e-6))
        return float(np.nanmax(difference / scale) / RELATIVE)


FAMILIES = {
    "abcd": Family(ABCD(), abcd, "scikit-image"),
    "color_moments": Family(ColorMoments(), color_moments, "scikit-image"),
    "color_histogram": Family(ColorHistogram(), color_histogram, "scikit-image"),
    "skin_contrast": Family(SkinContrast(), skin_contrast, "scikit-image"),
    "glcm": Family(GLCM(), glcm, "scikit-image"),
    "lbp": Family(LBP(), lbp, "scikit-image", absolute=CODES),
    "hog": Family(HOG(), hog, "scikit-image"),
    "haralick": Family(Haralick(), haralick, "mahotas"),
    "color_quantiles": Family(ColorQuantiles(), color_quantiles, "scikit-image"),
}

# What is timed as a whole: the blocks of the review with the sizes of the literature.
SUITE = ("abcd", "color_moments", "color_histogram", "skin_contrast", "glcm", "lbp", "hog")
