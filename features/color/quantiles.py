"""Colour quantiles of the lesion and of the skin around it."""

import numpy as np
import torch
from torch import Tensor

from features.batch import LesionBatch
from features.descriptor import Descriptor
from features.regions import pixels_inside

PERCENTS = (5, 25, 50, 75, 95)
REGIONS = ("lesion", "skin")
CHANNELS = ("l", "a", "b")


def color_quantiles(lab: Tensor, mask: Tensor, percents: tuple[int, ...] = PERCENTS) -> Tensor:
    """Quantiles of each CIELAB channel inside a region.

    Parameters
    ----------
    lab : Tensor of shape (n, 3, height, width), float32
        CIELAB.
    mask : Tensor of shape (n, height, width), bool
        The region; may be empty.
    percents : tuple of int, default=(5, 25, 50, 75, 95)
        Which quantiles, in percent.

    Returns
    -------
    Tensor of shape (n, 3 * len(percents)), float32
        Channel by channel, linearly interpolated between pixels; zeros for an empty region.

    Raises
    ------
    ValueError
        One of `percents` is not in [0, 100].
    """
    if not all(0 <= percent <= 100 for percent in percents):
        raise ValueError(f"`percents` must lie in [0, 100], got {percents!r}.")
    return _quantiles_of(pixels_inside(lab, mask), percents)


def _quantiles_of(regions: list[Tensor], percents: tuple[int, ...]) -> Tensor:
    """Quantiles of regions of (3, n_pixels) colours."""
    rows = np.zeros((len(regions), 3 * len(percents)), dtype=np.float32)
    for row, colors in zip(rows, regions, strict=True):
        if colors.shape[1]:
            row[:] = _quantiles(colors.cpu().numpy(), np.array(percents) / 100).ravel()
    return torch.from_numpy(rows).to(regions[0].device)


def _quantiles(values: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Quantiles of each row, as ``numpy.quantile`` gives them."""
    place = shares * (values.shape[1] - 1)
    below, above = np.floor(place).astype(int), np.ceil(place).astype(int)
    # NumPy sorts single precision several numbers at once; its partition at ten ranks is slower.
    values = np.sort(values, axis=1)
    low, high = values[:, below].astype(float), values[:, above].astype(float)
    return low + (high - low) * (place - below)


class ColorQuantiles(Descriptor):
    """Colour quantiles of the lesion and of the skin around it.

    30 columns, ``<region>_<channel>_<percent>``: the 5th, 25th, 50th, 75th and 95th percentile
    of L, a and b (CIELAB, D65) inside the lesion, and in all valid pixels outside it.

    See Also
    --------
    color_quantiles : The definition.

    Notes
    -----
    The skin's colour tells of the light and the camera as well as of the skin. An image without
    any skin has zeros there.
    """

    block = "color_quantiles"
    version = 1

    def feature_names(self) -> list[str]:
        """Return ``<region>_<channel>_<percent>``."""
        return [f"{r}_{c}_{p:02d}" for r in REGIONS for c in CHANNELS for p in PERCENTS]

    def describe(self, batch: LesionBatch) -> Tensor:
        """Compute the quantiles, (n, 30) float32."""
        skin = pixels_inside(batch.lab, batch.valid & ~batch.mask)
        regions = (batch.lesion_lab, skin)
        return torch.cat([_quantiles_of(region, PERCENTS) for region in regions], dim=1)
