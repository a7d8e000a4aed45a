"""Statistical moments of the lesion's colours."""

import math

import torch
from torch import Tensor

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

    References
    ----------
    Stricker & Orengo (1995), Proc. SPIE 2420, 381-392.
    """
    gathered = zip(*(pixels_inside(planes, mask) for planes in (rgb, hsv, lab, ycbcr)), strict=True)
    return torch.stack([_moments(torch.cat([p.double() for p in parts])) for parts in gathered])


def _moments(values: Tensor) -> Tensor:
    """Statistics of (12, n_pixels) float64 values, flattened."""
    entropy = _entropy(values)
    mean = values.mean(dim=1)
    hue_mean, hue_std = _circular(values[_HUE])
    mean[_HUE] = hue_mean
    centred = values - mean[:, None]
    centred[_HUE] = (centred[_HUE] + 0.5) % 1.0 - 0.5
    square = centred.square()
    variance = square.mean(dim=1)
    scale = torch.tensor(_TO_EIGHT_BIT, dtype=values.dtype, device=values.device)[:, 0]
    flat = variance * scale.square() < _FLAT
    safe = torch.where(flat, 1.0, variance)
    skew = torch.where(flat, 0.0, (square * centred).mean(dim=1) / safe.pow(1.5))
    kurtosis = torch.where(flat, 0.0, square.square().mean(dim=1) / safe.square() - 3)
    std = variance.sqrt()
    std[_HUE] = hue_std
    return torch.stack([mean, std, skew, kurtosis, entropy], dim=1).flatten().float()


def _circular(turns: Tensor) -> tuple[Tensor, Tensor]:
    """Circular mean in [-0.5, 0.5) and circular standard deviation, both in turns."""
    angle = turns * (2 * torch.pi)
    x, y = angle.cos().mean(), angle.sin().mean()
    # Hues spread all round have no mean direction; the floor keeps their deviation finite.
    length = torch.hypot(x, y).clamp(1e-6, 1.0)
    mean = (torch.atan2(y, x) / (2 * torch.pi) + 0.5) % 1.0 - 0.5
    return mean, (-2 * length.log()).sqrt() / (2 * torch.pi)


def _entropy(values: Tensor) -> Tensor:
    """Shannon entropy in bits of each channel's 8-bit histogram."""
    rescale = torch.tensor(_TO_EIGHT_BIT, dtype=values.dtype, device=values.device)
    levels = (values * rescale[:, :1] + rescale[:, 1:]).round().clamp(0, 255).long()
    first = 256 * torch.arange(len(levels), device=levels.device)[:, None]
    counts = torch.bincount((levels + first).flatten(), minlength=256 * len(levels))
    share = counts.view(len(levels), 256).double() / values.shape[1]
    return torch.special.entr(share).sum(dim=1) / math.log(2)


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
    version = 1

    def feature_names(self) -> list[str]:
        """Return ``<channel>_<statistic>``."""
        return [f"{channel}_{statistic}" for channel in CHANNELS for statistic in STATISTICS]

    def describe(self, batch: LesionBatch) -> Tensor:
        """Compute the moments, (n, 60) float32."""
        return color_moments(batch.pixels, batch.hsv, batch.lab, batch.ycbcr, batch.mask)
