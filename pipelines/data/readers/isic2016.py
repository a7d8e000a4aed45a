"""ISIC 2016, task 3: melanoma or not."""

from pathlib import Path

import pandas as pd

from pipelines.data.readers.challenge import Part, read_parts
from pipelines.data.readers.checks import labels_by_code
from pipelines.data.readers.dataset import Dataset, add_up

__all__ = ["ISIC2016"]

_PARTS = tuple(
    Part(
        split=split,
        images=(f"ISBI2016_ISIC_Part3_{name}_Data",),
        truth=(f"ISBI2016_ISIC_Part3_{name}_GroundTruth.csv",),
        masks=f"ISBI2016_ISIC_Part1_{name}_GroundTruth",
        mask_suffix="_Segmentation",
    )
    for split, name in (("train", "Training"), ("test", "Test"))
)
# The training table has words, the test table numbers.
_LABELS = {
    **dict.fromkeys(("benign", "0", "0.0"), "benign"),
    **dict.fromkeys(("malignant", "1", "1.0"), "malignant"),
}
_COUNTS = {"train": {"benign": 727, "malignant": 173}, "test": {"benign": 304, "malignant": 75}}


def read_isic2016(root: Path) -> pd.DataFrame:
    """Read both splits, as far as they are there."""
    return read_parts(root, _PARTS, _read_truth, "ISIC 2016")


def _read_truth(path, images):
    table = pd.read_csv(path, header=None, dtype="str", keep_default_na=False)
    if table.shape[1] != 2:
        raise ValueError(
            f"{path}: expected two columns, image id and class, without a header; got "
            f"{table.shape[1]} columns."
        )
    # Some mirrors have added one.
    if not str(table.iloc[0, 0]).startswith("ISIC_"):
        table = table.iloc[1:].reset_index(drop=True)
    table.columns = pd.Index(["image_id", "class"])
    table["label"] = labels_by_code(table["class"], _LABELS, path, "class")
    return table[["image_id", "label"]]


ISIC2016 = Dataset(
    name="isic2016",
    title="ISIC 2016, task 3: melanoma or not",
    read=read_isic2016,
    counts=add_up(_COUNTS),
    split_counts=_COUNTS,
    kind="dermoscopic",
    layout="""\
ISBI2016_ISIC_Part3_Training_Data/ISIC_*.jpg
ISBI2016_ISIC_Part3_Training_GroundTruth.csv
ISBI2016_ISIC_Part3_Test_Data/ISIC_*.jpg
ISBI2016_ISIC_Part3_Test_GroundTruth.csv
ISBI2016_ISIC_Part1_{Training,Test}_GroundTruth/ISIC_*_Segmentation.png (masks, if wanted)""",
    masks="of task 1",
    note="Benign lesions are not only nevi. The publisher gives no lesion or patient ids.",
    licence="CC0 1.0",
    citation="Gutman et al. (2016), arXiv:1605.01397.",
    url="https://challenge.isic-archive.com/data/#2016",
)
