"""Forward passes by PyTorch itself, eager or compiled."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from features.networks.gathering import Gathering
from features.networks.tap import Runner, TappedNetwork

# On a CPU a few images at a time stay in cache, and their memory is used again rather than asked
# of the system anew: 210 images/s against 27 in batches of 32 (EfficientNet-Lite0, 2 cores).
_CPU_BATCH = 4


def make_runner(
    network: nn.Module, device: torch.device, *, example: Tensor | None = None
) -> Runner:
    """Move a network to its device, channels last; compile it if given an example of a frame."""
    network = network.eval().to(device)
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    forward = network if example is None else _compiled(network, example.to(device))

    def embed(frames: Tensor) -> Tensor:
        with torch.inference_mode():
            return forward(frames.to(device, non_blocking=True)).cpu()

    if device.type != "cpu":
        return Gathering(_filled_up(embed, _power_of_two))
    # Another size would be compiled anew, in minutes.
    one = embed if example is None else _filled_up(embed, lambda n_frames: _CPU_BATCH)
    return lambda frames: torch.cat([one(piece) for piece in frames.split(_CPU_BATCH)])


def _compiled(network: nn.Module, frame: Tensor) -> Runner:
    """Compile a network, once and here: what cannot be compiled fails before any image is read."""
    if isinstance(network, TappedNetwork) and network.tapped:
        raise ValueError("it compiles whole networks, not the inner layer that is tapped")
    compiled = torch.compile(network)
    with torch.inference_mode():
        compiled(frame.repeat(_CPU_BATCH, 1, 1, 1))
    return compiled


def _power_of_two(n_frames: int) -> int:
    """Few numbers of frames in all: for each new one cuDNN plans anew."""
    return 1 << (n_frames - 1).bit_length()


def _filled_up(embed: Runner, full: Callable[[int], int]) -> Runner:
    """Repeat the last frame up to the number that is full, of at least as many as there are."""

    def run(frames: Tensor) -> Tensor:
        lacking = full(len(frames)) - len(frames)
        return embed(torch.cat([frames, *[frames[-1:]] * lacking]))[: len(frames)]

    return run
