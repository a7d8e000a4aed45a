"""Statistical moments of the lesion's colours."""

import math

import numpy as np
import torch
from torch import Tensor

from features._opencv import cv2
from features.batch import LesionBatch
from features.descriptor import Descriptor
from features.regions import pixels_inside

CHANNELS = (
    *("red", "green", "blue"),
    *("hue", "saturation", "value"),
    *("lab_l", "lab_a", "lab_b"),
    *("luma", "cb", "cr"),
)
STATISTICS = ("mean", "std", "skew", "kurtosis", "entropy")

_HUE = CHANNELS.index("hue")
# Scale and offset that bring each channel to 8 bits for the entropy.
_TO_EIGHT_BIT = ((1, 0),) * 3 + ((255, 0),) * 3 + ((2.55, 0), (1, 128), (1, 128)) + ((1, 0),) * 3
# Below this variance (in 8-bit units) a channel is constant, not skewed by rounding.
_FLAT = 1e-6


def color_moments(rgb: Tensor, hsv: Tensor, lab: Tensor, ycbcr: Tensor, mask: Tensor) -> Tensor:
    """Mean, spread, skew, kurtosis and entropy of each colour channel inside the lesion.

    Parameters
    ----------
    rgb : Tensor of shape (n, 3, height, width), uint8
        RGB.
    hsv, lab, ycbcr : Tensor of shape (n, 3, height, width), float32
        The same pixels as `features.color_spaces` converts them.
    mask : Tensor of shape (n, height, width), bool
        True on the lesion, at least one pixel an image.

    Returns
    -------
    Tensor of shape (n, 60), float32
        Five statistics a channel, ordered as `CHANNELS` and `STATISTICS`.

    Notes
    -----
    Skew and excess kurtosis are the standardised ones, without correction for bias, and 0 for
    a constant channel. Entropy is in bits, over the channel's 256 8-bit levels. Hue is an
    angle: its mean and standard deviation are circular, in turns, the mean in [-0.5, 0.5) so
    that red, the hue of skin, is 0 and not cut in two; its skew and kurtosis are those of the
    turns away from that mean.

    Sums are in single precision about the mean, which is then corrected: within 1e-4 of double
    precision, of a column's usual size. A pixel halfway between two levels may count in either,
    which moves an entropy by a few bits over the number of pixels.

    References
    ----------
    Stricker & Orengo (1995), Proc. SPIE 2420, 381-392.
    """
    spaces = (pixels_inside(planes, mask) for planes in (rgb, hsv, lab, ycbcr))
    return _moments(*spaces)


def _moments(*spaces: list[Tensor]) -> Tensor:
    """Statistics of lesions whose pixels are gathered, in each colour space."""
    lesions = [torch.cat(parts) for parts in zip(*spaces, strict=True)]
    circles = torch.stack([_circular(values[_HUE]) for values in lesions])
    rows = zip(lesions, circles[:, 0], strict=True)
    powers = torch.stack([_central_moments(values, hue_mean) for values, hue_mean in rows])
    mean, variance, third, fourth = powers.unbind(dim=1)
    scale = torch.tensor(_TO_EIGHT_BIT, dtype=torch.float64, device=mean.device)[:, 0]
    flat = variance * scale.square() < _FLAT
    safe = torch.where(flat, 1.0, variance)
    skew = torch.where(flat, 0.0, third / (safe * safe.sqrt()))
    kurtosis = torch.where(flat, 0.0, fourth / safe.square() - 3)
    std = variance.sqrt()
    std[:, _HUE] = circles[:, 1]
    entropy = torch.stack([_entropy(values) for values in lesions])
    return torch.stack([mean, std, skew, kurtosis, entropy], dim=2).flatten(1).float()


def _central_moments(values: Tensor, hue_mean: Tensor) -> Tensor:
    """Mean and second to fourth central moment of (12, n_pixels) float32 values.

    (4, 12) float64. Those of hue are about `hue_mean`.
    """
    count = values.shape[1]
    center = values.mean(dim=1)
    center[_HUE] = hue_mean
    centred = values - center[:, None]
    centred[_HUE] -= centred[_HUE].round()
    square = centred.square()
    shift, second = centred.mean(dim=1).double(), square.mean(dim=1).double()
    third = torch.linalg.vecdot(square, centred).double() / count
    fourth = torch.linalg.vecdot(square, square).double() / count
    # In single precision the centre lies a little off the mean; that is taken out again.
    shift[_HUE] = 0
    variance = (second - shift.square()).clamp(min=0)
    third = third - 3 * shift * second + 2 * shift**3
    fourth = fourth - 4 * shift * third - 6 * shift.square() * variance - shift**4
    return torch.stack([center + shift, variance, third, fourth])


def _circular(turns: Tensor) -> Tensor:
    """Circular mean in [-0.5, 0.5) and circular standard deviation, both in turns."""
    angle = turns * (2 * torch.pi)
    x, y = angle.cos().mean().double(), angle.sin().mean().double()
    mean = (torch.atan2(y, x) / (2 * torch.pi) + 0.5) % 1.0 - 0.5
    # By its distance from 1: of hues that are nearly one, the length itself is 1 but for a digit.
    off = 2 * torch.sin((turns - mean.float()) * torch.pi).square().mean().double()
    shorter = torch.minimum(off, torch.full_like(off, 1 - 1e-6))
    return torch.stack([mean, (-2 * torch.log1p(-shorter)).sqrt() / (2 * torch.pi)])


def _entropy(values: Tensor) -> Tensor:
    """Shannon entropy in bits of each channel's 8-bit histogram."""
    counts = _level_counts(values) if values.is_cuda else _level_counts_on_cpu(values)
    return torch.special.entr(counts.double() / values.shape[1]).sum(dim=1) / math.log(2)


def _level_counts(values: Tensor) -> Tensor:
    rescale = torch.tensor(_TO_EIGHT_BIT, device=values.device)
    levels = (values * rescale[:, :1] + rescale[:, 1:]).round().clamp(0, 255).long()
    first = 256 * torch.arange(len(levels), device=levels.device)[:, None]
    counts = torch.bincount((levels + first).flatten(), minlength=256 * len(levels))
    return counts.view(len(levels), 256)


def _level_counts_on_cpu(values: Tensor) -> Tensor:
    counts = np.empty((len(values), 256), dtype=np.float32)
    for row, channel, (scale, offset) in zip(counts, values.numpy(), _TO_EIGHT_BIT, strict=True):
        levels = cv2.convertScaleAbs(channel[None], alpha=scale, beta=offset)
        row[:] = cv2.calcHist([levels], [0], None, [256], [0, 256]).ravel()
    return torch.from_numpy(counts)


class ColorMoments(Descriptor):
    """Moments of the lesion's colours in RGB, HSV, CIELAB and YCbCr.

    60 columns, ``<channel>_<statistic>``: mean, standard deviation, skew, excess kurtosis and
    8-bit entropy of twelve channels inside the lesion. RGB is in [0, 255], HSV in [0, 1] (hue
    in turns, circular), L in [0, 100], a and b in CIELAB units, YCbCr as ITU-R BT.601.

    See Also
    --------
    color_moments : The definition.
    """

    block = "color_moments"
    version = 2

    def feature_names(self) -> list[str]:
        """Return ``<channel>_<statistic>``."""
        return [f"{channel}_{statistic}" for channel in CHANNELS for statistic in STATISTICS]

    def describe(self, batch: LesionBatch) -> Tensor:
        """Compute the moments, (n, 60) float32."""
        spaces = (batch.lesion_rgb, batch.lesion_hsv, batch.lesion_lab, batch.lesion_ycbcr)
        return _moments(*spaces)
