"""How colour changes from the core of a lesion to the skin around it."""

import numpy as np
import torch
from torch import Tensor

from features._opencv import cv2
from features.batch import LesionBatch
from features.descriptor import Descriptor
from features.regions import pixels_inside

ZONES = ("core", "middle", "rim", "ring", "skin")
# Depth, as a share of the lesion's deepest point, at which the core and the rim end.
_CORE, _RIM = 0.6, 0.25


def lesion_zones(mask: Tensor, ring: Tensor, valid: Tensor) -> Tensor:
    """Concentric zones of a lesion and its surroundings.

    Parameters
    ----------
    mask : Tensor of shape (n, height, width), bool
        True on the lesion, at least one pixel an image.
    ring : Tensor of shape (n, height, width), bool
        The ring of skin around it.
    valid : Tensor of shape (n, height, width), bool
        True on real pixels inside the field of view.

    Returns
    -------
    Tensor of shape (n, 5, height, width), bool
        Ordered as `ZONES`: depth (distance to the border over its maximum) above 0.6, between,
        and up to 0.25; the ring; and all skin. A zone may be empty.
    """
    depth = torch.from_numpy(np.stack([_depth(plane) for plane in mask.cpu().numpy()]))
    depth = depth.to(mask.device)
    core, rim = depth > _CORE**2, mask & (depth <= _RIM**2)
    return torch.stack([core, mask & ~(core | rim), rim, ring, valid & ~mask], dim=1)


def _depth(mask: np.ndarray) -> np.ndarray:
    """Squared distance to the border over that of the deepest point; 0 outside."""
    (top, bottom), (left, right) = (np.flatnonzero(mask.any(axis=axis))[[0, -1]] for axis in (1, 0))
    # Beyond the canvas there is no lesion either.
    inside = mask[top : bottom + 1, left : right + 1].astype(np.uint8)
    padded = cv2.copyMakeBorder(inside, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    distance = cv2.distanceTransform(padded, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)[1:-1, 1:-1]
    # Squares are whole numbers; OpenCV's roots differ in the last digit from call to call.
    squared = np.rint(np.square(distance.astype(np.float64)))
    depth = np.zeros(mask.shape)
    depth[top : bottom + 1, left : right + 1] = squared / squared.max()
    return depth


def zonal_color(lab: Tensor, zones: Tensor) -> Tensor:
    """Mean and spread of colour in each zone, and the steps from zone to zone.

    Parameters
    ----------
    lab : Tensor of shape (n, 3, height, width), float32
        CIELAB.
    zones : Tensor of shape (n, n_zones, height, width), bool
        From the inside out.

    Returns
    -------
    Tensor of shape (n, 9 * n_zones - 3), float32
        For each zone the means and standard deviations of L*, a* and b*, then for each zone but
        the last its means minus those of the next one out. An empty zone takes the mean of the
        next one in (its spread is 0), so that it makes no step.
    """
    regions = [pixels_inside(lab, zone) for zone in zones.unbind(dim=1)]
    area = torch.tensor([[colors.shape[1] for colors in zone] for zone in regions]).T
    area = area.to(lab.device)[:, :, None]
    stats = [torch.stack([_mean_and_spread(colors) for colors in zone]) for zone in regions]
    mean, spread = torch.stack(stats, dim=1).unbind(dim=2)
    filled = [_first_filled(mean, area)]
    for i in range(zones.shape[1]):
        filled.append(torch.where(area[:, i] > 0, mean[:, i], filled[-1]))
    mean = torch.stack(filled[1:], dim=1)
    steps = mean[:, :-1] - mean[:, 1:]
    both = torch.cat([mean, spread], dim=2)
    return torch.cat([both.flatten(1), steps.flatten(1)], dim=1)


def _mean_and_spread(colors: Tensor) -> Tensor:
    """Means and standard deviations of (3, n_pixels) colours, (2, 3); zeros of none."""
    if not colors.shape[1]:
        return colors.new_zeros(2, 3)
    mean = colors.mean(dim=1)
    return torch.stack([mean, (colors - mean[:, None]).square().mean(dim=1).sqrt()])


def _first_filled(mean: Tensor, area: Tensor) -> Tensor:
    """Mean of the innermost zone that has pixels."""
    first = (area.squeeze(2) > 0).int().argmax(dim=1)
    return mean[torch.arange(len(mean), device=mean.device), first]


class ZonalColor(Descriptor):
    """Colour from the core of the lesion to the skin around it, in CIELAB.

    Columns ``<zone>_<L|a|b>_<mean|std>`` for the zones core, middle and rim of the lesion, the
    ring around it and all skin, and ``<zone>_<L|a|b>_step`` to the next zone outwards; 42 in all.

    See Also
    --------
    zonal_color : The definition.
    """

    block = "zonal_color"
    version = 1

    def feature_names(self) -> list[str]:
        """Return ``<zone>_<channel>_<measure>``."""
        stats = [f"{z}_{c}_{s}" for z in ZONES for s in ("mean", "std") for c in "Lab"]
        return stats + [f"{zone}_{c}_step" for zone in ZONES[:-1] for c in "Lab"]

    def describe(self, batch: LesionBatch) -> Tensor:
        """Compute the colours, (n, 42) float32."""
        return zonal_color(batch.lab, lesion_zones(batch.mask, batch.skin, batch.valid))
