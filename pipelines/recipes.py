"""Whole models by name: descriptors, frozen embeddings, and the two fused."""

import inspect
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from features import (
    ABCD,
    GLCM,
    HOG,
    LBP,
    CNNEmbedding,
    ColorHistogram,
    ColorMoments,
    ColorQuantiles,
    DetailBands,
    ImageFeatures,
    ImagePart,
    JointColorHistogram,
    Preparation,
    SkinContrast,
    ZonalColor,
    pick_device,
)
from fusion import BlockScaler, BoltzmannSelector, BoostedTrees, DecisionRule
from pipelines.cnn import CNNClassifier
from pipelines.pipeline import LesionPipeline

# Many gentle rounds, each on a fifth of the columns, beat fewer strong ones on HAM10000; 64 bins
# cost nothing there and a half of the time of 256.
BOOSTING: dict[str, Any] = {
    "n_estimators": 600,
    "learning_rate": 0.05,
    "max_depth": 4,
    "subsample": 0.8,
    "colsample_bytree": 0.2,
    "params": {"max_bin": 64},
}

MODELS = ("fusion", "classical", "embedding", "cnn")


def default_descriptors() -> list[tuple[str, ImagePart]]:
    """Hand-crafted blocks of the review: ABCD, colour, texture and HOG."""
    return [
        ("abcd", ABCD()),
        ("color_moments", ColorMoments()),
        ("color_histogram", ColorHistogram()),
        ("color_quantiles", ColorQuantiles()),
        ("joint_color_histogram", JointColorHistogram()),
        ("zonal_color", ZonalColor()),
        ("skin_contrast", SkinContrast()),
        ("glcm", GLCM()),
        ("glcm_a", GLCM(channel="a")),
        ("glcm_b", GLCM(channel="b")),
        ("detail_bands", DetailBands()),
        ("lbp", LBP()),
        ("hog", HOG()),
    ]


def make_fusion_classifier(
    *,
    backbone: str | None = "efficientnet_lite0",
    descriptors: Sequence[tuple[str, ImagePart]] | None = None,
    preparation: Preparation | None = None,
    k: int | float = 800,
    classifier=None,
    decision: str = "argmax",
    store: str | Path | None = "memory",
    device: str = "auto",
    n_jobs: int | None = None,
    random_state: int | None = None,
    verbose: int = 0,
) -> LesionPipeline:
    """Descriptors and frozen embeddings, fused serially, selected by entropy, boosted.

    Parameters
    ----------
    backbone : str or None, default="efficientnet_lite0"
        Network whose frozen embedding joins the descriptors; None leaves it out.
    descriptors : list of (name, descriptor), optional
        Hand-crafted blocks; by default `default_descriptors`. An empty list leaves them out.
    preparation : Preparation, optional
        How lesions are prepared for the descriptors.
    k : int or float, default=800
        Columns that the `BoltzmannSelector` keeps (all, where there are fewer), or their fraction.
    classifier : classifier, optional
        Any scikit-learn classifier; by default `BoostedTrees`.
    decision : {"argmax", "prior_corrected"}, default="argmax"
        How probabilities become a label.
    store : {"memory", None} or path-like, default="memory"
        Where extracted rows are kept.
    device : str, default="auto"
        Where the network runs; boosting uses a GPU too where this names or finds one.
    n_jobs : int, optional
        Threads for reading, and for boosting.
    random_state : int, optional
        Seed of the boosting.
    verbose : int, default=0
        Above 0 extraction shows its progress.

    Returns
    -------
    LesionPipeline
        Steps ``features``, ``scale``, ``select``, ``classify``; fit it on a manifest.
    """
    parts = list(default_descriptors() if descriptors is None else descriptors)
    if backbone is not None:
        parts.append(("embedding", CNNEmbedding(backbone, device=device)))
    if classifier is None:
        classifier = BoostedTrees(
            **BOOSTING,
            device=_boosting_device(device),
            n_jobs=n_jobs,
            random_state=random_state,
        )
    if isinstance(k, int):
        k = min(k, sum(len(part.feature_names()) for _, part in parts))
    features = ImageFeatures(
        parts, preparation=preparation, store=store, n_jobs=n_jobs, verbose=verbose
    )
    pipeline = LesionPipeline(
        [
            ("features", features),
            ("scale", BlockScaler()),
            ("select", BoltzmannSelector(k=k)),
            ("classify", DecisionRule(classifier, rule=decision)),
        ]
    )
    # Column names carry the blocks from step to step.
    return pipeline.set_output(transform="pandas")


def _boosting_device(device: str) -> str:
    """XGBoost knows CPUs and CUDA only."""
    chosen = pick_device(device)
    return str(chosen) if chosen.type == "cuda" else "cpu"


def make_model(
    name: str,
    *,
    backbone: str = "efficientnet_lite0",
    image_size: int = 128,
    max_epochs: int = 10,
    **options,
) -> LesionPipeline | DecisionRule:
    """Build one of the models that are compared.

    Parameters
    ----------
    name : {"fusion", "classical", "embedding", "cnn"}
        Descriptors and frozen embedding; descriptors alone; embedding alone; the same network
        fine-tuned end to end.
    backbone : str, default="efficientnet_lite0"
        Network of all but ``classical``.
    image_size : int, default=128
        Side of the frames that the end-to-end network is trained on, in pixels.
    max_epochs : int, default=10
        Most passes of the end-to-end network over its training images.
    **options
        Of `make_fusion_classifier`: of these the end-to-end network takes `decision`, `store`,
        `device`, `random_state` and `verbose`.

    Returns
    -------
    LesionPipeline or DecisionRule
        Unfitted; fit it on a manifest. The end-to-end network is a `CNNClassifier` under its
        decision rule.
    """
    if name == "fusion":
        return make_fusion_classifier(backbone=backbone, **options)
    if name == "classical":
        return make_fusion_classifier(backbone=None, **options)
    if name == "embedding":
        return make_fusion_classifier(backbone=backbone, descriptors=[], **options)
    if name == "cnn":
        unknown = sorted(set(options) - set(inspect.signature(make_fusion_classifier).parameters))
        if unknown:
            raise TypeError(f"make_model got unknown options: {', '.join(unknown)}.")
        shared = ("store", "device", "random_state", "verbose")
        chosen = {key: options[key] for key in shared if key in options}
        network = CNNClassifier(backbone, image_size=image_size, max_epochs=max_epochs, **chosen)
        return DecisionRule(network, rule=options.get("decision", "argmax"))
    raise ValueError(f"Unknown model {name!r}; expected one of {', '.join(MODELS)}.")
