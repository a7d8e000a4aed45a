"""HAM10000, as unpacked from its publisher's archive."""

from pathlib import Path

import pandas as pd

from pipelines.data.readers.checks import check_unique, first_file, labels_by_code
from pipelines.data.readers.dataset import Dataset
from pipelines.data.readers.files import (
    images_by_stem,
    place_images,
    read_table,
    require_columns,
)
from pipelines.data.readers.metadata import add_metadata

__all__ = ["HAM10000"]

_METADATA = "HAM10000_metadata"
_MASKS = "HAM10000_segmentations_lesion_tschandl"
_COLUMNS = {
    "lesion_id": "lesion",
    "dx_type": "dx_type",
    "age": "age",
    "sex": "sex",
    "localization": "site",
    "dataset": "source",
}
_CODES = ("akiec", "bcc", "bkl", "df", "mel", "nv", "vasc")


def read_ham10000(root: Path) -> pd.DataFrame:
    """Read the metadata and say where each image and mask should be."""
    # The publisher's file has no suffix in its archive; mirrors call it .csv.
    path = first_file(root, [f"{_METADATA}.csv", _METADATA], "HAM10000")
    table = read_table(path, ["image_id", "dx", "lesion_id"])
    require_columns(table, ["image_id", "dx", "lesion_id"], path)
    check_unique(table["image_id"], path)
    folders = sorted(folder for folder in root.glob("HAM10000_images*") if folder.is_dir())
    ids = table["image_id"]
    image, extra = place_images(ids, folders or [root / "HAM10000_images_part_1"])
    label = labels_by_code(table["dx"], {code: code for code in _CODES}, path, "dx")
    manifest = pd.DataFrame({"image": image, "image_id": ids, "label": label})
    if (root / _MASKS).is_dir():
        masks = images_by_stem([root / _MASKS])
        manifest["mask"] = pd.Series([masks.get(f"{i}_segmentation") for i in ids], dtype="str")
    add_metadata(manifest, table, _COLUMNS)
    manifest.attrs = {"extra": extra}
    return manifest


HAM10000 = Dataset(
    name="ham10000",
    title="HAM10000: dermoscopic images of common pigmented skin lesions",
    read=read_ham10000,
    counts={
        "akiec": 327,
        "bcc": 514,
        "bkl": 1099,
        "df": 115,
        "mel": 1113,
        "nv": 6705,
        "vasc": 142,
    },
    kind="dermoscopic",
    layout="""\
HAM10000_metadata.csv (without .csv in the publisher's archive)
HAM10000_images_part_1/ISIC_*.jpg
HAM10000_images_part_2/ISIC_*.jpg
HAM10000_segmentations_lesion_tschandl/ISIC_*_segmentation.png (masks)""",
    groups="7,470 lesions; no patient ids",
    masks="all",
    verified="all 10,015 images and masks, at 200 x 150, and 150 of them as published",
    note="Source goes with diagnosis (one device: 3,720 of 6,705 nevi, 24 of 1,113 melanomas), and "
    "so does `dx_type`: neither may become a feature. It is the training part of ISIC 2018 and is "
    "inside ISIC 2019.",
    licence="CC BY-NC 4.0",
    citation="Tschandl, Rosendahl & Kittler (2018), Scientific Data 5, 180161.",
    url="https://doi.org/10.7910/DVN/DBW86T",
)
