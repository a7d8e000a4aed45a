"""Embeddings of frozen networks."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from features._checks import check_choice
from features.descriptor import ImagePart
from features.devices import pick_device
from features.extraction import View
from features.networks.backbones import get_backbone
from features.networks.engines import resolve_engine
from features.networks.frame import FrameView, LesionCropView, ViewsSideBySide, lesion_crop
from features.networks.normalization import Scheme
from features.networks.pooling import POOLINGS
from features.networks.runners import Definition, Plan, Runners
from features.networks.tap import find_layer, tapped_width
from features.networks.tta import VIEWS, views
from features.preparation.lesion_view import Preparation

Weights = str | Path | None

CROPS = ("frame", "lesion")


class CNNEmbedding(ImagePart):
    """What a network's last layer would see of the full frame, without training it.

    Parameters
    ----------
    backbone : str or sequence of str, default="efficientnet_lite0"
        One of `backbone_names`, or several, whose embeddings stand side by side.
    weights : "default", path-like, None, or a sequence or mapping of them, default="default"
        ImageNet weights, a file with a state dict, or random ones (see `get_backbone`). One for
        all backbones, one each in their order, or by name ("default" where it is not named).
    normalization : {"imagenet", "symmetric", "unit"}, (mean, std) or mapping of them, optional
        How pixels are scaled, for `weights` that were trained with another scale than the
        backbone's own (see `get_backbone`). One for all backbones, or by name.
    layer : str, optional
        Dotted name of an inner module whose output is taken instead, or "fc6" or "fc7": the
        first and second fully connected layer of AlexNet and VGG, behind its ReLU.
    pooling : {"average", "gem", "none"}, default="average"
        How feature maps of (channels, height, width) become a vector: by their mean, by their
        generalised mean (cubic, of positive values), or not at all, for a layer of vectors.
        Without a `layer`, "gem" takes the place of the network's own global pooling.
    tta : {"flips", "dihedral"}, optional
        Average the embeddings of the frame and its mirror images (4), or of all its turns and
        mirror images (8).
    image_size : int, optional
        Side of the frame in pixels; the backbone's own by default.
    crop : {"frame", "lesion"}, default="frame"
        The full frame, or the lesion's box with its margin, hair and skin left in: an ablation.
    device : str, default="auto"
        Where the network runs (see `pick_device`).
    precision : {"float32", "bfloat16", "float16"}, default="float32"
        What the network computes in; float16 needs a GPU.
    engine : {"auto", "eager", "compile", "onnxruntime", "openvino"}, default="auto"
        What runs it. "auto" is the fastest installed: on a CPU ONNX Runtime (extra ``engines``),
        else OpenVINO (``pip install openvino``), else PyTorch. "compile" needs a C++ compiler and
        a minute at first use, and taps no inner layer.
    random_state : int, optional
        Seed of random weights; needed for them alone.

    Notes
    -----
    The network is built at first use, once for all clones. Alone, it reads and embeds on all
    cores.
    """

    block = "embedding"
    version = 3
    _n_jobs = -1

    def __init__(
        self,
        backbone: str | Sequence[str] = "efficientnet_lite0",
        weights: Weights | Sequence[Weights] | Mapping[str, Weights] = "default",
        *,
        normalization: Scheme | Mapping[str, Scheme | None] | None = None,
        layer: str | None = None,
        pooling: str = "average",
        tta: str | None = None,
        image_size: int | None = None,
        crop: str = "frame",
        device: str = "auto",
        precision: str = "float32",
        engine: str = "auto",
        random_state: int | None = None,
    ):
        self.backbone = backbone
        self.weights = weights
        self.normalization = normalization
        self.layer = layer
        self.pooling = pooling
        self.tta = tta
        self.image_size = image_size
        self.crop = crop
        self.device = device
        self.precision = precision
        self.engine = engine
        self.random_state = random_state

    def view(self, preparation: Preparation) -> View:
        """Look at the full frame, whatever the preparation of the lesion, or at the lesion's box.

        Several backbones that differ in size or normalisation have a view each.
        """
        self._check_names()
        seen: list[FrameView | LesionCropView] = []
        for name, scheme in zip(self._backbones(), self._schemes(), strict=True):
            backbone = get_backbone(name, weights=None, normalization=scheme)
            size = self.image_size or backbone.size
            if self.crop == "frame":
                seen.append(FrameView(size, fill=backbone.fill))
            else:
                seen.append(lesion_crop(preparation, size, backbone.fill))
        return seen[0] if isinstance(self.backbone, str) else ViewsSideBySide(tuple(seen))

    def feature_names(self) -> Sequence[str]:
        """Numbers from 0, padded with zeros; of several backbones each behind its name."""
        self._check_names()
        names = []
        for name in self._backbones():
            backbone = get_backbone(name, weights=None)
            layer = find_layer(backbone, self.layer, self.pooling)
            width = tapped_width(backbone, layer, self.pooling)
            prefix = "" if isinstance(self.backbone, str) else f"{name}_"
            names += [f"{prefix}{i:0{len(str(width - 1))}d}" for i in range(width)]
        return names

    def fingerprint(self) -> str:
        """Names the definition in a feature store: all that rows depend on, engine included.

        The device is named only in as far as it decides the engine.
        """
        engines = [f"{plan.engine}:{plan.precision}" for plan in self._plans()]
        return ":".join([self.definition(), *engines])

    def definition(self) -> str:
        """Names what the columns mean, whatever computes them: the engines agree to 1e-4."""
        parts = [type(self).__name__, self.version, self.tta or "none"]
        for backbone, *what in self._definitions():
            parts += [backbone.name, (backbone.mean, backbone.std), *what]
        return ":".join(map(str, parts))

    def describe(self, batch: Tensor | Sequence[Tensor]) -> Tensor:
        """Embed a batch of frames.

        Parameters
        ----------
        batch : Tensor of shape (n, 3, size, size), uint8, or a sequence of them
            RGB; of several backbones a tensor each.

        Returns
        -------
        Tensor of shape (n, width), float32
            On the CPU.
        """
        plans = self._plans()
        all_frames = [batch] if isinstance(batch, Tensor) else list(batch)
        if len(all_frames) != len(plans):
            raise ValueError(
                f"Expected frames for each of {len(plans)} backbones, got {len(all_frames)}. "
                "Prepare them with `view`."
            )
        if not len(all_frames[0]):
            return torch.empty(0, len(self.feature_names()))
        rows = []
        # Not of `__init__`, which only stores; made once, whichever thread comes first.
        runners = self.__dict__.setdefault("_runners", Runners())
        for frames, runner in zip(all_frames, runners.take(plans), strict=True):
            each = [runner(seen) for seen in views(frames, self.tta or "none")]
            rows.append(torch.stack(each).mean(dim=0) if len(each) > 1 else each[0])
        return torch.cat(rows, dim=1)

    def weight_files(self) -> list[Path]:
        """Files of the weights, which pickles do not hold; none where they are random."""
        weights = [network.backbone.weights for network in self._definitions()]
        return [path for path in weights if path is not None]

    def _backbones(self) -> list[str]:
        return [self.backbone] if isinstance(self.backbone, str) else list(self.backbone)

    def _check_names(self) -> None:
        for name, allowed in (
            ("pooling", POOLINGS),
            ("tta", (None, *VIEWS)),
            ("crop", CROPS),
        ):
            check_choice(name, getattr(self, name), allowed)
        names = self._backbones()
        if not names or len(set(names)) < len(names):
            raise ValueError(
                f"`backbone` must be a name or several different ones, got {self.backbone!r}."
            )

    def _weights(self) -> list[Weights]:
        """Weights of each backbone."""
        names = self._backbones()
        given = self.weights
        if given is None or isinstance(given, (str, Path)):
            return [given] * len(names)
        if isinstance(given, Mapping):
            return self._by_name("weights", given, "default")
        if len(given) != len(names):
            raise ValueError(
                f"`weights` must be one for all backbones or one for each of {len(names)}, "
                f"got {len(given)}."
            )
        return list(given)

    def _schemes(self) -> list[Scheme | None]:
        """Normalisation of each backbone that has not its own."""
        given = self.normalization
        if isinstance(given, Mapping):
            return self._by_name("normalization", given, None)
        return [given] * len(self._backbones())

    def _by_name(self, parameter: str, given: Mapping[str, Any], other: Any) -> list[Any]:
        """Look each backbone up in a parameter; `other` where it is not named."""
        names = self._backbones()
        strange = sorted(set(given) - set(names))
        if strange:
            raise ValueError(
                f"`{parameter}` names {strange}, which are not in `backbone`: {names}."
            )
        return [given.get(name, other) for name in names]

    def _plans(self) -> list[Plan]:
        device = pick_device(self.device)
        engine = resolve_engine(self.engine, self.precision, device)
        return [Plan(network, engine, self.precision, device) for network in self._definitions()]

    def _definitions(self) -> list[Definition]:
        # Without the device, so that a machine that lacks it knows what the columns mean too.
        self._check_names()
        networks = []
        each = zip(self._backbones(), self._weights(), self._schemes(), strict=True)
        for name, weights, scheme in each:
            backbone = get_backbone(name, weights, normalization=scheme)
            networks.append(
                Definition(
                    backbone=backbone,
                    digest=backbone.digest(),
                    seed=self._seed() if backbone.weights is None else None,
                    size=self.image_size or backbone.size,
                    layer=find_layer(backbone, self.layer, self.pooling),
                    pooling=self.pooling,
                )
            )
        return networks

    def _seed(self) -> int:
        if not isinstance(self.random_state, (int, np.integer)):
            raise ValueError(
                "Random weights (weights=None) need an int as `random_state`, got "
                f"{self.random_state!r}: rows could not be told from those of other weights."
            )
        return int(self.random_state)

    def __getstate__(self):
        return {name: value for name, value in super().__getstate__().items() if name != "_runners"}
