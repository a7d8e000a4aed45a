"""The network that is fine-tuned: a backbone with a new last layer."""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor, nn

from features.networks.backbone import AUXILIARY_HEADS, Backbone
from features.networks.normalization import normalize


class FrameClassifier(nn.Module):
    """A backbone with a new last layer, from frames to logits.

    Parameters
    ----------
    backbone : Backbone
        Network below the last layer.
    n_classes : int
        Width of the last layer.
    pretrained : bool, default=True
        Load the backbone's weights.
    auxiliary : bool, default=False
        Keep the auxiliary heads of the two networks that have some, with new last layers too.

    Attributes
    ----------
    frozen : bool
        Whether the layers below the last one stay as they are, their batch norms included.
    """

    def __init__(
        self,
        backbone: Backbone,
        n_classes: int,
        *,
        pretrained: bool = True,
        auxiliary: bool = False,
    ):
        super().__init__()
        self.backbone = backbone
        self.trunk = backbone.build(pretrained=pretrained, keep_auxiliary=auxiliary)
        for name in AUXILIARY_HEADS:
            if getattr(self.trunk, name, None) is not None:
                auxiliary_head = self.trunk.get_submodule(name)
                path, last = _last_linear(auxiliary_head)
                auxiliary_head.set_submodule(path, nn.Linear(last.in_features, n_classes))
        self.head: nn.Module = nn.Linear(backbone.width, n_classes)
        self.frozen = False
        for module in self.modules():
            if isinstance(module, nn.BatchNorm2d):
                # EfficientNet's own momentum, 0.01, would keep a share of ImageNet's statistics
                # for thousands of steps, and a small data set takes dozens.
                module.momentum = 0.1
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, frames: Tensor) -> Tensor | tuple[Tensor, ...]:
        """Map (n, 3, size, size) in [0, 255] to logits (n, n_classes).

        In training mode the logits of the auxiliary heads follow, where there are some.
        """
        found = self.trunk(self.scale(frames))
        if isinstance(found, tuple):
            embedding, *others = (part for part in found if part is not None)
            return self.head(embedding), *others
        return self.head(found)

    def scale(self, frames: Tensor) -> Tensor:
        """Scale pixels as the backbone was trained on them."""
        return normalize(frames, (self.backbone.mean, self.backbone.std))

    def new_layers(self) -> list[nn.Module]:
        """List the layers that no published weights fit: the last one, of each head."""
        heads = (getattr(self.trunk, name, None) for name in AUXILIARY_HEADS)
        return [self.head, *(_last_linear(head)[1] for head in heads if head is not None)]

    def without_head(self) -> Self:
        """Give what the last layer sees in place of logits."""
        self.head = nn.Identity()
        return self

    def freeze(self) -> None:
        """Train the last layer alone."""
        self.frozen = True
        self.trunk.requires_grad_(False)

    def train(self, mode: bool = True) -> Self:
        """Set training mode; what is frozen stays in evaluation mode."""
        super().train(mode)
        if self.frozen:
            self.trunk.eval()
        return self

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Copy the weights to arrays, which load on any machine; auxiliary heads are left out."""
        return {
            key: value.cpu().numpy().copy()
            for key, value in self.state_dict().items()
            if key.split(".")[1] not in AUXILIARY_HEADS
        }

    def load_state_dict(self, state_dict: Mapping[str, Any], *args, **kwargs):
        """Load weights, of a plain mapping too."""
        # MNASNet of torchvision wants to know by which version of it they were saved: by this one.
        state = OrderedDict(state_dict)
        state._metadata = self.state_dict()._metadata  # type: ignore[attr-defined]
        return super().load_state_dict(state, *args, **kwargs)

    def load_arrays(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Take weights from arrays."""
        self.load_state_dict({key: torch.from_numpy(value) for key, value in arrays.items()})


def _last_linear(network: nn.Module) -> tuple[str, nn.Linear]:
    return [pair for pair in network.named_modules() if isinstance(pair[1], nn.Linear)][-1]
