"""A network from uint8 frames to the pooled activations of one of its layers."""

import difflib
from collections.abc import Callable
from functools import lru_cache
from threading import get_ident
from typing import Any

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
        self.tapped = layer is not None
        if layer is not None:
            network.get_submodule(layer).register_forward_hook(self._note)

    def _note(self, module: nn.Module, inputs: object, output: Tensor) -> None:
        # A copy, for a layer behind may well work in place.
        self._seen[get_ident()] = output.clone()

    def forward(self, frames: Tensor) -> Tensor:
        """Embed frames, (n, 3, size, size) uint8, as (n, width) float32."""
        scaled = normalize(frames, self.scheme).to(self.dtype)
        output = self.network(scaled)
        if self.tapped:
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
        A layer that the network has not, with the closest names, or whose output cannot be
        pooled; "gem" for a network that does not end in feature maps.
    """
    if layer is None:
        return _last_maps(backbone) if pooling == "gem" else None
    names = backbone.layers
    if layer in names:
        _check_output(backbone, layer, pooling)
        return layer
    if layer in _LINEAR_LAYERS:
        return _behind_linear(backbone, layer)
    close = difflib.get_close_matches(str(layer), names, n=4, cutoff=0.4)
    hint = f" Did you mean {', '.join(close)}?" if close else ""
    raise ValueError(
        f"`layer` must name a module of {backbone.name}, got {layer!r}.{hint} "
        f"Its outermost ones are {', '.join(name for name in names if '.' not in name)}."
    )


def tapped_width(backbone: Backbone, layer: str | None, pooling: str) -> int:
    """Numbers in the pooled output of a layer, found without weights.

    Parameters
    ----------
    backbone : Backbone
        The network.
    layer : str, optional
        From `find_layer`.
    pooling : {"average", "gem", "none"}
        See `pool`.
    """
    if layer is None:
        return backbone.width
    return pool(_outputs(backbone)[layer], pooling).shape[1]


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
def _outputs(backbone: Backbone) -> dict[str, Any]:
    """Run one frame without numbers, and note what each module gives, in the order they finish."""
    network = _without_weights(backbone)
    given: dict[str, Any] = {}

    def watch(name: str, module: nn.Module) -> None:
        def note(module: nn.Module, inputs: object, output: object) -> None:
            given.pop(name, None)  # of a module that runs several times, the last
            given[name] = output

        module.register_forward_hook(note)

    for name, module in network.named_modules():
        if name:
            watch(name, module)
    with torch.inference_mode():
        network(torch.empty(1, 3, backbone.size, backbone.size, device="meta"))
    return given


def _check_output(backbone: Backbone, layer: str, pooling: str) -> None:
    """Refuse a layer whose output is not feature maps or vectors."""
    output = _outputs(backbone).get(layer)
    if not isinstance(output, Tensor):
        found = "nothing by itself" if output is None else f"a {type(output).__name__}"
        raise ValueError(
            f"`layer` must name a module that gives one tensor, but {layer!r} of {backbone.name} "
            f"gives {found}. Name the module around it or behind it."
        )
    if output.ndim == 4 and not _is_maps(output):
        raise ValueError(
            f"`layer` must give maps of (channels, height, width), but those of {layer!r} of "
            f"{backbone.name} are {tuple(output.shape[1:])}, channels last. Use layer=None."
        )
    pool(output, pooling)


def _is_maps(output: Tensor) -> bool:
    """Whether an output for a square frame is (n, channels, height, width), channels first."""
    return output.ndim == 4 and output.shape[2] == output.shape[3]


@lru_cache(maxsize=64)
def _last_maps(backbone: Backbone) -> str:
    """Name of the outermost module that gives the last feature maps, before global pooling."""
    # Behind maps, tokens of a transformer (n, tokens, channels) are what the network ends in.
    last = None
    for name, output in _outputs(backbone).items():
        if not isinstance(output, Tensor):
            continue
        if output.ndim == 3 or (output.ndim == 4 and min(output.shape[2:]) > 1):
            last = name if _is_maps(output) else None
    if last is None:
        raise ValueError(
            f"pooling='gem' needs a network that ends in feature maps, as convolutional ones do, "
            f"and {backbone.name} does not: use pooling='average', or name a `layer` of a "
            "convolutional network."
        )
    return last
