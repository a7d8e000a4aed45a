"""Networks by name: what they expect of an image, how wide their embedding is, their weights."""

import difflib
import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from features.networks import efficientnet_lite
from features.networks._torchvision import models

Triple = tuple[float, float, float]

# Both look at their input through these constants themselves, once trained by torchvision.
_ARGUMENTS: dict[str, dict[str, Any]] = {
    "googlenet": {"init_weights": False, "transform_input": True},
    "inception_v3": {"init_weights": False, "transform_input": True},
}
_AUXILIARY = ("AuxLogits", "aux1", "aux2")


@dataclass(frozen=True)
class Backbone:
    """A network without its last layer, and what it expects of an image.

    Parameters
    ----------
    name : str
        As `get_backbone` knows it.
    size : int
        Side of its input, in pixels, as in its training.
    mean, std : tuple of three float
        Its normalisation, of pixels in [0, 1].
    width : int
        Numbers in its embedding.
    constructor : callable
        Returns the classifier, last layer included, with random weights.
    weights : Path, optional
        State dict of the classifier; without it weights are random.
    """

    name: str
    size: int
    mean: Triple
    std: Triple
    width: int
    constructor: Callable[[], nn.Module]
    weights: Path | None = None

    @property
    def fill(self) -> tuple[int, int, int]:
        """Mean colour in [0, 255], which the network sees as nothing."""
        red, green, blue = (round(255 * value) for value in self.mean)
        return red, green, blue

    def digest(self) -> str:
        """Sha256 of the weights' file; "random" without one."""
        if self.weights is None:
            return "random"
        status = self.weights.stat()
        return _sha256(self.weights, status.st_mtime_ns, status.st_size)

    def build(self, *, pretrained: bool = True) -> nn.Module:
        """Build the network that returns the embedding.

        Parameters
        ----------
        pretrained : bool, default=True
            Load the weights, if there are any; else they are drawn from torch's global generator.

        Returns
        -------
        nn.Module
            In evaluation mode; normalised (n, 3, height, width) float32 to (n, width) float32.

        Raises
        ------
        ValueError
            A file of weights that does not fit the network, naming the keys.
        """
        network = self.constructor()
        if pretrained and self.weights is not None:
            _load_strictly(network, self.weights, self.name)
        for name in _AUXILIARY:
            if getattr(network, name, None) is not None:
                network.register_module(name, None)
                network.aux_logits = False  # type: ignore[assignment]
        network.set_submodule(_last_layer(network)[0], nn.Identity())
        return network.eval()


def backbone_names() -> list[str]:
    """Names that `get_backbone` knows: EfficientNet-Lite0 and torchvision's classifiers."""
    return sorted(["efficientnet_lite0", *models.list_models(module=models)])


def get_backbone(name: str, weights: str | Path | None = "default") -> Backbone:
    """Look a backbone up.

    Parameters
    ----------
    name : str
        One of `backbone_names`.
    weights : "default", path-like or None, default="default"
        ImageNet weights from the package that carries them or from torchvision (downloaded at
        first use into torch's cache), a file with a state dict of the classifier, or random ones.

    Returns
    -------
    Backbone
        Not built yet; its weights are at hand.

    Raises
    ------
    ValueError
        An unknown name, with the closest ones.
    FileNotFoundError
        `weights` names no file, or torchvision's could not be downloaded.

    Examples
    --------
    >>> backbone = get_backbone("resnet18", weights=None)
    >>> backbone.size, backbone.width
    (224, 512)
    """
    if name == "efficientnet_lite0":
        lite = efficientnet_lite
        known = Backbone(
            name, lite.IMAGE_SIZE, lite.MEAN, lite.STD, lite.WIDTH, lite.efficientnet_lite0
        )
        default: Callable[[], Path] = lite.lite0_weights_file
    elif name in models.list_models(module=models):
        known = _from_torchvision(name)
        default = partial(_download, name)
    else:
        close = difflib.get_close_matches(str(name), backbone_names(), n=4, cutoff=0.4)
        hint = f" Did you mean {', '.join(close)}?" if close else ""
        raise ValueError(f"Unknown backbone {name!r}.{hint} See `backbone_names()`.")
    if weights is None:
        return known
    path = default() if weights == "default" else Path(weights)
    if not path.is_file():
        raise FileNotFoundError(
            f"No file of weights at {path}. Expected 'default', None or the path of a state dict."
        )
    return Backbone(**{**vars(known), "weights": path})


@lru_cache
def _from_torchvision(name: str) -> Backbone:
    constructor = partial(models.get_model, name, weights=None, **_ARGUMENTS.get(name, {}))
    with _NoWeights():
        _, last = _last_layer(constructor())
    preset = models.get_model_weights(name).DEFAULT.transforms()
    width = last.in_features if isinstance(last, nn.Linear) else last.in_channels
    (size,) = preset.crop_size
    return Backbone(name, size, tuple(preset.mean), tuple(preset.std), width, constructor)


class _NoWeights(TorchFunctionMode):
    """Layers take no memory and no time; what they are laid out by is still computed.

    RegNet computes its layout with torch, which ``torch.device("meta")`` would leave undone.
    """

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if func is torch.empty:
            kwargs["device"] = "meta"
        return func(*args, **kwargs)


def _last_layer(network: nn.Module) -> tuple[str, nn.Linear | nn.Conv2d]:
    """Name and module of the classifying layer: the last linear one, or convolution without any."""
    for kind in (nn.Linear, nn.Conv2d):
        found = [pair for pair in network.named_modules() if isinstance(pair[1], kind)]
        if found:
            return found[-1]
    raise TypeError(f"{type(network).__name__} has neither a linear layer nor a convolution.")


def _download(name: str) -> Path:
    """Path of torchvision's default weights in torch's cache, fetched if they are not there."""
    url = models.get_model_weights(name).DEFAULT.url
    path = Path(torch.hub.get_dir(), "checkpoints", Path(urlparse(url).path).name)
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


def _load_strictly(network: nn.Module, path: Path, name: str) -> None:
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as exc:  # torch raises what its unpickler, zip reader or an import raises
        raise ValueError(
            f"{path} does not load with weights_only=True ({type(exc).__name__}): expected a state "
            "dict, as torch.save(model.state_dict(), path) writes it."
        ) from exc
    if not isinstance(state, Mapping):
        raise ValueError(f"Expected a state dict in {path}, got {type(state).__name__}.")
    state = _rename(state, name)
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
    network.load_state_dict(state)


def _rename(state: Mapping[str, Tensor], name: str) -> Mapping[str, Tensor]:
    """Name the weights as the network does now; the files kept older names."""
    if name == "efficientnet_lite0":
        return efficientnet_lite.rename_lite0_keys(state)
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


@lru_cache
def _sha256(path: Path, changed: int, size: int) -> str:
    """Digest of a file; its time and size tell a changed file from the one seen before."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
