"""D of the clinical ABCD rule: how large the lesion is."""

import numpy as np
import torch
from torch import Tensor

from features.abcd.shape import LesionShape

NAMES = (
    *("equivalent_px", "feret_px", "least_feret_px"),
    *("equivalent_of_width", "feret_of_diagonal"),
    *("equivalent_mm", "feret_mm", "over_6_mm"),
)
CALIBRATED = NAMES[-3:]  # NaN where the image is not calibrated

LARGE_MM = 6.0


def diameter(mask: Tensor, scale: Tensor, shape: Tensor, mm_per_pixel: Tensor) -> Tensor:
    """Diameters of the lesion.

    Parameters
    ----------
    mask : Tensor of shape (n, height, width), bool
        True on the lesion, at least one pixel an image.
    scale : Tensor of shape (n,), float32
        Canvas pixels per pixel of the original image.
    shape : Tensor of shape (n, 2), float32
        Height and width of the original image, in pixels.
    mm_per_pixel : Tensor of shape (n,), float32
        Millimetres of skin per pixel of the original image; NaN where unknown.

    Returns
    -------
    Tensor of shape (n, 8), float32
        Ordered as `NAMES`.

    Notes
    -----
    `equivalent` is the diameter of the disk of equal area; `feret` and `least_feret` are the
    largest and the smallest distance of parallel lines that enclose the whole lesion, half a
    pixel around its pixels' centres. In pixels of the original image, and as a share of the
    frame's width or diagonal: neither is a length on the skin, and the share of the frame tells
    how the photographer zooms. Only where the image is calibrated are there millimetres and the
    clinical rule of 6 mm (`over_6_mm`, 1 where `feret_mm` is larger); elsewhere they are NaN.
    """
    lesions = [LesionShape(plane) for plane in mask.cpu().numpy()]
    rows = zip(lesions, _numbers(scale), _numbers(shape), _numbers(mm_per_pixel), strict=True)
    return torch.from_numpy(np.stack([diameter_of_one(*row) for row in rows])).to(mask.device)


def diameter_of_one(
    lesion: LesionShape, scale: float, shape: np.ndarray, mm_per_pixel: float
) -> np.ndarray:
    """Diameters of one lesion, (8,) float32."""
    feret, least = callipers(lesion.hull)
    equivalent, feret, least = lesion.diameter / scale, feret / scale, least / scale
    shares = [equivalent / shape[1], feret / np.hypot(*shape)]
    feret_mm = feret * mm_per_pixel
    large = np.nan if np.isnan(feret_mm) else float(feret_mm > LARGE_MM)
    calibrated = [equivalent * mm_per_pixel, feret_mm, large]
    return np.array([equivalent, feret, least, *shares, *calibrated], dtype=np.float32)


def callipers(hull: np.ndarray) -> tuple[float, float]:
    """Largest and smallest calliper width of a convex hull.

    Parameters
    ----------
    hull : ndarray of shape (n_points,), complex128
        Its corners in order, at least two.

    Returns
    -------
    longest, narrowest : float
        In the unit of the corners.
    """
    longest = np.abs(hull[:, None] - hull).max()
    # The smallest width is always taken perpendicular to an edge of the hull.
    edges = np.append(hull[1:], hull[0]) - hull
    across = (hull[:, None] * (-1j * edges / np.abs(edges)).conj()).real
    return float(longest), float(np.ptp(across, axis=0).min())


def _numbers(tensor: Tensor) -> np.ndarray:
    return tensor.double().cpu().numpy()
