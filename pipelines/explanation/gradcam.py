"""Where in the frame a fine-tuned network sees a class: Grad-CAM, by captum."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted
from torch import Tensor, nn

from features import extract, get_backbone, pick_device
from features.devices import exact_arithmetic
from features.networks.backbone import Backbone
from features.networks.tap import find_layer
from pipelines.cnn import Augmentation, CNNClassifier
from pipelines.cnn.network import FrameClassifier
from pipelines.cnn.settings import as_sizes
from pipelines.intake import image_side
from pipelines.patients import PatientFeatures

__all__ = ["ClassMaps", "grad_cam", "networks_of"]

_BATCH = 16


class ClassMaps(NamedTuple):
    """Where images speak for a class.

    Attributes
    ----------
    maps : ndarray of shape (n, size, size), float32
        At least 0; the larger, the more a place speaks for the class. All 0 where none does.
    frames : ndarray of shape (n, size, size, 3), uint8
        RGB, as the network saw them.
    labels : ndarray of shape (n,)
        The class of each map.
    """

    maps: NDArray[np.float32]
    frames: NDArray[np.uint8]
    labels: NDArray


class _ClassLogits(nn.Module):
    """Logits of the classes that are predicted, where the network was trained on finer ones."""

    def __init__(self, network: nn.Module, membership: NDArray):
        super().__init__()
        self.network = network
        self.outside = torch.from_numpy(membership.T == 0)

    def forward(self, frames: Tensor) -> Tensor:
        finer = self.network(frames)[:, None]
        return finer.masked_fill(self.outside.to(finer.device), -torch.inf).logsumexp(dim=2)


def grad_cam(
    classifier: CNNClassifier, X: Any, labels: Sequence | NDArray | None = None
) -> ClassMaps:
    """Map where images speak for a class, by the last feature maps of a network.

    Parameters
    ----------
    classifier : CNNClassifier
        Fitted. Of several `predict_size` the first is looked at, without mirrored views.
    X : manifest (DataFrame), sequence of paths, or uint8 array (n, height, width, 3)
        Images.
    labels : array-like of shape (n,), optional
        Class to look for in each; by default the one that is predicted.

    Returns
    -------
    ClassMaps
        Of the frames, which are square: strips beside the image belong to them. A map is as
        coarse as the network's last one, and enlarged smoothly.

    Raises
    ------
    ImportError
        If captum is not installed.
    ValueError
        If a label is no class of the network, or the network does not end in feature maps.

    References
    ----------
    Selvaraju et al. (2017), ICCV, 618-626.
    """
    try:
        from captum.attr import LayerAttribution, LayerGradCam
    except ImportError as exc:
        raise ImportError("Grad-CAM needs captum: pip install 'dermfusion[explain]'.") from exc
    check_is_fitted(classifier, "state_")
    backbone = get_backbone(classifier.backbone, None, normalization=classifier.normalization)
    layer = _last_maps(backbone)
    network, trunk = _fitted_network(classifier, backbone)
    frames = _frames(classifier, X)
    if labels is None:
        labels = classifier.predict(X)
    codes = _codes(classifier, labels, len(frames))
    method = LayerGradCam(network, trunk.get_submodule(layer))
    device, maps = next(network.parameters()).device, []
    with exact_arithmetic():
        for start in range(0, len(frames), _BATCH):
            part = slice(start, start + _BATCH)
            found = method.attribute(
                frames[part].to(device), target=codes[part].to(device), relu_attributions=True
            )
            maps.append(
                LayerAttribution.interpolate(
                    found.detach().float(), tuple(frames.shape[2:]), "bilinear"
                )[:, 0].cpu()
            )
    shown = frames.round().clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1).contiguous()
    return ClassMaps(torch.cat(maps).numpy(), shown.numpy(), classifier.classes_[codes.numpy()])


def networks_of(model: Any) -> list[CNNClassifier]:
    """Find the fine-tuned networks that a fitted model looks through; none, one or several.

    Parameters
    ----------
    model : fitted classifier
        Of images: a `LesionPipeline`, a `CNNClassifier`, or one below a decision rule.

    Returns
    -------
    list of CNNClassifier
    """
    side = image_side(model)
    if isinstance(side, PatientFeatures):
        side = side.features_
    found = getattr(side, "networks_", None) or [getattr(side, "network_", side)]
    return [network for network in found if isinstance(network, CNNClassifier)]


def _last_maps(backbone: Backbone) -> str:
    try:
        layer = find_layer(backbone, None, "gem")
    except ValueError as exc:
        raise ValueError(
            f"Grad-CAM needs a network that ends in feature maps, as convolutional ones do, and "
            f"{backbone.name} does not. `occlusion` works with any model."
        ) from exc
    return str(layer)


def _fitted_network(classifier: CNNClassifier, backbone: Backbone) -> tuple[nn.Module, nn.Module]:
    """Build the network that gives a logit of each class, and its trunk, in PyTorch alone."""
    with torch.random.fork_rng(devices=[]):
        network = FrameClassifier(backbone, len(classifier.finer_classes_), pretrained=False)
    network.load_arrays(classifier.state_)
    device = pick_device(classifier.device)
    network = network.eval().to(device)
    whole: nn.Module = network
    if len(classifier.finer_classes_) > len(classifier.classes_):
        whole = _ClassLogits(network, classifier._membership)
    return whole, network.trunk


def _frames(classifier: CNNClassifier, X: Any) -> Tensor:
    """Frames as the network sees them, (n, 3, size, size) float32 in [0, 255]."""
    found = extract(X, classifier.image_parts(), store=None).values["frames"]
    size = (as_sizes(classifier.predict_size) or as_sizes(classifier.image_size)[-1:])[0]
    augment = classifier.augment
    prepared = augment if isinstance(augment, Augmentation) else Augmentation()
    return prepared.prepare(torch.from_numpy(found), size)


def _codes(classifier: CNNClassifier, labels: Any, n: int) -> Tensor:
    labels = np.asarray(labels)
    if labels.shape != (n,):
        raise ValueError(f"Expected a label for each of {n} images, got shape {labels.shape}.")
    known = list(classifier.classes_)
    strange = sorted({str(label) for label in labels if label not in known})
    if strange:
        raise ValueError(f"The network does not know the classes {strange}; it knows {known}.")
    return torch.tensor([known.index(label) for label in labels])
