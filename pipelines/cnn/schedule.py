"""How fast which weights learn, and when."""

import math
from collections.abc import Sequence
from typing import Any

from torch import nn

from pipelines.cnn.network import FrameClassifier

WARM_UP = 0.1  # of all steps


def warm_up_and_cosine(step: int, n_steps: int) -> float:
    """Share of the full learning rate: a linear rise, then half a cosine down to zero.

    Examples
    --------
    >>> [round(warm_up_and_cosine(step, 20), 2) for step in (0, 1, 2, 11, 20)]
    [0.5, 1.0, 1.0, 0.5, 0.0]
    """
    warm = max(1, round(WARM_UP * n_steps))
    if step < warm:
        return (step + 1) / warm
    done = min(1.0, (step - warm) / max(1, n_steps - warm))
    return (1 + math.cos(math.pi * done)) / 2


def size_at(epoch: int, max_epochs: int, sizes: Sequence[int]) -> int:
    """Side of the frames in an epoch, counted from 1: each size for an equal share of them.

    Examples
    --------
    >>> [size_at(epoch, 5, (96, 128)) for epoch in range(1, 6)]
    [96, 96, 96, 128, 128]
    """
    return sizes[(epoch - 1) * len(sizes) // max_epochs]


def parameter_groups(
    network: FrameClassifier, rate: float, lower_rate: float, weight_decay: float
) -> list[dict[str, Any]]:
    """Weights that learn, by rate and decay.

    Parameters
    ----------
    network : FrameClassifier
        Weights that need no gradient are left out.
    rate : float
        Of the new last layers, those of auxiliary heads included.
    lower_rate : float
        Of the layers below, as a share of `rate`.
    weight_decay : float
        Of matrices and kernels. What has one dimension to speak of (norms, biases, scales of
        channels, class tokens) does not decay, nor do tables of positions.

    Returns
    -------
    list of dict
        As torch's optimisers take them, with the full rate once more as ``full_rate``.
    """
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    new = {id(weight) for layer in network.new_layers() for weight in layer.parameters()}
    for name, parameter in network.named_parameters():
        if parameter.requires_grad:
            its_rate = rate if id(parameter) in new else rate * lower_rate
            decay = weight_decay if _decays(name, parameter) else 0.0
            groups.setdefault((its_rate, decay), []).append(parameter)
    return [
        {"params": parameters, "lr": its_rate, "full_rate": its_rate, "weight_decay": decay}
        for (its_rate, decay), parameters in groups.items()
    ]


def _decays(name: str, parameter: nn.Parameter) -> bool:
    # Layers call their matrices and kernels weights; tables of positions have names of their own.
    return name.endswith("weight") and sum(side > 1 for side in parameter.shape) > 1
