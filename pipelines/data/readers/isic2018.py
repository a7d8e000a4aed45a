"""ISIC 2018, task 3: the seven classes of HAM10000."""

from functools import partial
from pathlib import Path

import pandas as pd

from pipelines.data.readers.challenge import Part, read_parts
from pipelines.data.readers.checks import labels_of_one_hot
from pipelines.data.readers.dataset import Dataset
from pipelines.data.readers.files import read_table, require_columns
from pipelines.data.readers.metadata import add_metadata

__all__ = ["ISIC2018"]

_CLASSES = ("MEL", "NV", "BCC", "AKIEC", "BKL", "DF", "VASC")
_GROUPINGS = "ISIC2018_Task3_Training_LesionGroupings.csv"
_COLUMNS = {"lesion_id": "lesion", "diagnosis_confirm_type": "dx_type"}
_PARTS = tuple(
    Part(
        split=split,
        images=(f"ISIC2018_Task3_{name}_Input",),
        truth=(
            f"ISIC2018_Task3_{name}_GroundTruth/ISIC2018_Task3_{name}_GroundTruth.csv",
            f"ISIC2018_Task3_{name}_GroundTruth.csv",
        ),
    )
    for split, name in (("train", "Training"), ("val", "Validation"), ("test", "Test"))
)
_TRAIN = {
    "MEL": 1113,
    "NV": 6705,
    "BCC": 514,
    "AKIEC": 327,
    "BKL": 1099,
    "DF": 115,
    "VASC": 142,
}


def read_isic2018(root: Path) -> pd.DataFrame:
    """Read the three splits, as far as they are there, and the lesions of the first."""
    return read_parts(root, _PARTS, partial(_read_truth, root), "ISIC 2018")


def _read_truth(root, path, images):
    table = read_table(path, ["image"])
    require_columns(table, ["image", *_CLASSES], path)
    label = labels_of_one_hot(table, _CLASSES, path)
    manifest = pd.DataFrame({"image_id": table["image"], "label": label})
    groupings = root / _GROUPINGS
    if "Training" in path.name and groupings.is_file():
        lesions = read_table(groupings, ["image", *_COLUMNS])
        require_columns(lesions, ["image", "lesion_id"], groupings)
        lesions = lesions.drop_duplicates("image").set_index("image")
        add_metadata(manifest, lesions.reindex(manifest["image_id"]), _COLUMNS)
    return manifest


ISIC2018 = Dataset(
    name="isic2018",
    title="ISIC 2018, task 3: seven classes",
    read=read_isic2018,
    counts=_TRAIN,
    split_counts={"train": _TRAIN},
    sizes={"val": 193, "test": 1512},
    kind="dermoscopic",
    layout="""\
ISIC2018_Task3_{Training,Validation,Test}_Input/ISIC_*.jpg
ISIC2018_Task3_{Training,Validation,Test}_GroundTruth/*.csv (or the .csv itself)
ISIC2018_Task3_Training_LesionGroupings.csv (lesions)""",
    groups="lesions of the training part",
    note="The training part is HAM10000, and is inside ISIC 2019: never test one on the other. "
    "AKIEC is actinic keratosis and Bowen's disease.",
    licence="CC BY-NC 4.0",
    citation="Codella et al. (2019), arXiv:1902.03368; Tschandl et al. (2018), Scientific Data 5, "
    "180161.",
    url="https://challenge.isic-archive.com/data/#2018",
)
