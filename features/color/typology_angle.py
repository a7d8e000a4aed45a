"""Individual typology angle of the skin around the lesion."""

import torch
from torch import Tensor

from features.batch import LesionBatch
from features.color.quantiles import color_quantiles
from features.color_spaces import lab_planes
from features.descriptor import Descriptor

NAMES = ("angle", "skin_l", "skin_b", "valid")

# Fewer pixels of skin than this, on a canvas of tens of thousands, tell of its edge alone.
LEAST_SKIN = 100


def typology_angle(lightness: Tensor, yellow: Tensor) -> Tensor:
    """Individual typology angle of a skin's colour.

    Parameters
    ----------
    lightness, yellow : Tensor of the same shape, float
        L and b (CIELAB, D65).

    Returns
    -------
    Tensor of the same shape
        ``arctan((L - 50) / b)`` in degrees, in (-90, 90); NaN where b is not above 0, as under
        a blue cast: there the angle jumps and means nothing.

    References
    ----------
    Chardon, Cretois & Hourseau (1991), International Journal of Cosmetic Science 13(4), 191-208.
    """
    angle = torch.rad2deg(torch.atan2(lightness - 50, yellow))
    return torch.where(yellow > 0, angle, torch.nan)


def skin_typology(original: Tensor, pixels: Tensor, mask: Tensor, valid: Tensor) -> Tensor:
    """Typology angle of the skin around each lesion, from its median colour.

    Parameters
    ----------
    original : Tensor of shape (n, 3, height, width), uint8
        RGB, before hair removal and colour constancy.
    pixels : Tensor of shape (n, 3, height, width), uint8
        RGB, after them.
    mask : Tensor of shape (n, height, width), bool
        True on the lesion.
    valid : Tensor of shape (n, height, width), bool
        True on real pixels inside the field of view.

    Returns
    -------
    Tensor of shape (n, 4), float32
        The angle in degrees, the medians of L and b, and 1 where the angle is valid, else 0.
        The angle is NaN where b is not above 0; all but the flag are NaN where fewer than 100
        pixels are skin.

    Notes
    -----
    Hair is where `original` and `pixels` differ, and is left out as long as half of the skin is
    left. After colour constancy they differ nearly everywhere: hair then stays in, where it
    darkens the median a little.
    """
    skin = valid & ~mask
    bare = skin & (original == pixels).all(dim=1)
    enough = 2 * bare.sum(dim=(1, 2)) >= skin.sum(dim=(1, 2))
    chosen = torch.where(enough[:, None, None], bare, skin)
    little = chosen.sum(dim=(1, 2)) < LEAST_SKIN
    medians = color_quantiles(lab_planes(original), chosen, percents=(50,))
    lightness, _, yellow = torch.where(little[:, None], torch.nan, medians).unbind(dim=1)
    angle = typology_angle(lightness, yellow)
    return torch.stack([angle, lightness, yellow, (~angle.isnan()).float()], dim=1)


class SkinTypology(Descriptor):
    """Individual typology angle (ITA) of the skin around the lesion.

    4 columns: `angle` in degrees (lighter skin is higher), `skin_l` and `skin_b`, the medians of
    L and b (CIELAB, D65) that it is made of, and `valid`, 1 where there is an angle and 0 where
    there is none. The first three may be NaN.

    See Also
    --------
    skin_typology : The definition.
    typology_angle : The angle of one colour.

    Notes
    -----
    It measures the camera as much as the skin. Taken before colour constancy, it carries the
    light, the exposure and the white balance of the dermatoscope, and a blue cast makes it
    invalid: of 250 images drawn from each source of HAM10000, 71 % of one (`vidir_modern`) and
    7 % of another (`vidir_molemax`). It is no person's skin tone, nor a Fitzpatrick type, and
    the published tables that cut it into classes disagree with each other, so none is applied.
    It is in no default recipe: use it to describe a collection, or to see whether a model leans
    on it.
    """

    block = "skin_typology"
    version = 1

    def feature_names(self) -> list[str]:
        """Return `NAMES`."""
        return list(NAMES)

    def nullable_names(self) -> list[str]:
        """Return all names but that of the flag."""
        return list(NAMES[:-1])

    def describe(self, batch: LesionBatch) -> Tensor:
        """Compute the angle, (n, 4) float32."""
        return skin_typology(batch.original, batch.pixels, batch.mask, batch.valid)
