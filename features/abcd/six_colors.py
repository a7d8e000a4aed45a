"""C of the ABCD rule: the six dermoscopic colours, and how varied the lesion is."""

import numpy as np
import torch
from torch import Tensor

from features.color_spaces import lab_planes
from features.lesion_shape import region_moments, sectors
from features.regions import pixels_inside

# sRGB, so that one conversion serves references and images alike.
REFERENCES = {
    "white": (255, 255, 255),
    "red": (224, 36, 32),
    "light_brown": (157, 100, 76),
    "dark_brown": (72, 43, 33),
    "blue_gray": (80, 116, 136),
    "black": (8, 6, 6),
}
NAMES = (
    *REFERENCES,
    *("unassigned", "entropy", "blue_white_veil"),
    *("l_std", "a_std", "b_std", "l_sector_range", "a_sector_range", "b_sector_range", "score"),
)

FARTHEST = 50.0  # CIE76; about half the way from black to white
PRESENT = 0.05  # share of the lesion from which a colour counts

_SECTORS = 8


def assign_colors(colors: Tensor, skin_lightness: Tensor) -> Tensor:
    """Nearest dermoscopic colour of each pixel.

    Parameters
    ----------
    colors : Tensor of shape (3, n_pixels), float32
        CIELAB.
    skin_lightness : Tensor, scalar
        L of the surrounding skin; only what is lighter can be white.

    Returns
    -------
    Tensor of shape (n_pixels,), int64
        Position in `REFERENCES`, or 6 where none is near enough.
    """
    swatches = torch.tensor(list(REFERENCES.values()), dtype=torch.uint8, device=colors.device)
    references = lab_planes(swatches[:, :, None, None])[:, :, 0, 0]
    distance = (colors[None] - references[:, :, None]).square().sum(dim=1).sqrt()
    distance[0] = torch.where(colors[0] > skin_lightness, distance[0], torch.inf)
    nearest = distance.min(dim=0)
    return torch.where(nearest.values < FARTHEST, nearest.indices, len(REFERENCES))


def six_colors(lab: Tensor, mask: Tensor, skin: Tensor) -> Tensor:
    """Dermoscopic colours and variegation inside the lesion.

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
    Tensor of shape (n, 16), float32
        Ordered as `NAMES`.

    Notes
    -----
    Each pixel takes the nearest of six reference colours in CIELAB, if it lies within 50 (CIE76).
    The references are ours, chosen between published sets; the shares are of the lesion, and the
    entropy (bits) is that of the assigned ones. White counts only where lighter than the skin.
    `blue_white_veil` is the share with b < -3 and L between 20 and 70. Standard deviations are
    over the lesion's pixels; a sector range is the largest minus the smallest mean of eight
    sectors, counted from the major axis. `score` counts the colours that cover at least 5 %, at
    least 1. All of it presumes that colours are comparable between images: light and camera
    move them.
    """
    lesions, skins = pixels_inside(lab, mask), pixels_inside(lab, skin)
    masks = mask.cpu().numpy()
    return torch.stack([_colors_of_one(*row) for row in zip(lesions, skins, masks, strict=True)])


def _colors_of_one(lesion: Tensor, skin: Tensor, mask: np.ndarray) -> Tensor:
    lightness = skin[0].mean() if skin.shape[1] else lesion.new_tensor(-torch.inf)
    assigned = assign_colors(lesion, lightness)
    counts = torch.bincount(assigned, minlength=len(REFERENCES) + 1)
    shares = counts / lesion.shape[1]
    known = counts[:-1].double()
    entropy = torch.special.entr(known / known.sum().clamp(min=1)).sum() / np.log(2)
    level, _, blue = lesion
    veil = ((blue < -3) & (level > 20) & (level < 70)).float().mean()
    score = (shares[:-1] >= PRESENT).sum().clamp(min=1)
    spread = lesion.double().std(dim=1, correction=0)
    single = torch.stack([entropy.float(), veil])
    return torch.cat([shares, single, spread, _sector_range(lesion, mask), score[None]]).float()


def _sector_range(lesion: Tensor, mask: np.ndarray) -> Tensor:
    """Largest minus smallest sector mean of L, a and b."""
    moments = region_moments(mask)
    y, x = np.nonzero(mask)
    vectors = np.stack([x, y], axis=1) - moments.center
    index = torch.from_numpy(sectors(vectors, moments.axis, _SECTORS)).to(lesion.device)
    counts = torch.bincount(index, minlength=_SECTORS)
    sums = torch.zeros(3, _SECTORS, dtype=torch.float64, device=lesion.device)
    sums.index_add_(1, index, lesion.double())
    means = (sums / counts.clamp(min=1))[:, counts > 0]
    return means.amax(dim=1) - means.amin(dim=1)
