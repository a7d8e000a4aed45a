"""Pixels on the scale that a network was trained on."""

from collections.abc import Sequence

import torch
from torch import Tensor

Triple = tuple[float, float, float]
# A name, or (mean, std) of pixels in [0, 1].
Scheme = str | tuple[Sequence[float], Sequence[float]]

_SCHEMES: dict[str, tuple[Triple, Triple]] = {
    "imagenet": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    "symmetric": ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
    "unit": ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0)),
}
SCHEMES = tuple(_SCHEMES)


def mean_and_std(scheme: Scheme) -> tuple[Triple, Triple]:
    """Mean and standard deviation, by channel, that pixels in [0, 1] are scaled with.

    Parameters
    ----------
    scheme : {"imagenet", "symmetric", "unit"} or tuple of (mean, std)
        ImageNet's own, 0.5 for all six numbers (to [-1, 1]), nothing (to [0, 1]), or as given.

    Returns
    -------
    tuple of (mean, std)
        Three floats each.

    Raises
    ------
    ValueError
        Neither of these.

    Examples
    --------
    >>> mean_and_std("symmetric")
    ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
    """
    if isinstance(scheme, str) and scheme in _SCHEMES:
        return _SCHEMES[scheme]
    try:
        mean, std = (tuple(float(value) for value in triple) for triple in scheme)
        if len(mean) == len(std) == 3 and all(value > 0 for value in std):
            return mean, std
    except (TypeError, ValueError):
        pass
    raise ValueError(
        f"A normalization must be one of {SCHEMES} or (mean, std), three numbers each and std "
        f"positive, got {scheme!r}."
    )


def normalize(frames: Tensor, scheme: Scheme) -> Tensor:
    """Scale frames for a network.

    Parameters
    ----------
    frames : Tensor of shape (n, 3, height, width), uint8 or float32
        RGB in [0, 255]; left as they are.
    scheme : {"imagenet", "symmetric", "unit"} or tuple of (mean, std)
        (frames / 255 - mean) / std, by channel: see `mean_and_std`.

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
    mean, std = mean_and_std(scheme) if isinstance(scheme, str) else scheme
    if frames.dtype not in (torch.uint8, torch.float32):
        raise ValueError(f"Expected frames in [0, 255], uint8 or float32, got {frames.dtype}.")
    floats = frames.contiguous(memory_format=torch.channels_last) / 255
    floats.sub_(torch.tensor(mean, device=frames.device)[:, None, None])
    return floats.div_(torch.tensor(std, device=frames.device)[:, None, None])
