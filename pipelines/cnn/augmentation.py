"""Random changes of the frames a network is trained on, drawn apart from being applied."""

import math
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

MAX_SHIFT = 0.08  # of the frame's side
MAX_ZOOM = 0.25  # natural logarithm: 0.78 to 1.28 times
MAX_TONE = 0.2  # of brightness, contrast and saturation
MAX_CAST = 0.06  # of each channel's gain: another lamp, another camera

_LUMA = (0.299, 0.587, 0.114)


class Changes(NamedTuple):
    """What is done to each of n frames.

    Parameters
    ----------
    matrices : Tensor of shape (n, 2, 3), float32
        From places in the new frame to places in the old one, both in [-1, 1]: a mirror, any
        rotation, a zoom and a shift. A lesion has no upper side.
    gains : Tensor of shape (n, 3), float32
        Factor of each channel, brightness included.
    contrast, saturation : Tensor of shape (n,), float32
        Factors of the distance from the frame's mean grey, and of each pixel from its own.
    """

    matrices: Tensor
    gains: Tensor
    contrast: Tensor
    saturation: Tensor


def draw_changes(n: int, generator: torch.Generator) -> Changes:
    """Draw the changes of n frames.

    Parameters
    ----------
    n : int
        Number of frames.
    generator : torch.Generator
        On the CPU; the only source of chance.

    Returns
    -------
    Changes
        On the CPU.
    """

    def uniform(limit: float, *shape: int) -> Tensor:
        return (2 * torch.rand(n, *shape, generator=generator) - 1) * limit

    angle, zoom, shift = uniform(math.pi), uniform(MAX_ZOOM).exp(), uniform(2 * MAX_SHIFT, 2)
    mirror = torch.where(uniform(1) < 0, -1.0, 1.0)
    cosine, sine = angle.cos() / zoom, angle.sin() / zoom
    matrices = torch.stack(
        [
            torch.stack([mirror * cosine, -mirror * sine, shift[:, 0]], dim=1),
            torch.stack([sine, cosine, shift[:, 1]], dim=1),
        ],
        dim=1,
    )
    gains = (1 + uniform(MAX_TONE, 1)) * (1 + uniform(MAX_CAST, 3))
    return Changes(matrices, gains, 1 + uniform(MAX_TONE), 1 + uniform(MAX_TONE))


def apply_changes(frames: Tensor, changes: Changes, fill: tuple[int, int, int]) -> Tensor:
    """Change frames.

    Parameters
    ----------
    frames : Tensor of shape (n, 3, size, size), uint8
        RGB.
    changes : Changes
        Of as many frames.
    fill : tuple of three int
        RGB of what comes from beyond the frame.

    Returns
    -------
    Tensor of the same shape, float32, on the same device
        In [0, 255].
    """
    matrices, gains, contrast, saturation = (part.to(frames.device) for part in changes)
    beyond = torch.tensor(fill, dtype=torch.float32, device=frames.device)[:, None, None]
    luma = torch.tensor(_LUMA, device=frames.device)[:, None, None]
    grid = functional.affine_grid(matrices, list(frames.shape), align_corners=False)
    # Sampling pads with zeros: taken from the fill's colour, they become it.
    moved = functional.grid_sample(frames - beyond, grid, align_corners=False).add_(beyond)
    moved *= gains[:, :, None, None]
    gray = (moved * luma).sum(dim=1, keepdim=True)
    middle = gray.mean(dim=(2, 3), keepdim=True)
    moved = gray + (moved - gray) * saturation[:, None, None, None]
    return ((moved - middle) * contrast[:, None, None, None] + middle).clamp_(0, 255)
