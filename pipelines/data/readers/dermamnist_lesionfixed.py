"""DermaMNIST's corrected versions, which keep lesions whole."""

from functools import partial

from pipelines.data.readers.dataset import Dataset
from pipelines.data.readers.dermamnist import CLASSES, layout_of, read_dermamnist

__all__ = ["DERMAMNIST_LESIONFIXED", "DERMAMNIST_LESIONFIXED_EXTENDED"]

DERMAMNIST_LESIONFIXED = Dataset(
    name="dermamnist_lesionfixed",
    title="DermaMNIST with lesions kept together (DermaMNIST-C of its authors)",
    read=partial(read_dermamnist, stem="dermamnist_corrected"),
    options=("size",),
    classes=CLASSES,
    sizes={"train": 8215, "val": 573, "test": 1227},
    kind="dermoscopic",
    layout=layout_of("dermamnist_corrected"),
    note="Its authors call it DermaMNIST-C, which elsewhere means corrupted images. Lesions of "
    "several images were moved to the training part, so that the test part has the rest.",
    licence="CC BY-NC 4.0",
    citation="Abhishek et al., Scientific Data 12, 196; arXiv:2401.14497.",
    url="https://github.com/kakumarabhishek/Corrected-Skin-Image-Datasets",
)

DERMAMNIST_LESIONFIXED_EXTENDED = Dataset(
    name="dermamnist_lesionfixed_extended",
    title="HAM10000 in small, tested on ISIC 2018's test part (DermaMNIST-E)",
    read=partial(read_dermamnist, stem="dermamnist_extended"),
    options=("size",),
    classes=CLASSES,
    sizes={"train": 10015, "val": 193, "test": 1511},
    kind="dermoscopic",
    layout=layout_of("dermamnist_extended"),
    note="The validation and test parts are those of ISIC 2018, less one test image.",
    licence="CC BY-NC 4.0",
    citation="Abhishek et al., Scientific Data 12, 196; arXiv:2401.14497.",
    url="https://github.com/kakumarabhishek/Corrected-Skin-Image-Datasets",
)
