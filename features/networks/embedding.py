"""Embeddings of a frozen network."""

from collections.abc import Sequence
from pathlib import Path
from threading import Lock

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from features.descriptor import ImagePart
from features.devices import pick_device
from features.networks.backbones import Backbone, get_backbone
from features.networks.frame import FrameView
from features.networks.normalization import normalize
from features.preparation.lesion_view import Preparation

# On a CPU a few images at a time stay in cache, and their memory is used again rather than asked
# of the system anew: 210 images/s against 27 in batches of 32 (EfficientNet-Lite0, 2 cores).
_SUB_BATCH = {"cpu": 4, "cuda": 64}

# Threads that extract share one network, built by the first.
_BUILDING = Lock()


class CNNEmbedding(ImagePart):
    """What a network's last layer would see of the full frame, without training it.

    Parameters
    ----------
    backbone : str, default="efficientnet_lite0"
        One of `backbone_names`.
    weights : "default", path-like or None, default="default"
        ImageNet weights, a file with a state dict, or random ones (see `get_backbone`).
    image_size : int, optional
        Side of the frame in pixels; the backbone's own by default.
    device : str, default="auto"
        Where the network runs (see `pick_device`).
    random_state : int, optional
        Seed of random weights; needed for them alone.

    Notes
    -----
    The network is built at first use, and dropped from pickles and clones. Batch norms are folded
    into their convolutions.
    """

    block = "embedding"

    def __init__(
        self,
        backbone: str = "efficientnet_lite0",
        weights: str | Path | None = "default",
        *,
        image_size: int | None = None,
        device: str = "auto",
        random_state: int | None = None,
    ):
        self.backbone = backbone
        self.weights = weights
        self.image_size = image_size
        self.device = device
        self.random_state = random_state

    def view(self, preparation: Preparation) -> FrameView:
        """Look at the full frame, whatever the preparation of the lesion."""
        backbone = get_backbone(self.backbone, weights=None)
        return FrameView(self.image_size or backbone.size, fill=backbone.fill)

    def feature_names(self) -> Sequence[str]:
        """Numbers from 0, padded with zeros."""
        width = get_backbone(self.backbone, weights=None).width
        return [f"{i:0{len(str(width - 1))}d}" for i in range(width)]

    def fingerprint(self) -> str:
        """Names the definition in a feature store: version, network and weights, not the device."""
        backbone = self._source()
        seed = self.random_state if backbone.weights is None else None
        size = self.image_size or backbone.size
        parts = (type(self).__name__, self.version, backbone.name, size, backbone.digest(), seed)
        return ":".join(map(str, parts))

    def describe(self, frames: Tensor) -> Tensor:
        """Embed a batch of frames.

        Parameters
        ----------
        frames : Tensor of shape (n, 3, size, size), uint8
            RGB.

        Returns
        -------
        Tensor of shape (n, width), float32
            On the CPU.
        """
        device = pick_device(self.device)
        backbone = self._source()
        network = self._network(backbone, device)
        steps = frames.split(_SUB_BATCH.get(device.type, 16))
        with torch.inference_mode():
            rows = [
                network(normalize(step.to(device), (backbone.mean, backbone.std))).cpu()
                for step in steps
            ]
        return torch.cat(rows) if rows else torch.empty(0, backbone.width)

    def _source(self) -> Backbone:
        backbone = get_backbone(self.backbone, self.weights)
        if backbone.weights is None and not isinstance(self.random_state, (int, np.integer)):
            raise ValueError(
                "Random weights (weights=None) need an int as `random_state`, got "
                f"{self.random_state!r}: rows could not be told from those of other weights."
            )
        return backbone

    def _network(self, backbone: Backbone, device: torch.device) -> nn.Module:
        """Build the network, or the one built before for the same settings."""
        key = (backbone.name, backbone.digest(), self.random_state, device)
        with _BUILDING:
            return self._build_once(key, backbone, device)

    def _build_once(self, key: tuple, backbone: Backbone, device: torch.device) -> nn.Module:
        if getattr(self, "_built", (None,))[0] != key:
            with torch.random.fork_rng(devices=[]):
                if self.random_state is not None:
                    torch.default_generator.manual_seed(self.random_state)
                network = backbone.build()
            _fold_batch_norms(network)
            network = network.to(device)
            network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
            self._built = (key, network)
        return self._built[1]

    def __getstate__(self):
        state = super().__getstate__()
        state.pop("_built", None)
        return state


def _fold_batch_norms(module: nn.Module) -> None:
    """Fold each batch norm that follows a convolution in a `Sequential` into it, in place."""
    for child in module.children():
        _fold_batch_norms(child)
    if not isinstance(module, nn.Sequential):
        return
    for i in range(len(module) - 1):
        first, second = module[i], module[i + 1]
        if isinstance(first, nn.Conv2d) and isinstance(second, nn.BatchNorm2d):
            module[i] = fuse_conv_bn_eval(first, second)
            module[i + 1] = nn.Identity()
