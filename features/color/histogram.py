"""How the lesion's hue, saturation and value are distributed."""

import torch
from torch import Tensor

from features.batch import LesionBatch
from features.descriptor import Descriptor
from features.regions import pixels_inside

CHANNELS = ("hue", "saturation", "value")


def color_histogram(hsv: Tensor, mask: Tensor, bins: tuple[int, int, int] = (16, 8, 8)) -> Tensor:
    """Histogram of each HSV channel inside the lesion.

    Parameters
    ----------
    hsv : Tensor of shape (n, 3, height, width), float32
        Hue, saturation and value in [0, 1].
    mask : Tensor of shape (n, height, width), bool
        True on the lesion, at least one pixel an image.
    bins : tuple of three int, default=(16, 8, 8)
        Equal bins of each channel.

    Returns
    -------
    Tensor of shape (n, sum(bins)), float32
        Shares of the lesion's pixels; each channel's sum to 1.

    Notes
    -----
    A value on the border of two bins counts in the upper one; 1.0 counts in the last.
    """
    counts = torch.tensor(bins, device=hsv.device)[:, None]
    first = counts.cumsum(dim=0) - counts
    rows = []
    for values in pixels_inside(hsv, mask):
        index = torch.minimum((values * counts).long(), counts - 1) + first
        histogram = torch.bincount(index.flatten(), minlength=sum(bins))
        rows.append(histogram / values.shape[1])
    return torch.stack(rows).float()


class ColorHistogram(Descriptor):
    """Histogram of the lesion's colours in HSV.

    Columns ``<channel>_<bin>``: shares of the lesion's pixels by hue, saturation and value;
    32 by default. The first hue bin starts at red.

    Parameters
    ----------
    bins : tuple of three int, default=(16, 8, 8)
        Equal bins of hue, saturation and value.

    See Also
    --------
    color_histogram : The definition.
    """

    block = "color_histogram"
    version = 1

    def __init__(self, bins: tuple[int, int, int] = (16, 8, 8)):
        self.bins = bins

    def feature_names(self) -> list[str]:
        """Return ``<channel>_<bin>``."""
        pairs = zip(CHANNELS, self.bins, strict=True)
        return [f"{channel}_{i}" for channel, count in pairs for i in range(count)]

    def describe(self, batch: LesionBatch) -> Tensor:
        """Compute the histograms, (n, sum(bins)) float32."""
        return color_histogram(batch.hsv, batch.mask, self.bins)
