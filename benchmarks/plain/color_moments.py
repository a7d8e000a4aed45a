"""Moments of twelve colour channels with scikit-image and SciPy."""

import numpy as np
from scipy.stats import circmean, circstd, kurtosis, skew
from skimage.color import rgb2hsv, rgb2lab, rgb2ycbcr
from skimage.measure import shannon_entropy

from features.preparation.lesion_view import PreparedLesion


def color_moments(lesion: PreparedLesion) -> np.ndarray:
    """Mean, std, skew, kurtosis and entropy of RGB, HSV, CIELAB and YCbCr."""
    image, mask = lesion.pixels, lesion.mask
    hsv, lab, ycbcr = rgb2hsv(image)[mask], rgb2lab(image)[mask], rgb2ycbcr(image)[mask]
    values = np.concatenate([image[mask].astype(float), hsv, lab, ycbcr], axis=1)
    eight_bit = [image[mask], hsv * 255, lab * [2.55, 1, 1] + [0, 128, 128], ycbcr]
    levels = np.rint(np.concatenate(eight_bit, axis=1).astype(np.float32))
    rows = [_moments(channel) for channel in values.T]
    rows[3] = _hue_moments(values[:, 3])
    entropies = [shannon_entropy(channel) for channel in levels.T]
    return np.array([[*row, entropy] for row, entropy in zip(rows, entropies, strict=True)]).ravel()


def _moments(channel: np.ndarray) -> list[float]:
    if channel.std() < 1e-4:
        return [channel.mean(), channel.std(), 0.0, 0.0]
    return [channel.mean(), channel.std(), skew(channel), kurtosis(channel)]


def _hue_moments(hue: np.ndarray) -> list[float]:
    """Circular mean and deviation, and the moments of the turns away from that mean."""
    mean, std = circmean(hue, high=0.5, low=-0.5), circstd(hue, high=1)
    turns = (hue - mean + 0.5) % 1 - 0.5
    spread = (turns**2).mean()
    if spread < 1e-10:
        return [mean, std, 0.0, 0.0]
    return [mean, std, (turns**3).mean() / spread**1.5, (turns**4).mean() / spread**2 - 3]
