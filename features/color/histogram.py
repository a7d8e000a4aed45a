"""How the lesion's hue, saturation and value are distributed."""

from collections.abc import Sequence

import torch
from torch import Tensor

from features._checks import is_int
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

    Raises
    ------
    ValueError
        `bins` are not three whole numbers of at least 1.

    Notes
    -----
    A value on the border of two bins counts in the upper one; 1.0 counts in the last.
    """
    return _histograms(pixels_inside(hsv, mask), bins)


def _histograms(lesions: list[Tensor], bins: tuple[int, int, int]) -> Tensor:
    """Histograms of (3, n_pixels) HSV values."""
    _check_bins(bins)
    return torch.stack([_histogram(values, bins) for values in lesions])


def _check_bins(bins: object) -> None:
    counts = bins if isinstance(bins, Sequence) else ()
    if len(counts) != len(CHANNELS) or not all(is_int(count, 1) for count in counts):
        raise ValueError(f"`bins` must be three ints >= 1, one a channel, got {bins!r}.")


def _histogram(values: Tensor, bins: tuple[int, int, int]) -> Tensor:
    counts = torch.tensor(bins, dtype=torch.int32, device=values.device)[:, None]
    index = torch.minimum((values * counts).int(), counts - 1)
    parts = [torch.bincount(row, minlength=count) for row, count in zip(index, bins, strict=True)]
    return torch.cat(parts).float() / values.shape[1]


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
        _check_bins(self.bins)
        pairs = zip(CHANNELS, self.bins, strict=True)
        return [f"{channel}_{i}" for channel, count in pairs for i in range(count)]

    def describe(self, batch: LesionBatch) -> Tensor:
        """Compute the histograms, (n, sum(bins)) float32."""
        return _histograms(batch.lesion_hsv, self.bins)
