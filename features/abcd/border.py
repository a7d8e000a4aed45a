"""B of the ABCD rule: how irregular the lesion's border is, and how abruptly it ends."""

import numpy as np
import torch
from torch import Tensor

from features._opencv import cv2
from features.lesion_shape import largest_part, outline, region_moments, sectors

NAMES = (
    *("compactness", "solidity", "convexity", "radial_std", "eccentricity", "fourier_high"),
    *("abruptness_mean", "abruptness_std", "abruptness_max"),
    *("contrast_mean", "contrast_std", "score"),
)

SECTORS = 8
# A sector ends abruptly where more than this share of its contrast is crossed within a quarter
# of the profile; a linear fade has 0.25, a step 1.
ABRUPTNESS_THRESHOLD = 0.6

_REACH = 0.1  # of the equivalent diameter, to each side of the border
_SAMPLES = 17
_QUARTER = _SAMPLES // 4
_LEAST_CONTRAST = 5.0  # L units: below, noise would look abrupt
_LOWEST_HIGH_FREQUENCY = 9
_LEAST_ROUNDNESS = 1e-3


def border(lightness: Tensor, mask: Tensor, valid: Tensor) -> Tensor:
    """Irregularity and abruptness of the border.

    Parameters
    ----------
    lightness : Tensor of shape (n, height, width), float32
        L of CIELAB.
    mask : Tensor of shape (n, height, width), bool
        True on the lesion, at least one pixel an image.
    valid : Tensor of shape (n, height, width), bool
        True on real pixels inside the field of view.

    Returns
    -------
    Tensor of shape (n, 12), float32
        Ordered as `NAMES`.

    Notes
    -----
    All is measured on the largest part of the lesion, along its smoothed outline of length P
    around the area A. Irregularity: `compactness` P^2 / (4 pi A), 1 for a disk (1000 at most);
    `solidity` and `convexity`, area over that of the convex hull and length of the hull over P,
    1 for a convex outline; `radial_std`, standard over mean distance from the outline's centre;
    `eccentricity` of the ellipse with the same second moments; `fourier_high`, root of the
    share of the outline's spectrum beyond the eighth harmonic.

    Abruptness: L is sampled along the outline's normals, a tenth of the equivalent diameter to
    each side, and averaged in eight sectors counted from the major axis. A sector's contrast
    is the rise of L from the inner to the outer quarter; its abruptness is the largest rise
    within a quarter, divided by the contrast (by 5 where that is smaller). `score` counts the
    sectors above 0.6, a threshold of ours. Sectors that reach beyond the valid pixels are left
    out; with none left, these columns are 0.

    The score follows the abrupt cut-off of Stolz and Nachbar, not the irregularity of the
    clinical ABCD rule.
    """
    planes = (plane.cpu().numpy() for plane in (lightness, mask, valid))
    rows = np.stack([_border_of_one(*row) for row in zip(*planes, strict=True)])
    return torch.from_numpy(rows).to(lightness.device)


def _border_of_one(lightness: np.ndarray, mask: np.ndarray, valid: np.ndarray) -> np.ndarray:
    part = largest_part(mask)
    moments = region_moments(part)
    points = outline(part)
    eccentricity = np.sqrt(1 - moments.spread[1] / moments.spread[0])
    directions = sectors(points - moments.center, moments.axis, SECTORS)
    reach = max(2.0, _REACH * np.sqrt(4 * moments.area / np.pi))
    profiles, seen = _profiles(lightness, valid, points, reach)
    abruptness, contrast = _sector_steps(profiles, seen, directions)
    steps = np.zeros(6)
    if len(abruptness):
        score = np.count_nonzero(abruptness > ABRUPTNESS_THRESHOLD)
        steps[:3] = abruptness.mean(), abruptness.std(), abruptness.max()
        steps[3:] = contrast.mean(), contrast.std(), score
    shape = irregularity(points)
    values = [*shape[:4], eccentricity, shape[4], *steps]
    return np.array(values, dtype=np.float32)


def irregularity(points: np.ndarray) -> np.ndarray:
    """Irregularity of a closed outline.

    Parameters
    ----------
    points : ndarray of shape (n_points, 2)
        (x, y), evenly spaced along the outline.

    Returns
    -------
    ndarray of shape (5,), float64
        Compactness, solidity, convexity, radial standard deviation, high-frequency share.
    """
    length, area = _length(points), _area(points)
    hull = cv2.convexHull(points.astype(np.float32))[:, 0].astype(np.float64)
    hull_length, hull_area = _length(hull), _area(hull)
    roundness = max(4 * np.pi * area / length**2, _LEAST_ROUNDNESS)
    radius = np.linalg.norm(points - points.mean(axis=0), axis=1)
    return np.array(
        [
            1 / roundness,
            min(1.0, area / hull_area) if hull_area > 0 else 1.0,
            min(1.0, hull_length / length),
            radius.std() / radius.mean(),
            _high_frequency_share(points),
        ]
    )


def _length(points: np.ndarray) -> float:
    return float(np.linalg.norm(points - np.roll(points, 1, axis=0), axis=1).sum())


def _area(points: np.ndarray) -> float:
    x, y = (points - points.mean(axis=0)).T
    return float(abs(x @ np.roll(y, 1) - y @ np.roll(x, 1)) / 2)


def _high_frequency_share(points: np.ndarray) -> float:
    spectrum = np.abs(np.fft.fft(points[:, 0] + 1j * points[:, 1])) ** 2
    order = np.abs(np.fft.fftfreq(len(points), 1 / len(points)))
    return float(np.sqrt(spectrum[order >= _LOWEST_HIGH_FREQUENCY].sum() / spectrum[1:].sum()))


def _profiles(
    lightness: np.ndarray, valid: np.ndarray, points: np.ndarray, reach: float
) -> tuple[np.ndarray, np.ndarray]:
    """L along the outward normals, (n_points, n_samples), and which of them are all valid."""
    tangent = np.roll(points, -1, axis=0) - np.roll(points, 1, axis=0)
    tangent /= np.maximum(np.linalg.norm(tangent, axis=1, keepdims=True), 1e-12)
    normal = np.stack([tangent[:, 1], -tangent[:, 0]], axis=1)
    x, y = (points - points.mean(axis=0)).T
    if x @ np.roll(y, -1) - y @ np.roll(x, -1) < 0:
        normal = -normal
    at = points[:, None] + np.linspace(-reach, reach, _SAMPLES)[:, None] * normal[:, None]
    x, y = np.moveaxis(at.astype(np.float32), -1, 0)
    profiles = cv2.remap(lightness, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    seen = cv2.remap(valid.astype(np.uint8), x, y, cv2.INTER_NEAREST, borderValue=0)
    return profiles.astype(np.float64), seen.min(axis=1) > 0


def _sector_steps(
    profiles: np.ndarray, seen: np.ndarray, directions: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Abruptness and contrast of every sector that is seen."""
    weights = (directions[None, :] == np.arange(SECTORS)[:, None]) & seen
    weights = weights[weights.any(axis=1)].astype(np.float64)
    if not len(weights):
        return np.empty(0), np.empty(0)
    mean = weights @ profiles / weights.sum(axis=1, keepdims=True)
    contrast = mean[:, -_QUARTER:].mean(axis=1) - mean[:, :_QUARTER].mean(axis=1)
    rise = (mean[:, _QUARTER:] - mean[:, :-_QUARTER]).max(axis=1)
    return np.maximum(rise, 0) / np.maximum(contrast, _LEAST_CONTRAST), contrast
