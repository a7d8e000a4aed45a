"""What runs a network's forward pass, and in which precision."""

from importlib.util import find_spec

import torch
from torch import nn

from features.networks import onnx_engine, openvino_engine, torch_engine
from features.networks.tap import Runner

ENGINES = ("auto", "eager", "compile", "onnxruntime", "openvino")
PRECISIONS = {
    "float32": torch.float32,
    "bfloat16": torch.bfloat16,
    "float16": torch.float16,
}
_NEEDS = {"onnxruntime": ("onnxruntime", "onnx"), "openvino": ("openvino",)}
_HOLDERS = {"onnxruntime": "'dermfusion[engines]'", "openvino": "openvino"}


def resolve_engine(engine: str, precision: str, device: torch.device) -> str:
    """Choose an engine, or check the one that is asked for.

    Parameters
    ----------
    engine : {"auto", "eager", "compile", "onnxruntime", "openvino"}
        "auto" is the fastest that is installed: in float32 on a CPU ONNX Runtime, else OpenVINO;
        everywhere else eager PyTorch.
    precision : {"float32", "bfloat16", "float16"}
        float16 needs a GPU; ONNX Runtime and OpenVINO compute in float32.
    device : torch.device
        Where the network runs.

    Returns
    -------
    str
        One of the engines but "auto".

    Raises
    ------
    ValueError
        An unknown name, or what does not go together.
    ImportError
        An engine that is not installed.
    """
    for name, value, allowed in (
        ("engine", engine, ENGINES),
        ("precision", precision, tuple(PRECISIONS)),
    ):
        if value not in allowed:
            raise ValueError(f"`{name}` must be one of {allowed}, got {value!r}.")
    if precision == "float16" and device.type == "cpu":
        raise ValueError(
            "precision='float16' needs a GPU, got device 'cpu'. Use 'float32' or 'bfloat16'."
        )
    if engine == "auto":
        usable = device.type == "cpu" and precision == "float32"
        return next((name for name in _NEEDS if usable and _installed(name)), "eager")
    if engine in _NEEDS:
        _check_exported(engine, precision, device)
    return engine


def make_runner(
    network: nn.Module,
    engine: str,
    *,
    size: int,
    device: torch.device,
    dtype: torch.dtype = torch.uint8,
) -> Runner:
    """Have an engine run a network.

    Parameters
    ----------
    network : nn.Module
        Frames to rows, on the CPU; the engine may change it.
    engine : {"eager", "compile", "onnxruntime", "openvino"}
        From `resolve_engine`.
    size : int
        Side of the frames, in pixels.
    device : torch.device
        Where the network runs.
    dtype : torch.dtype, default=torch.uint8
        Of the frames.

    Returns
    -------
    callable
        Frames (n, 3, size, size) to float32 rows (n, width), both on the CPU.
    """
    if engine == "onnxruntime":
        return onnx_engine.make_runner(network, size, dtype)
    if engine == "openvino":
        return openvino_engine.make_runner(network, size, dtype)
    example = torch.zeros(1, 3, size, size, dtype=dtype) if engine == "compile" else None
    return torch_engine.make_runner(network, device, example=example)


def _installed(engine: str) -> bool:
    return all(find_spec(module) for module in _NEEDS[engine])


def _check_exported(engine: str, precision: str, device: torch.device) -> None:
    if device.type != "cpu":
        raise ValueError(
            f"engine={engine!r} runs on the CPU, got device '{device}'. Use engine='eager'."
        )
    if precision != "float32":
        raise ValueError(
            f"engine={engine!r} computes in float32, got precision={precision!r}. "
            "Use engine='eager'."
        )
    if not _installed(engine):
        missing = [module for module in _NEEDS[engine] if not find_spec(module)]
        raise ImportError(
            f"engine={engine!r} needs {' and '.join(missing)}: pip install {_HOLDERS[engine]}, "
            "or use engine='auto'."
        )
