"""Which colours occur in a lesion, as a joint histogram in CIELAB."""

import torch
from torch import Tensor

from features._checks import check_int
from features.batch import LesionBatch
from features.descriptor import Descriptor
from features.regions import pixels_inside

# Where the colours of skin and lesions lie in L*, a* and b*; rarer ones count in the end bins.
LOW = (10.0, -8.0, -16.0)
HIGH = (90.0, 40.0, 48.0)


def joint_color_histogram(lab: Tensor, mask: Tensor, bins: int = 8) -> Tensor:
    """Joint histogram of the lesion's colours in CIELAB.

    Parameters
    ----------
    lab : Tensor of shape (n, 3, height, width), float32
        CIELAB.
    mask : Tensor of shape (n, height, width), bool
        True on the lesion, at least one pixel an image.
    bins : int, default=8
        Equal bins of each channel between `LOW` and `HIGH`.

    Returns
    -------
    Tensor of shape (n, bins ** 3), float32
        Shares of the lesion's pixels, summing to 1; L* varies slowest, b* fastest.

    Raises
    ------
    ValueError
        `bins` is no whole number of at least 1.

    Notes
    -----
    Colours beyond the limits count in the bin at the limit.

    References
    ----------
    Swain & Ballard (1991), International Journal of Computer Vision 7(1), 11-32.
    """
    return _joint_histograms(pixels_inside(lab, mask), bins)


def _joint_histograms(lesions: list[Tensor], bins: int) -> Tensor:
    """Joint histograms of (3, n_pixels) CIELAB values."""
    check_int("bins", bins, 1)
    return torch.stack([_joint_histogram(colors, bins) for colors in lesions])


def _joint_histogram(colors: Tensor, bins: int) -> Tensor:
    low = torch.tensor(LOW, device=colors.device)[:, None]
    high = torch.tensor(HIGH, device=colors.device)[:, None]
    index = ((colors - low) / (high - low) * bins).floor().clamp(0, bins - 1).long()
    cell = (index[0] * bins + index[1]) * bins + index[2]
    return torch.bincount(cell, minlength=bins**3).float() / colors.shape[1]


class JointColorHistogram(Descriptor):
    """Joint histogram of the lesion's colours in CIELAB.

    Columns ``L<i>_a<j>_b<k>``: shares of the lesion's pixels whose colour lies in that cell; 512
    by default. Unlike one histogram a channel it tells which hue goes with which lightness.

    Parameters
    ----------
    bins : int, default=8
        Bins of each channel.

    See Also
    --------
    joint_color_histogram : The definition.
    """

    block = "joint_color_histogram"
    version = 1

    def __init__(self, bins: int = 8):
        self.bins = bins

    def feature_names(self) -> list[str]:
        """Return ``L<i>_a<j>_b<k>``."""
        check_int("bins", self.bins, 1)
        levels = range(self.bins)
        return [f"L{i}_a{j}_b{k}" for i in levels for j in levels for k in levels]

    def describe(self, batch: LesionBatch) -> Tensor:
        """Compute the histograms, (n, bins ** 3) float32."""
        return _joint_histograms(batch.lesion_lab, self.bins)
