"""Whole models by name: descriptors, frozen embeddings, fine-tuned networks, and them fused."""

import inspect
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

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
from fusion import (
    BlockScaler,
    BlockSelector,
    BoltzmannSelector,
    BoostedTrees,
    DecisionRule,
    GroupedStacking,
)
from pipelines.cnn import CNNClassifier, CrossFittedLogits
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

# Those that train one network a fold at most.
QUICK_MODELS = ("fusion", "classical", "embedding", "cnn")
MODELS = (*QUICK_MODELS, "fusion_cnn", "late_fusion")


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
    weights: str | Path | None = "default",
    descriptors: Sequence[tuple[str, ImagePart]] | None = None,
    network: Any = None,
    preparation: Preparation | None = None,
    k: int | float = 800,
    classifier=None,
    decision: str = "argmax",
    store: str | Path | None = "memory",
    memory: str | None = None,
    device: str = "auto",
    n_jobs: int | None = None,
    random_state: int | None = None,
    verbose: int = 0,
) -> LesionPipeline:
    """Descriptors, embeddings and logits, fused serially, selected by entropy, boosted.

    Parameters
    ----------
    backbone : str or None, default="efficientnet_lite0"
        Network whose frozen embedding joins the descriptors; None leaves it out.
    weights : "default", path-like or None, default="default"
        Of that network: see `features.get_backbone`.
    descriptors : list of (name, descriptor), optional
        Hand-crafted blocks; by default `default_descriptors`. An empty list leaves them out.
    network : CNNClassifier, optional
        A network to be fine-tuned, whose `CrossFittedLogits` join the columns.
    preparation : Preparation, optional
        How lesions are prepared for the descriptors.
    k : int or float, default=800
        Columns that the `BoltzmannSelector` keeps (all, where there are fewer), or their fraction.
        The logits of `network` stay in any case.
    classifier : classifier, optional
        Any scikit-learn classifier; by default `BoostedTrees`, which with a `network` start from
        a logistic regression on its logits: among hundreds of columns these would get lost.
    decision : {"argmax", "prior_corrected"}, default="argmax"
        How probabilities become a label.
    store : {"memory", None} or path-like, default="memory"
        Where extracted rows are kept.
    memory : path-like, optional
        Folder where fitted steps are kept, as in a scikit-learn `Pipeline`: models that share
        networks, seed and training rows, such as the two fusions of `make_model`, train them once.
    device : str, default="auto"
        Where the network runs; boosting uses a GPU too where this names or finds one.
    n_jobs : int, optional
        Threads for reading, and for boosting.
    random_state : int, optional
        Seed of the boosting, and of the fine-tuned networks.
    verbose : int, default=0
        Above 0 extraction shows its progress.

    Returns
    -------
    LesionPipeline
        Steps ``features``, ``scale``, ``select``, ``classify``; fit it on a manifest.
    """
    parts = list(default_descriptors() if descriptors is None else descriptors)
    if backbone is not None:
        embedding = CNNEmbedding(backbone, weights, device=device, random_state=random_state)
        parts.append(("embedding", embedding))
    if classifier is None:
        classifier = BoostedTrees(
            **BOOSTING,
            init=None if network is None else _network_alone(),
            device=_boosting_device(device),
            n_jobs=n_jobs,
            random_state=random_state,
        )
    if isinstance(k, int):
        k = min(k, sum(len(part.feature_names()) for _, part in parts))
    features: Any = ImageFeatures(
        parts, preparation=preparation, store=store, n_jobs=n_jobs, verbose=verbose
    )
    if network is not None:
        features = CrossFittedLogits(network, features, random_state=random_state)
    select: Any = BoltzmannSelector(k=k)
    if network is not None:
        select = _beside_logits(select)
    pipeline = LesionPipeline(
        [
            ("features", features),
            ("scale", BlockScaler()),
            ("select", select),
            ("classify", DecisionRule(classifier, rule=decision)),
        ],
        memory=memory,
    )
    # Column names carry the blocks from step to step.
    return pipeline.set_output(transform="pandas")


def _beside_logits(selector: Any) -> ColumnTransformer:
    """Select among all columns but the network's few logits, which always stay."""
    return ColumnTransformer(
        [
            ("descriptors", selector, make_column_selector(pattern=r"^(?!cnn__)")),
            ("cnn", "passthrough", make_column_selector(pattern=r"^cnn__")),
        ],
        verbose_feature_names_out=False,
    )


def _network_alone() -> Pipeline:
    """Model of the network's logits alone: what fusion starts from, and must not fall below."""
    return Pipeline(
        [("blocks", BlockSelector(["cnn"])), ("classify", LogisticRegression(max_iter=1000))]
    )


def make_late_fusion_classifier(network: Any, **options) -> LesionPipeline:
    """Two models of the same images, the descriptors' and a fine-tuned network, stacked.

    Parameters
    ----------
    network : CNNClassifier
        The network to be fine-tuned.
    **options
        Of `make_fusion_classifier`, for the descriptors' model.

    Returns
    -------
    LesionPipeline
        Steps ``features`` and ``classify``. A `GroupedStacking` learns from out-of-fold
        probabilities of the descriptors' model, and of a logistic regression on the network's
        `CrossFittedLogits`; so networks are trained once for each fold of these, and no more.
    """
    alone = make_fusion_classifier(**options)
    features = make_fusion_classifier(network=network, **options).image_step
    decision = alone[-1]
    blocks = [name for name, _ in alone.image_step.parts]
    descriptors = Pipeline(
        [
            ("blocks", BlockSelector(blocks)),
            *alone.steps[1:-1],
            ("classify", decision.estimator),
        ]
    ).set_output(transform="pandas")
    stacking = GroupedStacking(
        [("descriptors", descriptors), ("cnn", _network_alone())],
        n_splits=features.n_splits,
        random_state=features.random_state,
    )
    decision.set_params(estimator=stacking)
    return LesionPipeline([("features", features), ("classify", decision)], memory=alone.memory)


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
    checkpoint: str | Path | None = None,
    network: Any = None,
    **options,
) -> LesionPipeline | DecisionRule:
    """Build one of the models that are compared.

    Parameters
    ----------
    name : {"fusion", "classical", "embedding", "cnn", "fusion_cnn", "late_fusion"}
        Descriptors and frozen embedding; descriptors alone; embedding alone; the same network
        fine-tuned end to end; descriptors and the fine-tuned network's cross-fitted logits, fused
        serially; the same, stacked.
    backbone : str, default="efficientnet_lite0"
        Network of all but ``classical``.
    image_size : int, default=128
        Side of the frames that the end-to-end network is trained on, in pixels.
    max_epochs : int, default=10
        Most passes of the end-to-end network over its training images.
    checkpoint : path-like, optional
        Folder from which a killed training of it goes on.
    network : CNNClassifier, optional
        The end-to-end network itself, of the last three models. By default it is made from the
        options above and below.
    **options
        Of `make_fusion_classifier`: of these the end-to-end network takes `decision`,
        `weights`, `store`, `device`, `random_state` and `verbose`.

    Returns
    -------
    LesionPipeline or DecisionRule
        Unfitted; fit it on a manifest. The end-to-end network is a `CNNClassifier` under its
        decision rule.
    """
    if name not in MODELS:
        raise ValueError(f"Unknown model {name!r}; expected one of {', '.join(MODELS)}.")
    unknown = sorted(set(options) - set(inspect.signature(make_fusion_classifier).parameters))
    if unknown:
        raise TypeError(f"make_model got unknown options: {', '.join(unknown)}.")
    if name == "fusion":
        return make_fusion_classifier(backbone=backbone, **options)
    if name == "classical":
        return make_fusion_classifier(backbone=None, **options)
    if name == "embedding":
        return make_fusion_classifier(backbone=backbone, descriptors=[], **options)
    if network is None:
        shared = ("weights", "store", "device", "random_state", "verbose")
        chosen = {key: options[key] for key in shared if key in options}
        network = CNNClassifier(
            backbone,
            image_size=image_size,
            max_epochs=max_epochs,
            checkpoint=checkpoint,
            **chosen,
        )
    if name == "cnn":
        return DecisionRule(network, rule=options.get("decision", "argmax"))
    if name == "fusion_cnn":
        return make_fusion_classifier(backbone=None, network=network, **options)
    return make_late_fusion_classifier(network, backbone=None, **options)
