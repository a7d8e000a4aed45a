"""What a fitted network says of frames: over mirrored views, and at several sizes."""

import logging
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from features.networks.batch_size import BatchSize
from features.networks.engines import make_runner, resolve_engine
from features.networks.tap import Runner
from features.networks.tta import views
from pipelines.cnn.augmentation import Augmentation

_BATCH = 32
_LOGGER = logging.getLogger(__name__)


class Predictor:
    """A fitted network and the engine that runs it, made ready once for each size of frames.

    Parameters
    ----------
    network : nn.Module
        Float frames in [0, 255] to rows; on the CPU, in evaluation mode.
    engine : {"auto", "eager", "compile", "onnxruntime", "openvino"}
        As in `resolve_engine`.
    device : torch.device
        Where the network runs.

    Raises
    ------
    RuntimeError
        When called, where the engine that was asked for cannot take the network. With "auto"
        PyTorch runs it then.
    """

    def __init__(self, network: nn.Module, engine: str, device: torch.device):
        self.network = network
        self.device = device
        self._wanted = engine
        self._engine = resolve_engine(engine, "float32", device)
        self._runners: dict[int, Runner] = {}

    def __call__(self, frames: Tensor) -> Tensor:
        """Run the network on frames, (n, 3, size, size), wherever they are."""
        size = frames.shape[-1]
        if size not in self._runners:
            self._runners[size] = self._make(size)
        return self._runners[size](frames)

    def _make(self, size: int) -> Runner:
        try:
            return self._run_by(self._engine, size)
        except Exception as exc:
            said = f"The network could not be handed to {self._engine} ({exc})"
            if self._wanted != "auto":
                raise RuntimeError(f"{said}. Use engine='eager'.") from exc
            _LOGGER.info("%s: PyTorch runs it.", said)
            self._engine = "eager"
            return self._run_by("eager", size)

    def _run_by(self, engine: str, size: int) -> Runner:
        return make_runner(self.network, engine, size=size, device=self.device, dtype=torch.float32)


def mean_over_views(
    frames: Tensor,
    network: Callable[[Tensor], Tensor],
    augmentation: Augmentation,
    *,
    sizes: Sequence[int],
    tta: str,
    device: torch.device,
) -> Tensor:
    """Average what a network gives for each frame over its views and sizes.

    Parameters
    ----------
    frames : Tensor of shape (n, 3, size, size), uint8
        RGB.
    network : callable
        Float frames in [0, 255] to (n, width).
    augmentation : Augmentation
        Its part that is free of chance prepares the frames.
    sizes : sequence of int
        Sides that the frames are resized to, in pixels.
    tta : {"none", "flips", "dihedral"}
        As in `views`.
    device : torch.device
        Where the network runs.

    Returns
    -------
    Tensor of shape (n, width), float64
        On the CPU.

    Raises
    ------
    torch.OutOfMemoryError
        Not even one frame fits in the device's memory. Where fewer than usual do, they are taken
        in smaller batches, and the log says so.
    """

    def mean_of(part: Tensor) -> Tensor:
        moved = part.to(device)
        each = [
            network(view).double()
            for size in sizes
            for view in views(augmentation.prepare(moved, size), tta)
        ]
        return (sum(each) / len(each)).cpu()  # type: ignore[union-attr]

    with torch.inference_mode():
        return torch.cat(BatchSize(_BATCH, _BATCH).run(mean_of, frames))
