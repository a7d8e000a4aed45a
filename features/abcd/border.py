"""B of the ABCD rule: how irregular the lesion's border is, and how abruptly it ends."""

from typing import NamedTuple

import numpy as np
import torch
from scipy.fft import fft
from torch import Tensor

from features._opencv import cv2
from features.abcd.shape import LesionShape
from features.lesion_shape import sectors

LOBES = range(2, 9)
NAMES = (
    *("compactness", "solidity", "convexity", "radial_std", "eccentricity"),
    *(f"fourier_{k}" for k in LOBES),
    *("fourier_high", "abruptness_mean", "abruptness_std", "abruptness_max"),
    *("contrast_mean", "contrast_std", "score"),
)

SECTORS = 8
# A sector ends abruptly where more than this share of its contrast is crossed within a quarter
# of the profile. A linear fade has 4/13, as the contrast lies between means of quarters; a step 1.
ABRUPTNESS_THRESHOLD = 0.6

REACH = 0.1  # of the equivalent diameter, to each side of the border
LEAST_REACH = 2.0  # pixels
SAMPLES = 17
LEAST_CONTRAST = 5.0  # L units: below, noise would look abrupt
LEAST_ROUNDNESS = 1e-3

_QUARTER = SAMPLES // 4
_STEPS = np.linspace(-1, 1, SAMPLES)


class BorderSteps(NamedTuple):
    """How the lesion ends, sector by sector.

    Parameters
    ----------
    sector : ndarray of shape (360,), int
        Sector of each point of the outline.
    abruptness, contrast : ndarray of shape (8,), float64
        NaN for sectors that reach beyond the valid pixels.
    skin_lightness : float
        Mean L outside the border; NaN where no sector is seen.
    """

    sector: np.ndarray
    abruptness: np.ndarray
    contrast: np.ndarray
    skin_lightness: float


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
    Tensor of shape (n, 19), float32
        Ordered as `NAMES`.

    Notes
    -----
    All is measured on the largest part of the lesion, along its smoothed outline of length P
    around the area A. Irregularity: `compactness` P^2 / (4 pi A), 1 for a disk (1000 at most);
    `solidity` and `convexity`, area over that of the convex hull and length of the hull over P,
    1 for a convex outline; `radial_std`, standard over mean distance from the outline's centre;
    `eccentricity` of the ellipse with the second moments of the pixels' centres. `fourier_k` is
    the strength of k
    lobes around a circle: with F the spectrum of the outline as complex numbers,
    ``sqrt(|F[1 + k]|^2 + |F[1 - k]|^2) / |F[1]|``; 2 stretches, 3 makes a triangle.
    `fourier_high` is the root of the share of the spectrum beyond the eighth harmonic.

    Abruptness: L is sampled along the outline's normals, a tenth of the equivalent diameter to
    each side, and averaged in eight sectors counted from the major axis. A sector's contrast
    is the rise of L from the inner to the outer quarter; its abruptness is the largest rise
    within a quarter, divided by the contrast (by 5 where that is smaller). `score` counts the
    sectors above 0.6, a threshold of ours. Points that reach beyond the valid pixels are left
    out; with none left, these columns are 0. A sector that is not seen counts as not abrupt, so
    a lesion cut by the frame scores lower.

    The score follows the abrupt cut-off of Stolz and Nachbar, not the irregularity of the
    clinical ABCD rule.
    """
    rows = []
    for row in zip(*(plane.cpu().numpy() for plane in (lightness, mask, valid)), strict=True):
        shape = LesionShape(row[1])
        rows.append(border_of_one(shape, border_steps(shape, row[0], row[2])))
    return torch.from_numpy(np.stack(rows)).to(lightness.device)


def border_of_one(shape: LesionShape, steps: BorderSteps) -> np.ndarray:
    """Border of one lesion, (19,) float32."""
    major, minor = shape.part_moments.spread - 1 / 12  # of the pixels' centres alone
    eccentricity = np.sqrt(max(1 - minor / major, 0)) if major > 0 else 0.0
    shapes = irregularity(shape.outline)
    values = [*shapes[:4], eccentricity, *shapes[4:], *np.zeros(6)]
    seen = ~np.isnan(steps.abruptness)
    if seen.any():
        abruptness, contrast = steps.abruptness[seen], steps.contrast[seen]
        score = np.count_nonzero(abruptness > ABRUPTNESS_THRESHOLD)
        values[-6:-3] = abruptness.mean(), abruptness.std(), abruptness.max()
        values[-3:] = contrast.mean(), contrast.std(), score
    return np.array(values, dtype=np.float32)


def irregularity(points: np.ndarray) -> np.ndarray:
    """Irregularity of a closed outline.

    Parameters
    ----------
    points : ndarray of shape (n_points,), complex128
        x + iy, evenly spaced along the outline, clockwise on the screen.

    Returns
    -------
    ndarray of shape (12,), float64
        Compactness, solidity, convexity, radial standard deviation, strength of 2 to 8 lobes,
        high-frequency share.
    """
    closed = np.stack([points.real, points.imag], axis=1).astype(np.float32)
    hull = cv2.convexHull(closed)
    length, area = cv2.arcLength(closed, True), cv2.contourArea(closed)
    hull_length, hull_area = cv2.arcLength(hull, True), cv2.contourArea(hull)
    roundness = max(4 * np.pi * area / length**2, LEAST_ROUNDNESS)
    radius = np.abs(points - points.mean())
    return np.array(
        [
            1 / roundness,
            min(1.0, area / hull_area) if hull_area > 0 else 1.0,
            min(1.0, hull_length / length),
            radius.std() / radius.mean(),
            *_fourier_descriptors(points),
        ]
    )


def border_steps(shape: LesionShape, lightness: np.ndarray, valid: np.ndarray) -> BorderSteps:
    """How one lesion ends, sector by sector.

    Parameters
    ----------
    shape : LesionShape
        The lesion.
    lightness : ndarray of shape (height, width), float32
        L on the whole canvas.
    valid : ndarray of shape (height, width), bool
        True on real pixels inside the field of view.

    Returns
    -------
    BorderSteps
        In the order of the sectors, from the major axis on.
    """
    sector = sectors(
        shape.outline - complex(*shape.part_moments.center), shape.part_moments.axis, SECTORS
    )
    profiles, seen = _profiles(shape, lightness, valid)
    weights = (sector == np.arange(SECTORS)[:, None]) * seen
    count = weights.sum(axis=1)
    mean = weights @ profiles / np.maximum(count, 1)[:, None]
    outer = mean[:, -_QUARTER:].mean(axis=1)
    contrast = outer - mean[:, :_QUARTER].mean(axis=1)
    rise = np.maximum((mean[:, _QUARTER:] - mean[:, :-_QUARTER]).max(axis=1), 0)
    abruptness = rise / np.maximum(contrast, LEAST_CONTRAST)
    total = count.sum()
    skin = float(outer @ count / total) if total else np.nan
    hidden = count == 0
    abruptness[hidden] = contrast[hidden] = np.nan
    return BorderSteps(sector, abruptness, contrast, skin)


def _fourier_descriptors(points: np.ndarray) -> np.ndarray:
    """Strength of the low lobes, and root of the share of the high harmonics."""
    power = np.square(np.abs(fft(points)))
    lobes = np.array(LOBES)
    circle = max(power[1], 1e-6 * power[1:].sum())
    low = np.sqrt((power[1 + lobes] + power[1 - lobes]) / circle)
    high = power[LOBES.stop : 1 - LOBES.stop]
    return np.append(low, np.sqrt(high.sum() / power[1:].sum()))


def _profiles(
    shape: LesionShape, lightness: np.ndarray, valid: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """L along the outward normals, (360, 17), and whether all of a normal is valid."""
    reach = max(LEAST_REACH, REACH * shape.part_diameter)
    at = (shape.outline + shape.corner)[:, None] + reach * _STEPS * shape.normals[:, None]
    x, y = at.real.astype(np.float32), at.imag.astype(np.float32)
    profiles = cv2.remap(lightness, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    # A point is seen where all pixels that it mixes are valid.
    share = cv2.remap(valid.astype(np.float32), x, y, cv2.INTER_LINEAR, borderValue=0)
    return profiles.astype(np.float64), share.min(axis=1) > 1 - 1e-4
