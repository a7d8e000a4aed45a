from .artifacts import ArtifactError, load_model, save_model
from .cnn import Augmentation, CNNClassifier, CrossFittedLogits, SplitFitEmbedding
from .comparison import Comparison, compare
from .data import (
    DATASETS,
    group_ids,
    lesion_ids,
    limit_manifest,
    load_dataset,
    load_unlabelled,
    make_lesions,
)
from .pipeline import LesionPipeline
from .recipes import (
    MODELS,
    default_descriptors,
    make_fusion_classifier,
    make_late_fusion_classifier,
    make_model,
)

__all__ = [
    "DATASETS",
    "MODELS",
    "ArtifactError",
    "Augmentation",
    "CNNClassifier",
    "Comparison",
    "CrossFittedLogits",
    "LesionPipeline",
    "SplitFitEmbedding",
    "compare",
    "default_descriptors",
    "group_ids",
    "lesion_ids",
    "limit_manifest",
    "load_dataset",
    "load_model",
    "load_unlabelled",
    "make_fusion_classifier",
    "make_late_fusion_classifier",
    "make_lesions",
    "make_model",
    "save_model",
]
