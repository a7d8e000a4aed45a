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
from .experiments import Ablation, Ledger, ablate, ledger, ledger_of_table, noise_ledger
from .patients import Missingness, PatientFeatures, PatientMetadata
from .pipeline import LesionPipeline
from .recipes import (
    CLASSIFIERS,
    MODELS,
    add_controls,
    default_descriptors,
    make_classifier,
    make_codella_classifier,
    make_fusion_classifier,
    make_late_fusion_classifier,
    make_missingness_control,
    make_model,
    make_split_fit_classifier,
)

__all__ = [
    "CLASSIFIERS",
    "DATASETS",
    "MODELS",
    "Ablation",
    "ArtifactError",
    "Augmentation",
    "CNNClassifier",
    "Comparison",
    "CrossFittedLogits",
    "Ledger",
    "LesionPipeline",
    "Missingness",
    "PatientFeatures",
    "PatientMetadata",
    "SplitFitEmbedding",
    "ablate",
    "add_controls",
    "compare",
    "default_descriptors",
    "group_ids",
    "ledger",
    "ledger_of_table",
    "lesion_ids",
    "limit_manifest",
    "load_dataset",
    "load_model",
    "load_unlabelled",
    "make_classifier",
    "make_codella_classifier",
    "make_fusion_classifier",
    "make_late_fusion_classifier",
    "make_lesions",
    "make_missingness_control",
    "make_model",
    "make_split_fit_classifier",
    "noise_ledger",
    "save_model",
]
