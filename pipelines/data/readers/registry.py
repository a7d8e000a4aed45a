"""The data sets that can be loaded by name."""

import difflib

from pipelines.data.readers.asan import ASAN
from pipelines.data.readers.bcn20000 import BCN20000
from pipelines.data.readers.dataset import Dataset
from pipelines.data.readers.dermamnist import DERMAMNIST
from pipelines.data.readers.dermamnist_lesionfixed import (
    DERMAMNIST_LESIONFIXED,
    DERMAMNIST_LESIONFIXED_EXTENDED,
)
from pipelines.data.readers.dermnet import DERMNET
from pipelines.data.readers.dermquest import DERMQUEST
from pipelines.data.readers.folder import FOLDER
from pipelines.data.readers.ham10000 import HAM10000
from pipelines.data.readers.isic2016 import ISIC2016
from pipelines.data.readers.isic2017 import ISIC2017
from pipelines.data.readers.isic2018 import ISIC2018
from pipelines.data.readers.isic2019 import ISIC2019
from pipelines.data.readers.isic2020 import ISIC2020
from pipelines.data.readers.isic2024 import ISIC2024
from pipelines.data.readers.isic_archive import ISIC_ARCHIVE
from pipelines.data.readers.pad_ufes20 import PAD_UFES20
from pipelines.data.readers.ph2 import PH2
from pipelines.data.readers.pigmentary import PIGMENTARY
from pipelines.data.readers.table import CSV

__all__ = ["DATASETS", "get_dataset"]

DATASETS = {
    dataset.name: dataset
    for dataset in (
        CSV,
        FOLDER,
        HAM10000,
        BCN20000,
        ISIC_ARCHIVE,
        ISIC2016,
        ISIC2017,
        ISIC2018,
        ISIC2019,
        ISIC2020,
        ISIC2024,
        PH2,
        PAD_UFES20,
        DERMAMNIST,
        DERMAMNIST_LESIONFIXED,
        DERMAMNIST_LESIONFIXED_EXTENDED,
        ASAN,
        DERMNET,
        DERMQUEST,
        PIGMENTARY,
    )
}


def get_dataset(name: str) -> Dataset:
    """Look a data set up by its name, whatever its case."""
    key = str(name).lower()
    if key not in DATASETS:
        close = difflib.get_close_matches(key, DATASETS, n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        raise ValueError(f"Unknown data set {name!r}; known are {sorted(DATASETS)}.{hint}")
    return DATASETS[key]
