"""A network without its last layer, what it expects of an image, and what is published of it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils.flop_counter import FlopCounterMode

from features.networks.normalization import Triple
from features.networks.weights import file_digest, load_strictly

# Heads halfway up GoogLeNet and Inception v3, which only training reads.
AUXILIARY_HEADS = ("AuxLogits", "aux1", "aux2")


@dataclass(frozen=True)
class Published:
    """What is published of a backbone and its default weights; None where nothing is.

    Parameters
    ----------
    source : str
        Where the weights come from: an address, a package, or "none".
    licence : str
        Of the weights, as their source states it.
    parameters : int, optional
        Of the whole classifier, last layer included.
    gflops : float, optional
        Billions of multiply-adds for one image.
    top1 : float, optional
        Accuracy on ImageNet-1k's validation images, in percent.
    extra : str, optional
        The optional extra of this package that is missing here.
    """

    source: str
    licence: str
    parameters: int | None = None
    gflops: float | None = None
    top1: float | None = None
    extra: str | None = None


@dataclass(frozen=True)
class Backbone:
    """A network without its last layer, and what it expects of an image.

    Parameters
    ----------
    name : str
        As `get_backbone` knows it.
    size : int
        Side of its input, in pixels, as in its training.
    mean, std : tuple of three float
        Its normalisation, of pixels in [0, 1].
    width : int
        Numbers in its embedding.
    constructor : callable
        Returns the classifier, last layer included, with random weights.
    pooled_layer : str
        Name of the classifying layer, whose input is the embedding.
    weights : Path, optional
        State dict of the classifier; without it weights are random.
    """

    name: str
    size: int
    mean: Triple
    std: Triple
    width: int
    constructor: Callable[[], nn.Module]
    pooled_layer: str
    weights: Path | None = None

    @property
    def fill(self) -> tuple[int, int, int]:
        """Mean colour in [0, 255], which the network sees as nothing."""
        red, green, blue = (round(255 * value) for value in self.mean)
        return red, green, blue

    @property
    def layers(self) -> list[str]:
        """Names of the modules below the last one, outermost first."""
        with NoWeights():
            network = self.constructor()
        return [name for name, _ in network.named_modules() if name not in ("", self.pooled_layer)]

    def digest(self) -> str:
        """Sha256 of the weights' file; "random" without one."""
        return "random" if self.weights is None else file_digest(self.weights)

    def build(self, *, pretrained: bool = True, keep_auxiliary: bool = False) -> nn.Module:
        """Build the network that returns the embedding.

        Parameters
        ----------
        pretrained : bool, default=True
            Load the weights, if there are any; else they are drawn from torch's global generator.
        keep_auxiliary : bool, default=False
            Keep the auxiliary heads of GoogLeNet and Inception v3: in training mode the network
            then returns their logits behind the embedding.

        Returns
        -------
        nn.Module
            In evaluation mode; normalised (n, 3, height, width) float32 to (n, width) float32.

        Raises
        ------
        ValueError
            A file of weights that does not fit the network, naming the keys.
        """
        network = self.constructor()
        if pretrained and self.weights is not None:
            load_strictly(network, self.weights, self.name)
        for name in AUXILIARY_HEADS:
            if not keep_auxiliary and getattr(network, name, None) is not None:
                network.register_module(name, None)
                network.aux_logits = False  # type: ignore[assignment]
        network.set_submodule(self.pooled_layer, nn.Identity())
        return network.eval()


_DRAWS = (Tensor.normal_, Tensor.uniform_)


class NoWeights(TorchFunctionMode):
    """Layers take no memory and no time; what they are laid out by is still computed.

    RegNet computes its layout with torch, which ``torch.device("meta")`` would leave undone.
    """

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if func in _DRAWS or getattr(func, "__module__", "") == "torch.nn.init":
            return args[0] if args else kwargs["tensor"]
        # timm's hybrids send an empty picture through their own convolutions to find a width.
        if func is torch.empty or (func is torch.zeros and len(args) == 4):
            kwargs["device"] = "meta"
        return func(*args, **kwargs)


def measure(backbone: Backbone) -> tuple[int, float]:
    """Count a classifier's parameters, and its billions of multiply-adds for one image."""
    with NoWeights():
        network = backbone.constructor()
    # Without gradients, which the counter would ask the class tokens of CaiT for.
    network = network.to("meta").eval().requires_grad_(False)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        network(torch.empty(1, 3, backbone.size, backbone.size, device="meta"))
    parameters = sum(parameter.numel() for parameter in network.parameters())
    # A multiply-add is two operations to the counter.
    return parameters, counter.get_total_flops() / 2e9


def describe_network(
    name: str, constructor: Callable[[], nn.Module], size: int, mean: Triple, std: Triple
) -> Backbone:
    """Find the classifying layer and the width of its input.

    Parameters
    ----------
    name : str
        As `get_backbone` knows it.
    constructor : callable
        Returns the classifier with random weights.
    size : int
        Side of its input, in pixels.
    mean, std : tuple of three float
        Its normalisation.

    Returns
    -------
    Backbone
        Without weights.
    """
    with NoWeights():
        layer, last = _last_layer(constructor())
    width = last.in_features if isinstance(last, nn.Linear) else last.in_channels
    return Backbone(name, size, mean, std, width, constructor, layer)


def _last_layer(network: nn.Module) -> tuple[str, nn.Linear | nn.Conv2d]:
    """Name and module of the classifying layer: the last linear one, or convolution without any."""
    for kind in (nn.Linear, nn.Conv2d):
        found = [pair for pair in network.named_modules() if isinstance(pair[1], kind)]
        if found:
            return found[-1]
    raise TypeError(f"{type(network).__name__} has neither a linear layer nor a convolution.")
