"""A of the ABCD rule: what remains when a lesion is folded onto itself."""

import numpy as np
import torch
from torch import Tensor

from features._opencv import cv2
from features.lesion_shape import region_moments

NAMES = (
    *("shape_first", "shape_second", "shape_major", "shape_minor", "shape_least", "shape_mean"),
    *("first_l", "first_a", "first_b", "first_delta_e"),
    *("second_l", "second_a", "second_b", "second_delta_e"),
    *("color_shift", "score"),
)

STEP = 5  # degrees between the axes that are tried
# An axis is asymmetric where more than this share of the lesion does not fold onto itself, or
# where mirrored pixels differ by more than this on average (CIE76).
SHAPE_THRESHOLD = 0.12
COLOR_THRESHOLD = 12.0


def asymmetry(lab: Tensor, mask: Tensor) -> Tensor:
    """Asymmetry of shape and colour.

    Parameters
    ----------
    lab : Tensor of shape (n, 3, height, width), float32
        CIELAB.
    mask : Tensor of shape (n, height, width), bool
        True on the lesion, at least one pixel an image.

    Returns
    -------
    Tensor of shape (n, 16), float32
        Ordered as `NAMES`.

    Notes
    -----
    All axes pass through the centroid. Folding across an axis leaves ``|M xor R(M)| / (2 |M|)``
    of the lesion, in [0, 1]. `first` and `second` are the two perpendicular axes that leave
    least together, among those 5 degrees apart, the better one first; `major` and `minor` are
    the principal axes; `least` and `mean` go over all axes. The colour columns are mean absolute
    differences in L, a, b and the mean CIE76 difference between mirrored pixels, where the
    folded halves overlap. `color_shift` is the distance from the centroid to the centroid
    weighted by darkness, in equivalent diameters. `score` counts those of the two axes that are
    asymmetric in shape (more than 0.12) or in colour (more than 12): thresholds of ours, not
    calibrated on readers.
    """
    planes = zip(lab.cpu().numpy(), mask.cpu().numpy(), strict=True)
    rows = np.stack([_asymmetry_of_one(*row) for row in planes])
    return torch.from_numpy(rows).to(lab.device)


def _asymmetry_of_one(lab: np.ndarray, mask: np.ndarray) -> np.ndarray:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    # Only the overlap is needed, and it never leaves the lesion's box.
    box = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
    mask, lab = np.ascontiguousarray(mask[box]), lab[:, *box]
    moments = region_moments(mask)
    angles = np.arange(0, 180, STEP)
    left = _unfolded(mask, moments.center, np.deg2rad(angles))
    quarter = len(angles) // 2
    best = int(np.argmin(left[:quarter] + left[quarter:]))
    pair = sorted((best, best + quarter), key=lambda i: left[i])
    major = np.arctan2(moments.axis[1], moments.axis[0])
    principal = _unfolded(mask, moments.center, np.array([major, major + np.pi / 2]))
    colors = [_color_change(lab, mask, moments.center, np.deg2rad(angles[i])) for i in pair]
    score = sum(
        left[i] > SHAPE_THRESHOLD or color[-1] > COLOR_THRESHOLD
        for i, color in zip(pair, colors, strict=True)
    )
    shift = _color_shift(lab[0], mask, moments.center)
    shape = [*left[pair], *principal, left.min(), left.mean()]
    return np.array([*shape, *colors[0], *colors[1], shift, score], dtype=np.float32)


def _reflection(center: np.ndarray, angle: float) -> np.ndarray:
    """Affine map that mirrors across the axis at `angle` through `center`; its own inverse."""
    cos, sin = np.cos(2 * angle), np.sin(2 * angle)
    linear = np.array([[cos, sin], [sin, -cos]])
    return np.column_stack([linear, center - linear @ center])


def _reflect(plane: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(plane, matrix, plane.shape[1::-1], flags=flags)


def _unfolded(mask: np.ndarray, center: np.ndarray, angles: np.ndarray) -> np.ndarray:
    """Share of the lesion that its mirror image leaves uncovered, axis by axis."""
    plane = mask.astype(np.uint8) * 255
    # An interpolated pixel is more inside than not if its highest bit, 128, is set.
    half = mask.astype(np.uint8) * 128
    mirrored = (_reflect(plane, _reflection(center, angle)) for angle in angles)
    overlap = [cv2.countNonZero(cv2.bitwise_and(image, half)) for image in mirrored]
    # Both images have the same area, so |M xor R(M)| = 2 (|M| - |M and R(M)|).
    return 1 - np.array(overlap) / np.count_nonzero(mask)


def _color_change(
    lab: np.ndarray, mask: np.ndarray, center: np.ndarray, angle: float
) -> np.ndarray:
    """Mean |dL|, |da|, |db| and colour difference between mirrored pixels."""
    weight = mask.astype(np.float32)
    planes = np.stack([*(lab * weight), weight], axis=-1)
    mirrored = _reflect(planes, _reflection(center, angle))
    overlap = mask & (mirrored[..., 3] >= 0.5)
    if not overlap.any():
        return np.zeros(4)
    # Dividing by the mirrored weight keeps skin out of the interpolation.
    partner = mirrored[overlap]
    change = np.abs(planes[overlap][:, :3] - partner[:, :3] / partner[:, 3:])
    return np.append(change.mean(axis=0), np.linalg.norm(change, axis=1).mean())


def _color_shift(lightness: np.ndarray, mask: np.ndarray, center: np.ndarray) -> float:
    y, x = np.nonzero(mask)
    inside = lightness[mask].astype(np.float64)
    darkness = inside.max() - inside
    if darkness.sum() < 1e-6:
        return 0.0
    dark_center = np.array([darkness @ x, darkness @ y]) / darkness.sum()
    return float(np.linalg.norm(dark_center - center) / np.sqrt(4 * len(x) / np.pi))
