"""Data sets as manifests: one row an image."""

from pipelines.data.loading import load_dataset
from pipelines.data.manifest import (
    group_ids,
    has_groups,
    lesion_ids,
    limit_manifest,
    validate_manifest,
)
from pipelines.data.readers import DATASETS, Dataset
from pipelines.data.synthetic import make_lesions
from pipelines.data.unlabelled import load_unlabelled

__all__ = [
    "DATASETS",
    "Dataset",
    "group_ids",
    "has_groups",
    "lesion_ids",
    "limit_manifest",
    "load_dataset",
    "load_unlabelled",
    "make_lesions",
    "validate_manifest",
]
