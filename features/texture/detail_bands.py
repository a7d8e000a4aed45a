"""How much detail a lesion has at each size: dots, strands, blotches."""

import numpy as np
import torch
from torch import Tensor

from features._opencv import cv2
from features.batch import LesionBatch
from features.descriptor import Descriptor
from features.regions import bounding_box

SCALES = (1.0, 2.0, 4.0, 8.0)
STATISTICS = ("spread", "skew", "kurtosis")
# Under this the band is flat, and the shape of its distribution means nothing.
_FLAT = 1e-3


def detail_bands(lab: Tensor, mask: Tensor, scales: tuple[float, ...] = SCALES) -> Tensor:
    """Spread, skew and kurtosis of differences of Gaussians inside the lesion.

    Parameters
    ----------
    lab : Tensor of shape (n, 3, height, width), float32
        CIELAB.
    mask : Tensor of shape (n, height, width), bool
        True on the lesion, at least one pixel an image.
    scales : tuple of float, default=(1, 2, 4, 8)
        Standard deviations of the Gaussians, increasing, in canvas pixels. The first band is
        what the first Gaussian takes away.

    Returns
    -------
    Tensor of shape (n, 9 * len(scales)), float32
        For each channel and band the root mean square (CIELAB units), skew and kurtosis (no
        units; 0 where the band is flat).

    Notes
    -----
    The Gaussians average lesion pixels alone (normalised convolution): skin does not leak in.
    """
    rows = []
    for image, inside in zip(lab.cpu(), mask.cpu(), strict=True):
        box = bounding_box(inside[None])  # beyond it nothing counts
        cropped = np.ascontiguousarray(image[:, *box].permute(1, 2, 0).numpy())
        rows.append(_bands_of_one(cropped, inside[box].numpy(), scales))
    return torch.from_numpy(np.stack(rows)).to(lab.device)


def _bands_of_one(image: np.ndarray, mask: np.ndarray, scales: tuple[float, ...]) -> np.ndarray:
    weight = mask.astype(np.float32)
    finer, bands = image, []
    for scale in scales:
        coarser = _blur(image * weight[..., None], scale)
        coarser /= np.maximum(_blur(weight, scale), 1e-6)[..., None]
        bands.append((finer - coarser)[mask].T)
        finer = coarser
    values = np.stack(bands, axis=1).astype(np.float64)
    spread = np.sqrt((values**2).mean(axis=2))
    scaled = values / np.maximum(spread, _FLAT)[..., None]
    moments = [(scaled**power).mean(axis=2) * (spread > _FLAT) for power in (3, 4)]
    return np.stack([spread, *moments], axis=2).astype(np.float32).ravel()


def _blur(plane: np.ndarray, scale: float) -> np.ndarray:
    return cv2.GaussianBlur(plane, (0, 0), scale, borderType=cv2.BORDER_CONSTANT)


class DetailBands(Descriptor):
    """Detail of the lesion by size, in lightness and in colour.

    Columns ``<L|a|b>_<scale>_<spread|skew|kurtosis>``; 36 by default.

    Parameters
    ----------
    scales : tuple of float, default=(1, 2, 4, 8)
        Sizes, as standard deviations of Gaussians in canvas pixels.

    See Also
    --------
    detail_bands : The definition.
    """

    block = "detail_bands"
    version = 1

    def __init__(self, scales: tuple[float, ...] = SCALES):
        self.scales = scales

    def feature_names(self) -> list[str]:
        """Return ``<channel>_<scale>_<statistic>``."""
        return [f"{c}_{scale:g}_{s}" for c in "Lab" for scale in self.scales for s in STATISTICS]

    def describe(self, batch: LesionBatch) -> Tensor:
        """Compute the statistics, (n, 9 * len(scales)) float32."""
        return detail_bands(batch.lab, batch.mask, self.scales)
