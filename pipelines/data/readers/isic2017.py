"""ISIC 2017, task 3: melanoma, seborrheic keratosis or nevus."""

from pathlib import Path

import pandas as pd

from pipelines.data.readers.challenge import Part, read_parts
from pipelines.data.readers.dataset import Dataset, add_up
from pipelines.data.readers.files import read_table, require_columns
from pipelines.data.readers.metadata import add_metadata

__all__ = ["ISIC2017"]

_PARTS = tuple(
    Part(
        split=split,
        images=(f"ISIC-2017_{name}_Data",),
        truth=(f"ISIC-2017_{name}_Part3_GroundTruth.csv",),
        masks=f"ISIC-2017_{name}_Part1_GroundTruth",
    )
    for split, name in (("train", "Training"), ("val", "Validation"), ("test", "Test_v2"))
)
_MARKED = ("melanoma", "seborrheic_keratosis")
_COLUMNS = {"age_approximate": "age", "sex": "sex"}
_COUNTS = {
    "train": {"melanoma": 374, "nevus": 1372, "seborrheic_keratosis": 254},
    "val": {"melanoma": 30, "nevus": 78, "seborrheic_keratosis": 42},
    "test": {"melanoma": 117, "nevus": 393, "seborrheic_keratosis": 90},
}


def read_isic2017(root: Path) -> pd.DataFrame:
    """Read the three splits, as far as they are there."""
    return read_parts(root, _PARTS, _read_truth, "ISIC 2017")


def _read_truth(path, images):
    table = read_table(path, ["image_id"])
    require_columns(table, ["image_id", *_MARKED], path)
    marks = table[list(_MARKED)]
    wrong = ~marks.isin([0, 1]).all(axis=1) | (marks.sum(axis=1) > 1)
    if wrong.any():
        raise ValueError(
            f"{path}: {int(wrong.sum())} of {len(table)} rows are not at most one of "
            f"{' and '.join(_MARKED)}: {list(table['image_id'][wrong][:5])}."
        )
    # The table marks two of the three; the rest are nevi.
    label = marks.idxmax(axis=1).where(marks.sum(axis=1) == 1, "nevus")
    manifest = pd.DataFrame({"image_id": table["image_id"], "label": label.astype("str")})
    described = images / f"{images.name}_metadata.csv"
    if described.is_file():
        metadata = read_table(described, ["image_id"])
        require_columns(metadata, ["image_id"], described)
        metadata = metadata.drop_duplicates("image_id").set_index("image_id")
        add_metadata(manifest, metadata.reindex(manifest["image_id"]), _COLUMNS)
    return manifest


ISIC2017 = Dataset(
    name="isic2017",
    title="ISIC 2017, task 3: melanoma, seborrheic keratosis or nevus",
    read=read_isic2017,
    counts=add_up(_COUNTS),
    split_counts=_COUNTS,
    kind="dermoscopic",
    layout="""\
ISIC-2017_{Training,Validation,Test_v2}_Data/ISIC_*.jpg, and a *_metadata.csv among them
ISIC-2017_{Training,Validation,Test_v2}_Part3_GroundTruth.csv
ISIC-2017_{Training,Validation,Test_v2}_Part1_GroundTruth/ISIC_*_segmentation.png (masks)""",
    masks="of task 1",
    verified="all training and validation images, squashed to 256 x 256 by a mirror",
    note="The publisher gives no lesion or patient ids, and near-duplicates cross its splits: "
    "audit before use. The ISIC archive's UDA-1 is inside the training part.",
    licence="CC0 1.0, it is believed",
    citation="Codella et al. (2018), arXiv:1710.05006.",
    url="https://challenge.isic-archive.com/data/#2017",
)
