"""Readers: one file a data set, one row each in the registry."""

from pipelines.data.readers.dataset import Dataset
from pipelines.data.readers.published import differing_counts
from pipelines.data.readers.registry import DATASETS, get_dataset

__all__ = ["DATASETS", "Dataset", "differing_counts", "get_dataset"]
