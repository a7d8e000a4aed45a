"""Which frames a backbone can take, found without weights, memory or images."""

from collections.abc import Iterable
from functools import cache

import torch

from features.networks.backbone import NoWeights
from features.networks.backbones import get_backbone


def check_frame_sizes(name: str, sizes: Iterable[int]) -> None:
    """Refuse frames that a backbone cannot take.

    Parameters
    ----------
    name : str
        One of `features.backbone_names`.
    sizes : iterable of int
        Sides of the frames, in pixels.

    Raises
    ------
    ValueError
        Naming the backbone, its own size, and what it says of the frames.

    Examples
    --------
    >>> check_frame_sizes("lenet", [28])
    >>> check_frame_sizes("alexnet", [224, 16])  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    ValueError: alexnet cannot take frames of 16 pixels; its own size is 224...
    """
    own = get_backbone(name, weights=None).size
    for size in sizes:
        said = None if size == own else _objection(name, int(size))
        if said is not None:
            raise ValueError(
                f"{name} cannot take frames of {size} pixels; its own size is {own}: use that as "
                f"`image_size` and `predict_size`, or another backbone (the network says: {said})."
            )


@cache
def _objection(name: str, size: int) -> str | None:
    """Ask the network what is wrong with such frames; None if nothing is."""
    backbone = get_backbone(name, weights=None)
    with NoWeights():
        network = backbone.build(pretrained=False)
    network = network.to("meta")
    try:
        with torch.no_grad():
            network(torch.empty(1, 3, size, size, device="meta"))
    except Exception as exc:
        # Networks have no error of their own for this: RuntimeError, AssertionError, ValueError.
        return str(exc).partition("\n")[0]
    return None
