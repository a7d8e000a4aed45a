"""Plain loops: every family as a user would write it with the libraries that define it."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from agreement import RELATIVE, relative_difference

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
from features.batch import LesionBatch
from features.preparation.lesion_view import PreparedLesion
from features.regions import eight_bit_gray
from features.texture.lbp import _codes_in_span
from plain.abcd import abcd
from plain.color_histogram import color_histogram
from plain.color_moments import color_moments
from plain.color_quantiles import color_quantiles
from plain.glcm import glcm
from plain.haralick import haralick
from plain.hog import hog
from plain.lbp import SCALES, lbp
from plain.lbp import lbp_codes as plain_lbp_codes
from plain.skin_contrast import skin_contrast

# Share of a lesion's pixels whose codes may differ, and by how much a share of a histogram may.
CODES, SHARES = 5e-3, 1e-3


def lbp_agreement(batch: LesionBatch, lesions: list[PreparedLesion]) -> float:
    """Share of a lesion's pixels with the codes of scikit-image, at its least.

    The least over lesions and scales. It looks at all pixels of the mask whose circle lies on the
    canvas, those too near the lesion's border for the histograms among them.
    """
    shares = []
    for i, lesion in enumerate(lesions):
        levels = eight_bit_gray(batch.gray[i].numpy()).astype(np.float32)
        for (points, radius), expected in zip(SCALES, plain_lbp_codes(lesion), strict=True):
            codes, span = _codes_in_span(levels, points, radius)
            whole = np.zeros_like(lesion.mask)
            inner = (slice(radius, -radius),) * 2
            whole[inner] = lesion.mask[inner]
            shares.append((codes == expected.ravel()[span])[whole.ravel()[span]].mean())
    return float(min(shares))


class Family(NamedTuple):
    """A descriptor, the loop that gives the same values, and how near they must come.

    Where values are counts of codes, `agreement` tells how many pixels have the same one.
    """

    descriptor: Descriptor
    plain: Callable[[PreparedLesion], np.ndarray]
    rival: str
    absolute: float | None = None
    agreement: Callable[[LesionBatch, list[PreparedLesion]], float] | None = None

    def excess(self, got: np.ndarray, expected: np.ndarray) -> float:
        """Largest difference as a multiple of the tolerance; infinite where NaN meet numbers."""
        if self.absolute is None:
            return relative_difference(got, expected) / RELATIVE
        if not np.array_equal(np.isnan(got), np.isnan(expected)):
            return float("inf")
        return float(np.nanmax(np.abs(got - expected)) / self.absolute)


FAMILIES = {
    "abcd": Family(ABCD(), abcd, "scikit-image"),
    "color_moments": Family(ColorMoments(), color_moments, "scikit-image"),
    "color_histogram": Family(ColorHistogram(), color_histogram, "scikit-image"),
    "skin_contrast": Family(SkinContrast(), skin_contrast, "scikit-image"),
    "glcm": Family(GLCM(), glcm, "scikit-image"),
    "lbp": Family(LBP(), lbp, "scikit-image", SHARES, lbp_agreement),
    "hog": Family(HOG(), hog, "scikit-image"),
    "haralick": Family(Haralick(), haralick, "mahotas"),
    "color_quantiles": Family(ColorQuantiles(), color_quantiles, "scikit-image"),
}

# What is timed as a whole: the blocks of the review with the sizes of the literature.
SUITE = ("abcd", "color_moments", "color_histogram", "skin_contrast", "glcm", "lbp", "hog")
