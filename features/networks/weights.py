"""Files of weights: fetched, checked and loaded."""

import hashlib
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlparse

import torch
from torch import Tensor, nn

from features.networks.efficientnet_lite import rename_lite_keys


def cached_path(url: str) -> Path:
    """Where torch's cache keeps what lies at an address, whether it is there or not."""
    return Path(torch.hub.get_dir(), "checkpoints", Path(urlparse(url).path).name)


def download(url: str, name: str) -> Path:
    """Find the weights of a network in torch's cache, or fetch them into it.

    Parameters
    ----------
    url : str
        Where they lie. A file name that ends in a hyphen and part of its sha256 is checked.
    name : str
        Of the network, for the error.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    FileNotFoundError
        They could not be fetched: says from where, and where to put them.
    """
    path = cached_path(url)
    if path.is_file():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    prefix = re.search(r"-([a-f0-9]{8,})\.", path.name)
    try:
        torch.hub.download_url_to_file(url, str(path), prefix and prefix[1], progress=False)
    except (OSError, RuntimeError) as exc:  # unreachable or refused; cut short or altered
        raise FileNotFoundError(
            f"The weights of {name} could not be downloaded ({exc}): fetch {url} and save it as "
            f"{path}, or name a file with `weights`."
        ) from exc
    return path


def file_digest(path: Path) -> str:
    """Sha256 of a file, read once as long as its time and size stay."""
    status = path.stat()
    return _sha256(path, status.st_mtime_ns, status.st_size)


@lru_cache
def _sha256(path: Path, changed: int, size: int) -> str:
    """Digest of a file; its time and size tell a changed file from the one seen before."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def load_strictly(network: nn.Module, path: Path, name: str) -> None:
    """Load a state dict that has all weights of a network and no others.

    Parameters
    ----------
    network : nn.Module
        Loaded in place.
    path : Path
        As `torch.save` writes it, or ``.safetensors``.
    name : str
        Of the network, for errors, and for the older names that files of its family hold.

    Raises
    ------
    ValueError
        The file is no state dict, or does not fit: names the keys.
    """
    state = _rename(_read(path), name)
    expected = network.state_dict()
    wrong = [key for key in state.keys() & expected if state[key].shape != expected[key].shape]
    faults = {
        "missing": sorted(expected.keys() - state.keys()),
        "unexpected": sorted(state.keys() - expected.keys()),
        "of another shape": sorted(wrong),
    }
    # Old files lack the counters of batch norm, which only training without momentum reads.
    faults["missing"] = [k for k in faults["missing"] if not k.endswith("num_batches_tracked")]
    if any(faults.values()):
        raise ValueError(f"{path} does not fit {name}: {_describe(faults)}.")
    network.load_state_dict(state, strict=False)


def _read(path: Path) -> Mapping[str, Tensor]:
    if path.suffix == ".safetensors":
        from safetensors.torch import load_file

        return load_file(path)
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as exc:  # torch raises what its unpickler, zip reader or an import raises
        raise ValueError(
            f"{path} does not load with weights_only=True ({type(exc).__name__}): expected a state "
            "dict, as torch.save(model.state_dict(), path) writes it."
        ) from exc
    if not isinstance(state, Mapping):
        raise ValueError(f"Expected a state dict in {path}, got {type(state).__name__}.")
    return state


def _rename(state: Mapping[str, Tensor], name: str) -> Mapping[str, Tensor]:
    """Name the weights as the network does now; the files kept older names."""
    if name.startswith("efficientnet_lite"):
        return rename_lite_keys(state, name)
    if name.startswith("densenet"):
        old = re.compile(r"(.*denselayer\d+\.(?:norm|relu|conv))\.([12]\..+)")
        return {old.sub(r"\1\2", key): value for key, value in state.items()}
    return state


def _describe(faults: Mapping[str, list[str]], shown: int = 4) -> str:
    parts = []
    for fault, keys in faults.items():
        if keys:
            more = f" and {len(keys) - shown} more" if len(keys) > shown else ""
            parts.append(f"{fault} {', '.join(keys[:shown])}{more}")
    return "; ".join(parts)
