"""Whole models: serial and late fusion, their classifiers, controls, and all of them by name."""

from pipelines.recipes.blocks import default_descriptors
from pipelines.recipes.classifiers import BOOSTING, CLASSIFIERS, make_classifier
from pipelines.recipes.controls import add_controls
from pipelines.recipes.late import (
    make_codella_classifier,
    make_late_fusion_classifier,
    make_split_fit_classifier,
)
from pipelines.recipes.models import (
    MODELS,
    NETWORK_MODELS,
    QUICK_MODELS,
    make_missingness_control,
    make_model,
)
from pipelines.recipes.serial import make_fusion_classifier

__all__ = [
    "BOOSTING",
    "CLASSIFIERS",
    "MODELS",
    "NETWORK_MODELS",
    "QUICK_MODELS",
    "add_controls",
    "default_descriptors",
    "make_classifier",
    "make_codella_classifier",
    "make_fusion_classifier",
    "make_late_fusion_classifier",
    "make_missingness_control",
    "make_model",
    "make_split_fit_classifier",
]
