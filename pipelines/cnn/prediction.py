"""What a fitted network says of frames: over mirrored views, and at several sizes."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from features.networks.tta import views
from pipelines.cnn.augmentation import Augmentation

_BATCH = 8


def mean_over_views(
    frames: Tensor,
    network: Callable[[Tensor], Tensor],
    augmentation: Augmentation,
    *,
    sizes: Sequence[int],
    tta: str,
    device: torch.device,
) -> Tensor:
    """Average what a network gives for each frame over its views and sizes.

    Parameters
    ----------
    frames : Tensor of shape (n, 3, size, size), uint8
        RGB.
    network : callable
        Float frames in [0, 255] to (n, width).
    augmentation : Augmentation
        Its part that is free of chance prepares the frames.
    sizes : sequence of int
        Sides that the frames are resized to, in pixels.
    tta : {"none", "flips", "dihedral"}
        As in `views`.
    device : torch.device
        Where the network runs.

    Returns
    -------
    Tensor of shape (n, width), float64
        On the CPU.
    """
    found = []
    with torch.inference_mode():
        for step in frames.split(_BATCH):
            moved = step.to(device)
            each = [
                network(view).double()
                for size in sizes
                for view in views(augmentation.prepare(moved, size), tta)
            ]
            found.append((sum(each) / len(each)).cpu())  # type: ignore[union-attr]
    return torch.cat(found)
