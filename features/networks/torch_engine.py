"""Forward passes by PyTorch itself, eager or compiled."""

import torch
from torch import Tensor

from features.networks.batch_size import BatchSize
from features.networks.tap import Runner, TappedNetwork

# On a CPU a few images at a time stay in cache, and their memory is used again rather than asked
# of the system anew: 210 images/s against 27 in batches of 32 (EfficientNet-Lite0, 2 cores).
_CPU_BATCH = 4


def make_runner(network: TappedNetwork, device: torch.device, *, compiled: bool = False) -> Runner:
    """Move a network to its device, channels last."""
    network = network.eval().to(device)
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    forward = torch.compile(network) if compiled else network

    def embed(frames: Tensor) -> Tensor:
        return forward(frames.to(device, non_blocking=True)).cpu()

    sizes = BatchSize() if device.type != "cpu" else BatchSize(_CPU_BATCH, _CPU_BATCH)

    def run(frames: Tensor) -> Tensor:
        with torch.inference_mode():
            return torch.cat(sizes.run(embed, frames))

    return run
