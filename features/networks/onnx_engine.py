"""Forward passes by ONNX Runtime, on the CPU."""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

import torch
from torch import Tensor, nn

from features.networks.exportable import Exportable
from features.networks.fan_out import fan_out
from features.networks.tap import Runner


def make_runner(network: nn.Module, size: int, dtype: torch.dtype = torch.uint8) -> Runner:
    """Export a network and open a session for it.

    A session has one thread and is asked from several at once, an image at a time: images wait
    for each other nowhere, unlike the threads of one layer, and whoever fans out over threads
    already, as `extract` does, has no more of them.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        export(network, size, dtype), options, providers=["CPUExecutionProvider"]
    )

    def embed(frame: Tensor) -> Tensor:
        return torch.from_numpy(session.run(None, {"frames": frame.numpy()})[0])

    return lambda frames: fan_out(embed, frames.contiguous().split(1))


def export(network: nn.Module, size: int, dtype: torch.dtype = torch.uint8) -> bytes:
    """Write a network down in ONNX, for one frame of a dtype at a time.

    The exporter is the older of torch's two, which needs neither onnxscript nor, for a small
    network, half a minute.
    """
    frame = torch.zeros(1, 3, size, size, dtype=dtype)
    written = io.BytesIO()
    with warnings.catch_warnings(), _without_its_log(), torch.no_grad(), Exportable():
        # It says that it is older, and that what depends on the frame's size is fixed.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network,
            (frame,),
            written,  # type: ignore[arg-type]  # the older one takes a buffer too
            dynamo=False,
            input_names=["frames"],
            output_names=["rows"],
        )
    return written.getvalue()


@contextmanager
def _without_its_log() -> Iterator[None]:
    """Keep the exporter from printing the whole graph of a network that it cannot write down.

    It takes the question whether its log is on for the answer, and turns it on.
    """
    log = "_jit_onnx_log"
    with patch.object(torch._C, log, lambda *said: None, create=True):
        yield
