"""The data sets that can be loaded by name."""

import difflib

from pipelines.data.readers.dataset import Dataset
from pipelines.data.readers.folder import FOLDER
from pipelines.data.readers.ham10000 import HAM10000
from pipelines.data.readers.table import CSV

__all__ = ["DATASETS", "get_dataset"]

DATASETS = {dataset.name: dataset for dataset in (CSV, FOLDER, HAM10000)}


def get_dataset(name: str) -> Dataset:
    """Look a data set up by its name, whatever its case."""
    key = str(name).lower()
    if key not in DATASETS:
        close = difflib.get_close_matches(key, DATASETS, n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        raise ValueError(f"Unknown data set {name!r}; known are {sorted(DATASETS)}.{hint}")
    return DATASETS[key]
