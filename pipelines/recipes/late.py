"""Late fusion: models of their own blocks, and one probability made of theirs."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sklearn.pipeline import Pipeline

from features import CNNEmbedding, ImageFeatures, ImagePart, Preparation, SparseCodes
from features.networks.normalization import Scheme
from fusion import (
    BlockScaler,
    BlockSelector,
    DecisionRule,
    GroupedStacking,
    LateFusion,
    UglyDuckling,
    block_members,
)
from fusion.late_fusion import RULES
from pipelines.cnn import CrossFittedLogits, SplitFitEmbedding
from pipelines.patients import PatientMetadata
from pipelines.pipeline import LesionPipeline
from pipelines.recipes.blocks import default_descriptors
from pipelines.recipes.classifiers import make_classifier, network_alone
from pipelines.recipes.serial import make_fusion_classifier

# Folds of the descriptors' model, as many as `CrossFittedLogits` has.
_N_SPLITS = 3


def make_late_fusion_classifier(network: Any, *, rule: str = "stack", **options) -> LesionPipeline:
    """Two models of the same images, the descriptors' and a fine-tuned network, fused.

    Parameters
    ----------
    network : CNNClassifier
        The network to be fine-tuned.
    rule : {"stack", "mean", "rank"}, default="stack"
        How their probabilities become one: a logistic regression of both (`GroupedStacking`), or
        their mean or rank average (`LateFusion`).
    **options
        Of `make_fusion_classifier`, for the descriptors' model.

    Returns
    -------
    LesionPipeline
        Steps ``features`` and ``classify``. The descriptors' model is that of
        `make_fusion_classifier`, the network's a logistic regression on its `CrossFittedLogits`;
        so networks are trained once for each fold of these, and no more, whatever the rule.

    Raises
    ------
    ValueError
        If the rule is unknown.
    """
    if rule not in ("stack", *RULES):
        raise ValueError(f"`rule` must be one of {('stack', *RULES)}, got {rule!r}.")
    alone = make_fusion_classifier(**options)
    decision = alone[-1]
    descriptors = Pipeline(
        [
            ("blocks", BlockSelector(_blocks(alone.image_step, options))),
            *alone.steps[1:-1],
            ("classify", decision.estimator),
        ]
    ).set_output(transform="pandas")
    members = [("descriptors", descriptors), ("cnn", network_alone())]
    seed = options.get("random_state")
    fused: Any = (
        GroupedStacking(members, n_splits=_N_SPLITS, random_state=seed)
        if rule == "stack"
        else LateFusion(members, rule, n_splits=_N_SPLITS, random_state=seed)
    )
    features = make_fusion_classifier(network=network, **options).image_step
    decision.set_params(estimator=fused)
    return LesionPipeline([("features", features), ("classify", decision)], memory=alone.memory)


def make_network_ensemble(network: Any, **options) -> LesionPipeline:
    """Average the networks that cross-fitting trains, without any descriptor.

    It is what fusion with cross-fitted logits must beat: the same networks, each trained on the
    other folds' lesions, none of them alone.

    Parameters
    ----------
    network : CNNClassifier
        The network to be fine-tuned.
    **options
        Of `make_fusion_classifier`; `decision`, `memory` and `random_state` count.

    Returns
    -------
    LesionPipeline
        Steps ``features``, a `CrossFittedLogits`, and ``classify``, a logistic regression on them.
    """
    logits = CrossFittedLogits(network, random_state=options.get("random_state"))
    decision = DecisionRule(network_alone(), rule=options.get("decision", "argmax"))
    steps = [("features", logits), ("classify", decision)]
    return LesionPipeline(steps, memory=options.get("memory")).set_output(transform="pandas")


def make_split_fit_classifier(network: Any, **options) -> DecisionRule:
    """Train a network on half of the lesions, and fuse its embedding of the others serially.

    Parameters
    ----------
    network : CNNClassifier
        The network to be fine-tuned.
    **options
        Of `make_fusion_classifier`: blocks, selection and classifier that it joins.

    Returns
    -------
    DecisionRule
        Over a `SplitFitEmbedding`.
    """
    model = make_fusion_classifier(network=network, **options)
    decision = model[-1]
    classifier = Pipeline([*model.steps[1:-1], ("classify", decision.estimator)])
    split = SplitFitEmbedding(
        network,
        classifier.set_output(transform="pandas"),
        make_fusion_classifier(**options).image_step,
        random_state=options.get("random_state"),
    )
    return decision.set_params(estimator=split)


def make_codella_classifier(
    *,
    backbone: str = "efficientnet_lite0",
    weights: str | Path | None = "default",
    normalization: Scheme | None = None,
    descriptors: Sequence[tuple[str, ImagePart]] | None = None,
    preparation: Preparation | None = None,
    decision: str = "argmax",
    store: str | Path | None = "memory",
    memory: str | None = None,
    device: str = "auto",
    n_jobs: int | None = None,
    random_state: int | None = None,
    verbose: int = 0,
) -> LesionPipeline:
    """Codella's ensemble: sparse codes, hand-coded and deep features, a machine each, averaged.

    Parameters
    ----------
    backbone : str, default="efficientnet_lite0"
        Network whose frozen embedding the third machine sees.
    weights, normalization, descriptors, preparation
        Of `make_fusion_classifier`, as all that follow.
    decision, store, memory, device, n_jobs, random_state, verbose
        Likewise.

    Returns
    -------
    LesionPipeline
        Steps ``features`` and ``classify``: a `LateFusion` of three support vector machines on
        all columns of their blocks. Sparse codes are learned on the training rows.

    Notes
    -----
    Of the papers these are the idea and the members. Ours are the network, the descriptors, the
    dictionaries (of colour and of grey patches, see `SparseCodes`), and the machines' calibration.

    References
    ----------
    Codella et al. (2015), MLMI, LNCS 9352, 118-126; Codella et al. (2017), IBM Journal of
    Research and Development 61(4/5), 5:1-5:15.
    """
    hand = list(default_descriptors() if descriptors is None else descriptors)
    codes: list[tuple[str, ImagePart]] = [
        (f"sparse_{color}", SparseCodes(color=color, random_state=random_state))
        for color in ("rgb", "gray")
    ]
    deep = CNNEmbedding(
        backbone,
        weights,
        normalization=normalization,
        device=device,
        random_state=random_state,
    )
    features = ImageFeatures(
        [*codes, *hand, ("embedding", deep)],
        preparation=preparation,
        store=store,
        n_jobs=n_jobs,
        verbose=verbose,
    )
    machine = make_classifier("svm", n_jobs=n_jobs, random_state=random_state)
    members = block_members(
        Pipeline([("scale", BlockScaler()), *machine.steps]),
        {
            "sparse": [name for name, _ in codes],
            "hand": [name for name, _ in hand],
            "deep": ["embedding"],
        },
    )
    decided = DecisionRule(LateFusion(members), rule=decision)
    pipeline = LesionPipeline([("features", features), ("classify", decided)], memory=memory)
    return pipeline.set_output(transform="pandas")


def _blocks(step: Any, options: dict[str, Any]) -> list[str]:
    """Blocks of the descriptors' model."""
    blocks = [name for name, _ in step.parts]
    extra = {"metadata": PatientMetadata.block, "ugly_duckling": UglyDuckling.block}
    return blocks + [block for name, block in extra.items() if options.get(name) is not None]
