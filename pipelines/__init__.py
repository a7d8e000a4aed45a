"""Whole recipes and runs: data, models, evaluation, reports, artifacts and the command line."""

from pipelines.artifacts import ArtifactError, load_model, save_model
from pipelines.cnn import CNNClassifier
from pipelines.comparison import Comparison, compare
from pipelines.data import (
    DATASETS,
    group_ids,
    lesion_ids,
    limit_manifest,
    load_dataset,
    load_unlabelled,
    make_lesions,
)
from pipelines.pipeline import LesionPipeline
from pipelines.recipes import (
    MODELS,
    default_descriptors,
    make_fusion_classifier,
    make_model,
)

__all__ = [
    "DATASETS",
    "MODELS",
    "ArtifactError",
    "CNNClassifier",
    "Comparison",
    "LesionPipeline",
    "compare",
    "default_descriptors",
    "group_ids",
    "lesion_ids",
    "limit_manifest",
    "load_dataset",
    "load_model",
    "load_unlabelled",
    "make_fusion_classifier",
    "make_lesions",
    "make_model",
    "save_model",
]
