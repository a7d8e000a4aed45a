"""Networks by name: what they expect of an image, how wide their embedding is, their weights."""

import difflib
from dataclasses import replace
from pathlib import Path
from types import ModuleType

from features.networks.backbone import Backbone, Published
from features.networks.normalization import Scheme, mean_and_std
from features.networks.sources import lenet_model, lite_models, timm_models, torchvision_models

__all__ = [
    "Backbone",
    "Published",
    "backbone_names",
    "get_backbone",
    "input_size",
    "published",
    "weights_at_hand",
]

_SOURCES: tuple[ModuleType, ...] = (lite_models, lenet_model, torchvision_models, timm_models)


def backbone_names() -> list[str]:
    """Names that `get_backbone` knows, but for timm's, which are ``timm:`` and timm's own name.

    Returns
    -------
    list of str
        LeNet, EfficientNet-Lite0 to Lite2, Inception v4 (timm's) and torchvision's classifiers,
        sorted.
    """
    return sorted(name for source in _SOURCES for name in source.names())


def get_backbone(
    name: str,
    weights: str | Path | None = "default",
    *,
    normalization: Scheme | None = None,
) -> Backbone:
    """Look a backbone up.

    Parameters
    ----------
    name : str
        One of `backbone_names`, or ``timm:NAME`` with the extra ``timm``.
    weights : "default", path-like or None, default="default"
        ImageNet weights from the package that carries them or from torchvision (downloaded at
        first use into torch's cache), a file with a state dict of the classifier, or random ones.
    normalization : {"imagenet", "symmetric", "unit"} or tuple of (mean, std), optional
        How pixels are scaled, for weights that were trained with another scale than the
        backbone's own (see `mean_and_std`).

    Returns
    -------
    Backbone
        Not built yet; its weights are at hand.

    Raises
    ------
    ValueError
        An unknown name, with the closest ones; no normalisation.
    FileNotFoundError
        `weights` names no file, or the default ones could not be had.
    ImportError
        The network comes with an optional extra that is not installed.

    Examples
    --------
    >>> backbone = get_backbone("resnet18", weights=None)
    >>> backbone.size, backbone.width, backbone.pooled_layer
    (224, 512, 'fc')
    """
    source = _source(name)
    known: Backbone = source.describe(name)
    if normalization is not None:
        mean, std = mean_and_std(normalization)
        known = replace(known, mean=mean, std=std)
    if weights is None:
        return known
    path = source.fetch(name) if weights == "default" else Path(weights)
    if not path.is_file():
        raise FileNotFoundError(
            f"No file of weights at {path}. Expected 'default', None or the path of a state dict."
        )
    return replace(known, weights=path)


def published(name: str) -> Published:
    """Look up what is published of a backbone and its default weights.

    Parameters
    ----------
    name : str
        As for `get_backbone`. Nothing is built or downloaded.

    Returns
    -------
    Published
        Source, licence, parameters, multiply-adds and accuracy.
    """
    return _source(name).published(name)


def weights_at_hand(name: str) -> bool:
    """Tell whether a backbone's default weights are on this machine.

    Parameters
    ----------
    name : str
        As for `get_backbone`. Nothing is downloaded.

    Returns
    -------
    bool
    """
    return _source(name).at_hand(name)


def input_size(name: str) -> int | None:
    """Side of a backbone's input in pixels, without building it; None if its extra is missing."""
    return _source(name).size(name)


def _source(name: str) -> ModuleType:
    for source in _SOURCES:
        if name in source.names():
            return source
    if timm_models.knows(name):
        return timm_models
    close = difflib.get_close_matches(str(name), backbone_names(), n=4, cutoff=0.4)
    hint = f" Did you mean {', '.join(close)}?" if close else ""
    raise ValueError(f"Unknown backbone {name!r}.{hint} See `backbone_names()`.")
