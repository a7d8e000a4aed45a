"""torchvision's classifiers, read from its own registry and the metadata of its weights."""

from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from features.networks._torchvision import models
from features.networks.backbone import Backbone, Published, describe_network
from features.networks.weights import cached_path, download

# Both look at their input through these constants themselves, once trained by torchvision.
_ARGUMENTS: dict[str, dict[str, Any]] = {
    "googlenet": {"init_weights": False, "transform_input": True},
    "inception_v3": {"init_weights": False, "transform_input": True},
}


@lru_cache
def names() -> list[str]:
    """All classifiers in torchvision's registry."""
    return models.list_models(module=models)


@lru_cache
def describe(name: str) -> Backbone:
    """Read input and normalisation off the preset of the default weights."""
    preset = models.get_model_weights(name).DEFAULT.transforms()
    arguments = _ARGUMENTS.get(name, {})
    if name.startswith("vit_"):  # whose positions are laid out for one size
        arguments = {"image_size": size(name)}
    constructor = partial(models.get_model, name, weights=None, **arguments)
    return describe_network(name, constructor, size(name), tuple(preset.mean), tuple(preset.std))


def fetch(name: str) -> Path:
    """Find the default weights in torch's cache, or download them into it."""
    return download(models.get_model_weights(name).DEFAULT.url, name)


def at_hand(name: str) -> bool:
    """Whether torch's cache holds the default weights."""
    return cached_path(models.get_model_weights(name).DEFAULT.url).is_file()


def published(name: str) -> Published:
    """Read the metadata of the default weights."""
    weights = models.get_model_weights(name).DEFAULT
    meta = weights.meta
    return Published(
        source=weights.url,
        licence=meta.get("license", "not stated"),
        parameters=meta["num_params"],
        gflops=meta["_ops"],
        top1=meta["_metrics"]["ImageNet-1K"]["acc@1"],
    )


def size(name: str) -> int:
    """Side of the input, without building the network."""
    return models.get_model_weights(name).DEFAULT.transforms().crop_size[0]
