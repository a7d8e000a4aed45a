"""Data sets as manifests: one row an image."""

from pipelines.data.checking import DatasetCheck, check_dataset
from pipelines.data.combining import combine
from pipelines.data.fetching import fetch_dataset
from pipelines.data.harmonize import coarser_classes, harmonize
from pipelines.data.loading import load_dataset
from pipelines.data.manifest import (
    group_ids,
    has_groups,
    lesion_ids,
    limit_manifest,
    validate_manifest,
)
from pipelines.data.readers import DATASETS, Dataset
from pipelines.data.split_leaks import SplitLeak, split_leak
from pipelines.data.synthetic import make_lesions
from pipelines.data.taxonomy import LABEL_SETS, TREE, LabelSet
from pipelines.data.unlabelled import load_unlabelled

__all__ = [
    "DATASETS",
    "LABEL_SETS",
    "TREE",
    "Dataset",
    "DatasetCheck",
    "LabelSet",
    "SplitLeak",
    "check_dataset",
    "coarser_classes",
    "combine",
    "fetch_dataset",
    "group_ids",
    "harmonize",
    "has_groups",
    "lesion_ids",
    "limit_manifest",
    "load_dataset",
    "load_unlabelled",
    "make_lesions",
    "split_leak",
    "validate_manifest",
]
