"""Serial fusion: all columns side by side, selected, and one classifier of them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sklearn.base import clone

from features import CNNEmbedding, ImageFeatures, ImagePart, Preparation
from features.networks.normalization import Scheme
from fusion import BlockScaler, BoostedTrees, DecisionRule, UglyDuckling
from fusion.selection import SCALE_DEPENDENT
from fusion.selection.counts import CountRule
from pipelines.cnn import CrossFittedLogits
from pipelines.patients import PatientFeatures, PatientMetadata
from pipelines.pipeline import LesionPipeline
from pipelines.recipes.blocks import default_descriptors
from pipelines.recipes.classifiers import make_classifier, network_alone
from pipelines.recipes.selection import make_selection

# Too few to hold their own among the descriptors.
_BESIDE = ("cnn", PatientMetadata.block)


def make_fusion_classifier(
    *,
    backbone: str | None = "efficientnet_lite0",
    weights: str | Path | None = "default",
    normalization: Scheme | None = None,
    descriptors: Sequence[tuple[str, ImagePart]] | None = None,
    network: Any = None,
    metadata: PatientMetadata | None = None,
    ugly_duckling: UglyDuckling | None = None,
    preparation: Preparation | None = None,
    k: CountRule = 800,
    selector: str = "boltzmann",
    classifier: Any = "boosting",
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
    normalization : {"imagenet", "symmetric", "unit"} or tuple of (mean, std), optional
        How its pixels are scaled, where `weights` were trained with another scale.
    descriptors : list of (name, descriptor), optional
        Hand-crafted blocks; by default `default_descriptors`. An empty list leaves them out.
    network : CNNClassifier, optional
        A network to be fine-tuned, whose `CrossFittedLogits` join the columns.
    metadata : PatientMetadata, optional
        Columns of the manifest (age, sex, site) that join them. `compare` runs a control of what
        is missing beside it.
    ugly_duckling : UglyDuckling, optional
        Adds how the columns differ from those of the same patient's other lesions.
    preparation : Preparation, optional
        How lesions are prepared for the descriptors.
    k : int, float, str or (str, float), default=800
        Columns that selection keeps (all, where there are fewer), or a share or rule as
        `BoltzmannSelector` takes it; "one_se" is `OneStandardError` on `classifier`, which fits it
        21 times more, on inner folds. The logits of `network` and the metadata stay in any case.
    selector : str, default="boltzmann"
        What columns are selected by, of `fusion.selection.SELECTORS`.
    classifier : str or classifier, default="boosting"
        A name that `make_classifier` knows, or any scikit-learn classifier. With a `network`,
        "boosting" starts from a logistic regression on its logits: among hundreds of columns
        these would get lost.
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
        Steps ``features``, ``scale``, ``select``, ``classify``; fit it on a manifest. A selector
        of `fusion.selection.SCALE_DEPENDENT` comes before ``scale``. To
        classifiers that go by distances, each block has the say that its weight
        (``scale__weights``) gives it, times the share of its columns that are kept. To weigh
        blocks alike once more after selection cost the nearest neighbours 0.03 of macro AUC on
        2,500 images of HAM10000, and gave the others nothing.

    Examples
    --------
    >>> from fusion import DiscriminantCorrelation
    >>> model = make_fusion_classifier(classifier="logistic")
    >>> model.set_params(select=DiscriminantCorrelation(), scale__weights={"hog": 0.5})["scale"]
    BlockScaler(weights={'hog': 0.5})
    """
    parts = list(default_descriptors() if descriptors is None else descriptors)
    if backbone is not None:
        embedding = CNNEmbedding(
            backbone,
            weights,
            normalization=normalization,
            device=device,
            random_state=random_state,
        )
        parts.append(("embedding", embedding))
    named = isinstance(classifier, str)
    if named:
        classifier = make_classifier(
            classifier, device=device, n_jobs=n_jobs, random_state=random_state
        )
    trial = classifier
    if named and network is not None and isinstance(classifier, BoostedTrees):
        classifier = clone(classifier).set_params(init=network_alone())
    if isinstance(k, int):
        k = min(k, max(1, sum(len(part.feature_names()) for _, part in parts)))
    features: Any = ImageFeatures(
        parts, preparation=preparation, store=store, n_jobs=n_jobs, verbose=verbose
    )
    features = _joined(features, network, metadata, ugly_duckling, random_state)
    select = make_selection(
        selector,
        k,
        classifier=trial,
        beside=() if network is None and metadata is None else _BESIDE,
        n_jobs=n_jobs,
        random_state=random_state,
    )
    columns = [("scale", BlockScaler()), ("select", select)]
    if selector in SCALE_DEPENDENT:
        columns.reverse()
    pipeline = LesionPipeline(
        [
            ("features", features),
            *columns,
            ("classify", DecisionRule(classifier, rule=decision)),
        ],
        memory=memory,
    )
    # Column names carry the blocks from step to step.
    return pipeline.set_output(transform="pandas")


def _joined(
    features: Any,
    network: Any,
    metadata: PatientMetadata | None,
    ugly_duckling: UglyDuckling | None,
    random_state: int | None,
) -> Any:
    """Join the network's logits, and what the manifest tells of the patient, where asked for."""
    if network is not None:
        features = CrossFittedLogits(network, features, random_state=random_state)
    if metadata is not None or ugly_duckling is not None:
        features = PatientFeatures(features, metadata=metadata, ugly_duckling=ugly_duckling)
    return features
