"""The network that is fine-tuned: a backbone with a new last layer."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn

from features.networks.backbones import Backbone
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
    """

    def __init__(self, backbone: Backbone, n_classes: int, *, pretrained: bool = True):
        super().__init__()
        self.backbone = backbone
        self.trunk = backbone.build(pretrained=pretrained)
        self.head = nn.Linear(backbone.width, n_classes)
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, frames: Tensor) -> Tensor:
        """Map (n, 3, size, size) in [0, 255] to logits (n, n_classes)."""
        scaled = normalize(frames, (self.backbone.mean, self.backbone.std))
        return self.head(self.trunk(scaled))

    def forget_statistics(self) -> None:
        """Let batch norms average what they see from now on, and that alone.

        Running averages would keep a share of ImageNet's statistics for thousands of steps
        (EfficientNet's momentum is 0.01). After the dozens of steps that a small data set takes,
        the network would evaluate as if untrained.
        """
        for module in self.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.reset_running_stats()
                module.momentum = None

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Copy the weights to arrays, which load on any machine."""
        return {key: value.cpu().numpy().copy() for key, value in self.state_dict().items()}

    def load_arrays(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Take weights from arrays."""
        self.load_state_dict({key: torch.from_numpy(value) for key, value in arrays.items()})
