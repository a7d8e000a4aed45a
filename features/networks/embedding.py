"""Embeddings of frozen networks."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from features.descriptor import ImagePart
from features.devices import pick_device
from features.extraction import View
from features.networks.backbones import Backbone, get_backbone
from features.networks.engines import PRECISIONS, make_runner, resolve_engine
from features.networks.folding import fold_batch_norms
from features.networks.frame import FrameView, LesionCropView, ViewsSideBySide, lesion_crop
from features.networks.pooling import POOLINGS
from features.networks.tap import Runner, TappedNetwork, find_layer, tapped_width
from features.networks.tta import VIEWS, views
from features.preparation.lesion_view import Preparation

Weights = str | Path | None

CROPS = ("frame", "lesion")

# Threads that extract share the networks, built by the first.
_BUILDING = Lock()


class _Plan(NamedTuple):
    """All that one network's rows depend on, and where it runs."""

    backbone: Backbone
    digest: str
    seed: int | None
    size: int
    layer: str | None
    pooling: str
    engine: str
    precision: str
    device: torch.device


class CNNEmbedding(ImagePart):
    """What a network's last layer would see of the full frame, without training it.

    Parameters
    ----------
    backbone : str or sequence of str, default="efficientnet_lite0"
        One of `backbone_names`, or several, whose embeddings stand side by side.
    weights : "default", path-like, None, or a sequence or mapping of them, default="default"
        ImageNet weights, a file with a state dict, or random ones (see `get_backbone`). One for
        all backbones, one each in their order, or by name ("default" where it is not named).
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
        What runs it. "auto" is the fastest installed: on a CPU ONNX Runtime or OpenVINO (extra
        ``engines``), else PyTorch. "compile" needs a C++ compiler and a minute at first use, and
        taps no inner layer.
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
        for name in self._backbones():
            backbone = get_backbone(name, weights=None)
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
        for plan in self._plans():
            scheme = (plan.backbone.mean, plan.backbone.std)
            parts += [plan.backbone.name, scheme]
            parts += [plan.digest, plan.seed, plan.size, plan.layer, plan.pooling]
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
        for frames, runner in zip(all_frames, self._runners(plans), strict=True):
            each = [runner(seen) for seen in views(frames, self.tta or "none")]
            rows.append(torch.stack(each).mean(dim=0) if len(each) > 1 else each[0])
        return torch.cat(rows, dim=1)

    def _backbones(self) -> list[str]:
        return [self.backbone] if isinstance(self.backbone, str) else list(self.backbone)

    def _check_names(self) -> None:
        for name, allowed in (
            ("pooling", POOLINGS),
            ("tta", (None, *VIEWS)),
            ("crop", CROPS),
        ):
            if getattr(self, name) not in allowed:
                raise ValueError(f"`{name}` must be one of {allowed}, got {getattr(self, name)!r}.")
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
            strange = sorted(set(given) - set(names))
            if strange:
                raise ValueError(
                    f"`weights` names {strange}, which are not in `backbone`: {names}."
                )
            return [given.get(name, "default") for name in names]
        if len(given) != len(names):
            raise ValueError(
                f"`weights` must be one for all backbones or one for each of {len(names)}, "
                f"got {len(given)}."
            )
        return list(given)

    def _plans(self) -> list[_Plan]:
        self._check_names()
        device = pick_device(self.device)
        engine = resolve_engine(self.engine, self.precision, device)
        plans = []
        for name, weights in zip(self._backbones(), self._weights(), strict=True):
            backbone = get_backbone(name, weights)
            seed = None
            if backbone.weights is None:
                seed = self._seed()
            plans.append(
                _Plan(
                    backbone=backbone,
                    digest=backbone.digest(),
                    seed=seed,
                    size=self.image_size or backbone.size,
                    layer=find_layer(backbone, self.layer, self.pooling),
                    pooling=self.pooling,
                    engine=engine,
                    precision=self.precision,
                    device=device,
                )
            )
        return plans

    def _seed(self) -> int:
        if not isinstance(self.random_state, (int, np.integer)):
            raise ValueError(
                "Random weights (weights=None) need an int as `random_state`, got "
                f"{self.random_state!r}: rows could not be told from those of other weights."
            )
        return int(self.random_state)

    def _runners(self, plans: list[_Plan]) -> list[Runner]:
        """Build the networks, or take those built before for the same settings."""
        with _BUILDING:
            return [_build(plan) for plan in plans]


@lru_cache(maxsize=4)
def _build(plan: _Plan) -> Runner:
    """Build a network and have its engine run it, once for all clones and folds."""
    with torch.random.fork_rng(devices=[]):
        if plan.seed is not None:
            torch.default_generator.manual_seed(plan.seed)
        network = plan.backbone.build()
    tapped = TappedNetwork(network, plan.backbone, plan.layer, plan.pooling).eval()
    if plan.engine in ("eager", "compile"):
        fold_batch_norms(tapped)
    tapped.as_type(PRECISIONS[plan.precision])
    try:
        return make_runner(tapped, plan.engine, size=plan.size, device=plan.device)
    except Exception as exc:
        # No other engine in its place: rows are kept under the name of the one that made them.
        raise RuntimeError(
            f"{plan.backbone.name} could not be handed to {plan.engine} ({exc}). Use "
            "engine='eager'."
        ) from exc
