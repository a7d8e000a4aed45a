"""Forward passes by OpenVINO, on the CPU."""

import warnings

import torch
from torch import Tensor, nn

from features.networks.fan_out import fan_out
from features.networks.tap import Runner


def make_runner(network: nn.Module, size: int, dtype: torch.dtype = torch.uint8) -> Runner:
    """Convert and compile a network for one frame at a time, in as many streams as threads."""
    import openvino

    frame = torch.zeros(1, 3, size, size, dtype=dtype)
    with warnings.catch_warnings(), torch.no_grad():
        # Tracing says that what depends on the frame's size is fixed.
        warnings.simplefilter("ignore")
        model = openvino.convert_model(network, example_input=frame, input=[1, 3, size, size])
    settings = {"INFERENCE_PRECISION_HINT": "f32", "PERFORMANCE_HINT": "THROUGHPUT"}
    compiled = openvino.Core().compile_model(model, "CPU", settings)

    def embed(frame: Tensor) -> Tensor:
        request = compiled.create_infer_request()
        return torch.from_numpy(request.infer({0: frame.numpy()})[0].copy())

    return lambda frames: fan_out(embed, frames.contiguous().split(1))
