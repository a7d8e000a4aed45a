"""D of the clinical ABCD rule: how large the lesion is."""

import numpy as np
import torch
from torch import Tensor

from features._opencv import cv2

NAMES = (
    *("equivalent_px", "feret_px", "least_feret_px"),
    *("equivalent_of_width", "feret_of_diagonal"),
)


def diameter(mask: Tensor, scale: Tensor, shape: Tensor) -> Tensor:
    """Diameters of the lesion.

    Parameters
    ----------
    mask : Tensor of shape (n, height, width), bool
        True on the lesion, at least one pixel an image.
    scale : Tensor of shape (n,), float32
        Canvas pixels per pixel of the original image.
    shape : Tensor of shape (n, 2), float32
        Height and width of the original image, in pixels.

    Returns
    -------
    Tensor of shape (n, 5), float32
        Ordered as `NAMES`.

    Notes
    -----
    `equivalent` is the diameter of the disk of equal area; `feret` and `least_feret` are the
    largest and the smallest distance of parallel lines that enclose the whole lesion. In pixels
    of the original image, and as a share of the frame's width or diagonal. Neither is a length
    on the skin: without a calibration no 6 mm rule applies, and the share of the frame tells how
    the photographer zooms.
    """
    callipers = np.array([_callipers(plane) for plane in mask.cpu().numpy()], dtype=np.float32)
    area = mask.sum(dim=(1, 2)).float()
    equivalent = (4 * area / torch.pi).sqrt() / scale
    feret, least = (torch.from_numpy(callipers).to(mask.device) / scale[:, None]).unbind(dim=1)
    columns = [equivalent, feret, least, equivalent / shape[:, 1], feret / shape.norm(dim=1)]
    return torch.stack(columns, dim=1)


def _callipers(mask: np.ndarray) -> tuple[float, float]:
    """Largest and smallest calliper width in pixels."""
    y, x = np.nonzero(mask)
    # The ends of each row are enough for the hull; half a pixel further lie their borders.
    rows, first = np.unique(y, return_index=True)
    ends = np.append(first[1:], len(y)) - 1
    points = np.concatenate([np.stack([x[first], rows], 1), np.stack([x[ends], rows], 1)])
    nudges = np.array([[0.5, 0], [-0.5, 0], [0, 0.5], [0, -0.5]])
    spread = (points[:, None] + nudges).reshape(-1, 2).astype(np.float32)
    hull = cv2.convexHull(spread)[:, 0].astype(np.float64)
    longest = np.linalg.norm(hull[:, None] - hull[None], axis=-1).max()
    # The smallest width is always taken perpendicular to an edge of the hull.
    edges = np.roll(hull, -1, axis=0) - hull
    normals = np.stack([-edges[:, 1], edges[:, 0]]) / np.linalg.norm(edges, axis=1)
    return float(longest), float(np.ptp(hull @ normals, axis=0).min())
