"""Pixels on the scale that a network was trained on."""

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor

# (mean, std) of pixels in [0, 1].
_SCHEMES = {
    "unit": ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0)),
    "symmetric": ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
}


def normalize(
    frames: Tensor,
    scheme: Literal["unit", "symmetric"] | tuple[Sequence[float], Sequence[float]],
) -> Tensor:
    """Scale frames for a network.

    Parameters
    ----------
    frames : Tensor of shape (n, 3, height, width), uint8 or float32
        RGB in [0, 255]; left as they are.
    scheme : {"unit", "symmetric"} or tuple of (mean, std)
        To [0, 1], to [-1, 1], or a backbone's own: (frames / 255 - mean) / std, by channel.

    Returns
    -------
    Tensor of the same shape, float32, channels last
        Scaled.

    Raises
    ------
    ValueError
        An unknown scheme, or frames of another type.

    Examples
    --------
    >>> pixel = torch.tensor([0, 51, 255], dtype=torch.uint8).view(1, 3, 1, 1)
    >>> normalize(pixel, "symmetric").flatten()
    tensor([-1.0000, -0.6000,  1.0000])
    """
    if isinstance(scheme, str) and scheme not in _SCHEMES:
        raise ValueError(f"`scheme` must be 'unit', 'symmetric' or (mean, std), got {scheme!r}.")
    if frames.dtype not in (torch.uint8, torch.float32):
        raise ValueError(f"Expected frames in [0, 255], uint8 or float32, got {frames.dtype}.")
    mean, std = _SCHEMES[scheme] if isinstance(scheme, str) else scheme
    floats = frames.contiguous(memory_format=torch.channels_last) / 255
    floats.sub_(torch.tensor(mean, device=frames.device)[:, None, None])
    return floats.div_(torch.tensor(std, device=frames.device)[:, None, None])
