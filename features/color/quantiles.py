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
    """
    shares = np.array(percents) / 100
    rows = np.zeros((len(lab), 3 * len(percents)), dtype=np.float32)
    for row, values in zip(rows, pixels_inside(lab, mask), strict=True):
        if values.shape[1]:
            # NumPy selects where torch sorts.
            row[:] = np.quantile(values.cpu().numpy(), shares, axis=1).T.ravel()
    return torch.from_numpy(rows).to(lab.device)


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
        regions = (batch.mask, batch.valid & ~batch.mask)
        return torch.cat([color_quantiles(batch.lab, region) for region in regions], dim=1)
