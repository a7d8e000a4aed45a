"""CutMix: a rectangle of one frame of the batch pasted into another, the labels mixed alike."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor


class Patch(NamedTuple):
    """What is pasted into one frame.

    Parameters
    ----------
    partner : int
        Where in the batch it is cut from.
    top, bottom, left, right : int
        Its place in both frames, in pixels; the ends are left out.
    """

    partner: int
    top: int
    bottom: int
    left: int
    right: int


def draw_patch(
    place: int, n: int, size: int, chance: float, rng: np.random.Generator
) -> Patch | None:
    """Draw what is pasted into one frame of a batch.

    Parameters
    ----------
    place : int
        Of the frame in the batch.
    n : int
        Frames in the batch.
    size : int
        Side of the frames, in pixels.
    chance : float
        That anything is pasted, in [0, 1].
    rng : numpy.random.Generator
        The only source of chance.

    Returns
    -------
    Patch or None
        Its share of the frame is uniform in [0, 1] and its middle lies anywhere; what hangs over
        the edge is cut off. None where nothing is pasted, as in a batch of one.

    References
    ----------
    Yun et al. (2019), CutMix, ICCV, with alpha = 1. The rule of the box is that of torchvision's
    `v2.CutMix`, which draws one box for the whole batch from torch's global generator.
    """
    draws = rng.random(5)
    if draws[0] >= chance or n < 2:
        return None
    half = int(math.sqrt(draws[1]) * size / 2)
    x, y = (int(draw * size) for draw in draws[2:4])
    partner = (place + 1 + int(draws[4] * (n - 1))) % n
    return Patch(
        partner, max(y - half, 0), min(y + half, size), max(x - half, 0), min(x + half, size)
    )


def paste_patches(
    frames: Tensor, targets: Tensor, patches: Sequence[Patch | None]
) -> tuple[Tensor, Tensor]:
    """Paste patches, and mix the targets by the share of pixels.

    Parameters
    ----------
    frames : Tensor of shape (n, 3, size, size)
        RGB; not changed.
    targets : Tensor of shape (n, k), float32
        Of each class its share, in [0, 1]; not changed.
    patches : sequence of n Patch or None
        One a frame.

    Returns
    -------
    frames, targets : Tensor of the same shapes
        Patches are cut from frames as they came in.
    """
    mixed, mixed_targets = frames.clone(), targets.clone()
    for place, patch in enumerate(patches):
        if patch is None:
            continue
        box = (slice(patch.top, patch.bottom), slice(patch.left, patch.right))
        mixed[place][:, *box] = frames[patch.partner][:, *box]
        share = (patch.bottom - patch.top) * (patch.right - patch.left) / frames[0, 0].numel()
        mixed_targets[place] = torch.lerp(targets[place], targets[patch.partner], share)
    return mixed, mixed_targets
