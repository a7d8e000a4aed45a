"""The lesion's colour against the skin around it."""

import torch
from torch import Tensor

from features.batch import LesionBatch
from features.descriptor import Descriptor
from features.regions import pixels_inside, surroundings

NAMES = (
    *("difference_l", "difference_a", "difference_b", "delta_e_76", "delta_e_2000"),
    *("skin_l", "skin_a", "skin_b", "skin_l_std", "skin_a_std", "skin_b_std"),
)


def skin_contrast(lab: Tensor, mask: Tensor, skin: Tensor) -> Tensor:
    """Colour difference between the lesion and its skin.

    Parameters
    ----------
    lab : Tensor of shape (n, 3, height, width), float32
        CIELAB.
    mask : Tensor of shape (n, height, width), bool
        True on the lesion, at least one pixel an image.
    skin : Tensor of shape (n, height, width), bool
        True on the skin to compare with; may be empty.

    Returns
    -------
    Tensor of shape (n, 11), float32
        In CIELAB units, ordered as `NAMES`; zeros where there is no skin.
    """
    return _contrasts(pixels_inside(lab, mask), pixels_inside(lab, skin))


def _contrasts(lesions: list[Tensor], skins: list[Tensor]) -> Tensor:
    """Compare lesions and skins of (3, n_pixels) colours each."""
    inside = torch.stack([colors.double().mean(dim=1) for colors in lesions])
    outside, spread = torch.stack([_mean_and_spread(colors) for colors in skins]).unbind(dim=1)
    difference = inside - outside
    delta_76 = difference.norm(dim=1, keepdim=True)
    delta_2000 = delta_e_2000(inside.T, outside.T)[:, None]
    contrast = torch.cat([difference, delta_76, delta_2000, outside, spread], dim=1).float()
    found = torch.tensor([colors.shape[1] > 0 for colors in skins], device=contrast.device)
    return torch.where(found[:, None], contrast, 0.0)


def _mean_and_spread(colors: Tensor) -> Tensor:
    """Mean and standard deviation of (3, n_pixels) colours, (2, 3) float64; zeros of none."""
    colors, count = colors.double(), max(colors.shape[1], 1)
    mean = colors.sum(dim=1) / count
    spread = ((colors - mean[:, None]).square().sum(dim=1) / count).sqrt()
    return torch.stack([mean, spread])


def delta_e_2000(first: Tensor, second: Tensor) -> Tensor:
    """CIEDE2000 colour difference.

    Parameters
    ----------
    first, second : Tensor of shape (3, ...), float
        CIELAB colours.

    Returns
    -------
    Tensor of shape (...)
        The difference, with all parametric factors 1.

    References
    ----------
    Sharma, Wu & Dalal (2005), Color Research & Application 30(1), 21-30.
    """
    (l1, a1, b1), (l2, a2, b2) = first, second
    # a is stretched for near-greys, by the mean chroma.
    stretch = 1.5 - 0.5 * _saturation((torch.hypot(a1, b1) + torch.hypot(a2, b2)) / 2)
    (c1, h1), (c2, h2) = _polar(a1 * stretch, b1), _polar(a2 * stretch, b2)
    no_hue = c1 * c2 == 0
    turn = h2 - h1
    turn = torch.where(turn > torch.pi, turn - 2 * torch.pi, turn)
    turn = torch.where(turn < -torch.pi, turn + 2 * torch.pi, turn)
    turn = torch.where(no_hue, torch.zeros_like(turn), turn)
    dl, dc, dh = l2 - l1, c2 - c1, 2 * (c1 * c2).sqrt() * (turn / 2).sin()
    lightness, chroma = (l1 + l2) / 2, (c1 + c2) / 2
    hue = torch.where(no_hue, h1 + h2, _mean_hue(h1, h2))
    off = (lightness - 50).square()
    sl = 1 + 0.015 * off / (20 + off).sqrt()
    sc = 1 + 0.045 * chroma
    sh = 1 + 0.015 * chroma * _hue_weight(hue)
    bend = torch.deg2rad(60 * torch.exp(-((torch.rad2deg(hue) - 275) / 25).square()))
    rotation = -2 * _saturation(chroma) * bend.sin()
    dl, dc, dh = dl / sl, dc / sc, dh / sh
    return (dl**2 + dc**2 + dh**2 + rotation * dc * dh).clamp(min=0).sqrt()


def _saturation(chroma: Tensor) -> Tensor:
    """Near 0 for greys, near 1 for vivid colours."""
    seventh = chroma.pow(7)
    return (seventh / (seventh + 25.0**7)).sqrt()


def _polar(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Chroma and hue in [0, 2 pi)."""
    return torch.hypot(a, b), torch.atan2(b, a) % (2 * torch.pi)


def _mean_hue(h1: Tensor, h2: Tensor) -> Tensor:
    """Mean of two hues the short way round."""
    total = h1 + h2
    far = (h1 - h2).abs() > torch.pi
    turned = torch.where(total < 2 * torch.pi, total + 2 * torch.pi, total - 2 * torch.pi)
    return torch.where(far, turned, total) / 2


def _hue_weight(hue: Tensor) -> Tensor:
    return (
        1
        - 0.17 * (hue - torch.pi / 6).cos()
        + 0.24 * (2 * hue).cos()
        + 0.32 * (3 * hue + torch.pi / 30).cos()
        - 0.20 * (4 * hue - 63 * torch.pi / 180).cos()
    )


class SkinContrast(Descriptor):
    """The lesion's mean colour against the ring of skin around it.

    11 columns in CIELAB units (D65): lesion minus skin in L, a and b, the colour differences
    CIE76 and CIEDE2000 of the two means, and the skin's own mean and standard deviation.

    See Also
    --------
    skin_contrast : The definition.

    Notes
    -----
    Where the ring is empty, because the lesion fills the frame or dark corners cover it, all
    valid pixels outside the lesion stand in; where there are none, all columns are 0.
    """

    block = "skin_contrast"
    version = 1

    def feature_names(self) -> list[str]:
        """Return `NAMES`."""
        return list(NAMES)

    def describe(self, batch: LesionBatch) -> Tensor:
        """Compute the contrast, (n, 11) float32."""
        skin = surroundings(batch.skin, batch.mask, batch.valid)
        return _contrasts(batch.lesion_lab, pixels_inside(batch.lab, skin))
