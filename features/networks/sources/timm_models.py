"""Any classifier of timm, with the optional extra; as ``timm:NAME``."""

import difflib
import importlib
from functools import lru_cache, partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

# First: timm asks torchvision for its transforms, which must load beside a CPU build of torch.
import features.networks._torchvision  # noqa: F401

# isort: split
from features.networks.backbone import Backbone, Published, describe_network, measure
from features.networks.weights import cached_path, download

PREFIX = "timm:"
# Names of the review that torchvision does not have.
ALIASES = {"inception_v4": "timm:inception_v4"}


def names() -> list[str]:
    """Names without prefix; timm's own hundreds are listed by timm."""
    return list(ALIASES)


def knows(name: str) -> bool:
    """Whether a name is meant for timm."""
    return name in ALIASES or name.startswith(PREFIX)


@lru_cache
def describe(name: str) -> Backbone:
    """Read input and normalisation off timm's configuration of the pretrained model."""
    config = _config(name)
    constructor = partial(_timm().create_model, _plain(name), pretrained=False, num_classes=1000)
    try:
        backbone = describe_network(
            name, constructor, config.input_size[-1], tuple(config.mean), tuple(config.std)
        )
    except Exception as exc:  # timm's constructors raise what they please
        raise ValueError(
            f"{name} cannot be laid out without weights, by which its width is found, at its "
            f"{config.input_size[-1]} pixels ({type(exc).__name__}: {exc}): use another of timm's "
            "networks."
        ) from exc
    if backbone.pooled_layer != config.classifier:
        raise ValueError(
            f"{name} does not end in one linear layer (timm classifies by {config.classifier}), as "
            "a backbone must: use another of timm's networks."
        )
    return backbone


def fetch(name: str) -> Path:
    """Find or fetch the weights: by address into torch's cache, else from Hugging Face's hub."""
    config = _config(name)
    if config.url:
        return download(config.url, name)
    from huggingface_hub import hf_hub_download

    repository = config.hf_hub_id
    try:
        return Path(hf_hub_download(repository, "model.safetensors"))
    except OSError as exc:
        raise FileNotFoundError(
            f"The weights of {name} could not be downloaded ({type(exc).__name__}): fetch "
            f"model.safetensors of https://huggingface.co/{repository} and name the file with "
            "`weights`."
        ) from exc


def at_hand(name: str) -> bool:
    """Whether the weights are on this machine already."""
    if find_spec("timm") is None:
        return False
    config = _config(name)
    if config.url:
        return cached_path(config.url).is_file()
    from huggingface_hub import try_to_load_from_cache

    return isinstance(try_to_load_from_cache(config.hf_hub_id, "model.safetensors"), str)


def published(name: str) -> Published:
    """Read timm's configuration, which holds no accuracy, and count what can be counted."""
    if find_spec("timm") is None:
        return Published(source="timm", licence="stated by timm", extra="timm")
    config = _config(name)
    parameters, gflops = measure(describe(name))
    return Published(
        parameters=parameters,
        gflops=gflops,
        source=config.url or f"https://huggingface.co/{config.hf_hub_id}",
        licence=config.license or "not stated",
    )


def size(name: str) -> int | None:
    """Side of the input; None without timm."""
    return None if find_spec("timm") is None else _config(name).input_size[-1]


def _plain(name: str) -> str:
    return ALIASES.get(name, name).removeprefix(PREFIX)


def _config(name: str) -> Any:
    plain = _plain(name)
    timm = _timm()
    if not timm.is_model(plain):
        close = difflib.get_close_matches(plain, timm.list_models(), n=4)
        hint = f" Did you mean {', '.join(PREFIX + other for other in close)}?" if close else ""
        raise ValueError(f"Unknown backbone {name!r}: timm has no model {plain!r}.{hint}")
    return timm.models.get_pretrained_cfg(plain)


def _timm() -> Any:
    if find_spec("timm") is None:
        raise ImportError('This backbone comes with timm: pip install "dermfusion[timm]".')
    return importlib.import_module("timm")
