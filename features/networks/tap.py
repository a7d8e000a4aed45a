"""A network from uint8 frames to the pooled activations of one of its layers."""

import difflib
from collections.abc import Callable
from functools import lru_cache
from threading import get_ident

import torch
from torch import Tensor, nn

from features.networks.backbone import Backbone, NoWeights
from features.networks.normalization import normalize
from features.networks.pooling import pool

# Frames, (n, 3, size, size) uint8, to rows, (n, width) float32, both on the CPU.
Runner = Callable[[Tensor], Tensor]

_LINEAR_LAYERS = {"fc6": 0, "fc7": 1}


class TappedNetwork(nn.Module):
    """Frames in, pooled activations out: normalisation, network and pooling in one.

    Parameters
    ----------
    network : nn.Module
        What `Backbone.build` returned.
    backbone : Backbone
        Says how frames are normalised.
    layer : str, optional
        Dotted name of the layer whose output is taken; the network's own output by default.
    pooling : {"average", "gem", "none"}
        See `pool`.
    """

    def __init__(self, network: nn.Module, backbone: Backbone, layer: str | None, pooling: str):
        super().__init__()
        self.network = network
        self.scheme = (backbone.mean, backbone.std)
        self.pooling = pooling
        self.dtype = torch.float32
        # By thread, for those that extract share one network.
        self._seen: dict[int, Tensor] = {}
        self._tapped = layer is not None
        if layer is not None:
            network.get_submodule(layer).register_forward_hook(self._note)

    def _note(self, module: nn.Module, inputs: object, output: Tensor) -> None:
        # A copy, for a layer behind may well work in place.
        self._seen[get_ident()] = output.clone()

    def forward(self, frames: Tensor) -> Tensor:
        """Embed frames, (n, 3, size, size) uint8, as (n, width) float32."""
        scaled = normalize(frames, self.scheme).to(self.dtype)
        output = self.network(scaled)
        if self._tapped:
            output = self._seen.pop(get_ident())
        return pool(output, self.pooling).float()

    def as_type(self, dtype: torch.dtype) -> "TappedNetwork":
        """Compute in another precision."""
        self.dtype = dtype
        self.network.to(dtype)
        return self


@lru_cache(maxsize=64)
def find_layer(backbone: Backbone, layer: str | None, pooling: str) -> str | None:
    """Full name of the layer to tap.

    Parameters
    ----------
    backbone : Backbone
        The network.
    layer : str, optional
        Dotted name of an inner module; "fc6" or "fc7" for the first and second fully connected
        layer of AlexNet and VGG, behind its ReLU.
    pooling : {"average", "gem", "none"}
        With "gem" and no layer, the last feature maps are tapped.

    Returns
    -------
    str or None
        None where the network's own output is asked for.

    Raises
    ------
    ValueError
        A layer that the network has not, with the closest names.
    """
    if layer is None:
        return _last_maps(backbone) if pooling == "gem" else None
    names = backbone.layers
    if layer in names:
        return layer
    if layer in _LINEAR_LAYERS:
        return _behind_linear(backbone, layer)
    close = difflib.get_close_matches(str(layer), names, n=4, cutoff=0.4)
    hint = f" Did you mean {', '.join(close)}?" if close else ""
    raise ValueError(
        f"`layer` must name a module of {backbone.name}, got {layer!r}.{hint} "
        f"Its outermost ones are {', '.join(name for name in names if '.' not in name)}."
    )


@lru_cache(maxsize=64)
def tapped_width(backbone: Backbone, layer: str | None, pooling: str, size: int) -> int:
    """Numbers in the pooled output of a layer, found without weights.

    Parameters
    ----------
    backbone : Backbone
        The network.
    layer : str, optional
        From `find_layer`.
    pooling : {"average", "gem", "none"}
        See `pool`.
    size : int
        Side of the frames, in pixels.
    """
    if layer is None:
        return backbone.width
    with torch.inference_mode():
        tapped = TappedNetwork(_without_weights(backbone), backbone, layer, pooling)
        frames = torch.empty(1, 3, size, size, dtype=torch.uint8, device="meta")
        return tapped(frames).shape[1]


def _without_weights(backbone: Backbone) -> nn.Module:
    with NoWeights():
        network = backbone.build(pretrained=False)
    return network.to("meta")


def _behind_linear(backbone: Backbone, layer: str) -> str:
    """Name of the ReLU behind a fully connected layer of AlexNet's and VGG's kind."""
    classifier = getattr(_without_weights(backbone), "classifier", None)
    children = list(classifier.named_children()) if isinstance(classifier, nn.Sequential) else []
    linear = [i for i, (_, module) in enumerate(children) if isinstance(module, nn.Linear)]
    position = _LINEAR_LAYERS[layer]
    if len(linear) > position:
        for name, module in children[linear[position] :]:
            if isinstance(module, nn.ReLU):
                return f"classifier.{name}"
    raise ValueError(
        f"`layer` {layer!r} is a fully connected layer of AlexNet and VGG; {backbone.name} has "
        "none. Use layer=None or the dotted name of a module."
    )


@lru_cache(maxsize=64)
def _last_maps(backbone: Backbone) -> str:
    """Name of the outermost module that gives the last feature maps, before global pooling."""
    network = _without_weights(backbone)
    seen: list[str] = []

    def watch(name: str, module: nn.Module) -> None:
        def note(module: nn.Module, inputs: object, output: object) -> None:
            if isinstance(output, Tensor) and output.ndim == 4 and min(output.shape[2:]) > 1:
                seen.append(name)

        module.register_forward_hook(note)

    for name, module in network.named_modules():
        if name:
            watch(name, module)
    with torch.inference_mode():
        network(torch.empty(1, 3, backbone.size, backbone.size, device="meta"))
    if not seen:
        raise ValueError(
            f"{backbone.name} has no feature maps to pool. Use pooling='average' or name a `layer`."
        )
    return seen[-1]
