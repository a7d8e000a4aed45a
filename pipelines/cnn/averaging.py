"""The moving average of a network's weights, which scores better than any single step's."""

import copy
from typing import Any

import torch
from torch import Tensor, nn


class WeightAverage:
    """Exponential moving average of weights and of batch-norm statistics.

    Parameters
    ----------
    network : nn.Module
        Averaged from its present state on.
    decay : float
        Share of the old average that is kept at each step, in [0, 1); early steps keep less,
        ``(1 + step) / (10 + step)``, so that the start is forgotten. 0 follows the network.

    Attributes
    ----------
    network : nn.Module
        A copy that holds the average, in evaluation mode.
    """

    def __init__(self, network: nn.Module, decay: float):
        self.network = copy.deepcopy(network).eval().requires_grad_(False)
        self.decay = decay
        self.step = 0

    @torch.no_grad()
    def update(self, network: nn.Module) -> None:
        """Take a step's weights into the average."""
        self.step += 1
        kept = min(self.decay, (1 + self.step) / (10 + self.step))
        floats: tuple[list[Tensor], list[Tensor]] = ([], [])
        new = network.state_dict()
        for key, mine in self.network.state_dict().items():
            if mine.is_floating_point():
                floats[0].append(mine)
                floats[1].append(new[key])
            else:
                mine.copy_(new[key])
        torch._foreach_lerp_(*floats, 1 - kept)

    def state_dict(self) -> dict[str, Any]:
        """All that `load_state_dict` needs."""
        return {"step": self.step, "network": self.network.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take up where `state_dict` left off."""
        self.step = state["step"]
        self.network.load_state_dict(state["network"])
