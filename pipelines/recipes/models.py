"""Whole models by name: descriptors, frozen embeddings, fine-tuned networks, and them fused."""

import inspect
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from fusion import DecisionRule, UglyDuckling
from pipelines.cnn import CNNClassifier
from pipelines.patients import Missingness, PatientMetadata
from pipelines.pipeline import LesionPipeline
from pipelines.recipes.few_columns import make_few_columns_model
from pipelines.recipes.late import (
    make_codella_classifier,
    make_late_fusion_classifier,
    make_network_ensemble,
    make_split_fit_classifier,
)
from pipelines.recipes.serial import make_fusion_classifier

Model = LesionPipeline | DecisionRule


def make_missingness_control(
    columns: Iterable[str] | None = None,
    *,
    decision: str = "argmax",
    random_state: int | None = None,
) -> LesionPipeline:
    """Build a model that knows which metadata are missing, and nothing else.

    What it scores above chance, a model of the same metadata may owe to the table and not to the
    patient.

    Parameters
    ----------
    columns : iterable of str, optional
        Columns of the manifest; by default those of age, sex and site that it has. Name those
        of the model under control.
    decision : {"argmax", "prior_corrected"}, default="argmax"
        How probabilities become a label.
    random_state : int, optional
        Seed of the boosting.

    Returns
    -------
    LesionPipeline
        Steps ``features``, a `Missingness`, and ``classify``. Reads no image.
    """
    features = Missingness(None if columns is None else list(columns))
    return make_few_columns_model(features, decision=decision, random_state=random_state)


# Models of frozen columns: what each adds to, or takes from, the options of its recipe.
_FROZEN: dict[str, tuple[Callable[..., Model], dict[str, Any]]] = {
    "fusion": (make_fusion_classifier, {}),
    "classical": (make_fusion_classifier, {"backbone": None}),
    "embedding": (make_fusion_classifier, {"descriptors": []}),
    "fusion_metadata": (make_fusion_classifier, {"metadata": PatientMetadata()}),
    "ugly_duckling": (make_fusion_classifier, {"ugly_duckling": UglyDuckling()}),
    "missingness": (make_missingness_control, {}),
    "codella": (make_codella_classifier, {}),
}

# Fusions with a network that is fine-tuned.
_TUNED: dict[str, tuple[Callable[..., Model], dict[str, Any]]] = {
    "cnn_ensemble": (make_network_ensemble, {}),
    "split_fit": (make_split_fit_classifier, {}),
    "late_mean": (make_late_fusion_classifier, {"rule": "mean"}),
    "late_rank": (make_late_fusion_classifier, {"rule": "rank"}),
    "fusion_cnn": (make_fusion_classifier, {}),
    "late_fusion": (make_late_fusion_classifier, {"rule": "stack"}),
}

# What is compared where nothing else is asked for.
QUICK_MODELS = ("fusion", "classical", "embedding", "cnn")
MODELS = (*dict.fromkeys([*QUICK_MODELS, *_FROZEN]), *_TUNED)

# Those that train networks, and how many in each fold; cross-fitted logits take several.
NETWORK_MODELS = {"cnn": 1} | {name: 1 if name == "split_fit" else 3 for name in _TUNED}

CONTROL = "missingness"


def make_model(
    name: str,
    *,
    backbone: str = "efficientnet_lite0",
    image_size: int = 128,
    max_epochs: int = 10,
    checkpoint: str | Path | None = None,
    network: Any = None,
    **options,
) -> Model:
    """Build one of the models that are compared.

    Parameters
    ----------
    name : str
        One of `MODELS`:

        - "fusion": descriptors and frozen embedding, fused serially.
        - "classical": descriptors alone.
        - "embedding": frozen embedding alone.
        - "cnn": the same network fine-tuned end to end.
        - "fusion_metadata": as "fusion", with age, sex and site. `compare` runs its control,
          "missingness", beside it: public tables may give the label away by what they lack.
        - "ugly_duckling": as "fusion", with differences to the same patient's other lesions.
        - "missingness": which metadata are missing, and nothing else.
        - "codella": sparse codes, descriptors and embedding, a support vector machine each,
          averaged.
        - "cnn_ensemble": three of them, each fine-tuned on two thirds of the lesions: their mean.
        - "split_fit": descriptors and embedding of a network fine-tuned on half of the lesions,
          fused serially on the other half.
        - "fusion_cnn": descriptors and the fine-tuned network's cross-fitted logits, fused
          serially.
        - "late_mean", "late_rank", "late_fusion": the same, as the mean or the rank average of both
          probabilities, or stacked.
    backbone : str, default="efficientnet_lite0"
        Network of all that look through one.
    image_size : int, default=128
        Side of the frames that the end-to-end network is trained on, in pixels.
    max_epochs : int, default=10
        Most passes of the end-to-end network over its training images.
    checkpoint : path-like, optional
        Folder from which a killed training of it goes on.
    network : CNNClassifier, optional
        The end-to-end network itself, where one is fine-tuned. By default it is made from the
        options above and below.
    **options
        Of `make_fusion_classifier`; each model takes those that concern it. The end-to-end network
        takes `decision`, `weights`, `normalization`, `store`, `device`, `random_state` and
        `verbose`.

    Returns
    -------
    LesionPipeline or DecisionRule
        Unfitted; fit it on a manifest. The end-to-end network is a `CNNClassifier` under its
        decision rule.

    Raises
    ------
    ValueError
        If the name is unknown.
    TypeError
        If an option is unknown.
    """
    if name not in MODELS:
        raise ValueError(f"Unknown model {name!r}; expected one of {', '.join(MODELS)}.")
    unknown = sorted(set(options) - set(inspect.signature(make_fusion_classifier).parameters))
    if unknown:
        raise TypeError(f"make_model got unknown options: {', '.join(unknown)}.")
    if name in _FROZEN:
        recipe, settings = _FROZEN[name]
        return recipe(**_accepted(recipe, {"backbone": backbone} | options) | settings)
    if network is None:
        shared = ("weights", "normalization", "store", "device", "random_state", "verbose")
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
    recipe, settings = _TUNED[name]
    return recipe(network=network, backbone=None, **options | settings)


def _accepted(recipe: Callable[..., Model], options: dict[str, Any]) -> dict[str, Any]:
    known = inspect.signature(recipe).parameters
    return {name: value for name, value in options.items() if name in known}
