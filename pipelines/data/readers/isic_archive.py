"""The ISIC Archive, as isic-cli downloads it: pictures beside metadata.csv."""

from pathlib import Path

import pandas as pd

from pipelines.data.readers.checks import check_unique, first_file
from pipelines.data.readers.dataset import Dataset
from pipelines.data.readers.files import (
    images_by_stem,
    place_images,
    read_table,
    require_columns,
)
from pipelines.data.readers.metadata import add_metadata

__all__ = ["ISIC_ARCHIVE"]

# Finest first; finer ones than the third say more than a class.
_DIAGNOSES = ("diagnosis_3", "diagnosis_2", "diagnosis_1")
_COLUMNS = {
    "lesion_id": "lesion",
    "patient_id": "patient",
    "age_approx": "age",
    "sex": "sex",
    "anatom_site_general": "site",
    "attribution": "source",
    "copyright_license": "licence",
    "diagnosis_confirm_type": "dx_type",
    "fitzpatrick_skin_type": "fitzpatrick",
    "clin_size_long_diam_mm": "diameter_mm",
    "image_type": "image_type",
    "benign_malignant": "benign_malignant",
}


def read_isic_archive(root: Path, *, label_col: str | None = None) -> pd.DataFrame:
    """Read the metadata and say where each picture should be.

    Parameters
    ----------
    root : Path
        The folder that isic-cli wrote.
    label_col : str, default=None
        Column of labels. None for `diagnosis` where the table has it; newer tables have levels
        `diagnosis_1` (benign, malignant or indeterminate) to `diagnosis_5`, of which the finest
        up to the third is taken.
    """
    path = first_file(root, ["metadata.csv"], "isic-cli")
    text = {"isic_id", "diagnosis", *_DIAGNOSES, "lesion_id", "patient_id"}
    table = read_table(path, text | ({label_col} if label_col else set()))
    require_columns(table, ["isic_id"], path)
    check_unique(table["isic_id"], path)
    manifest = pd.DataFrame({"image_id": table["isic_id"]})
    image, extra = place_images(manifest["image_id"], [root])
    manifest.insert(0, "image", image)
    manifest["label"] = _labels(table, label_col, path)
    add_metadata(manifest, table, _COLUMNS)
    if (root / "masks").is_dir():
        masks = images_by_stem([root / "masks"])
        manifest["mask"] = [masks.get(f"{name}_segmentation") for name in manifest["image_id"]]
    manifest.attrs = {"extra": extra}
    return manifest


def _labels(table, label_col, path):
    if label_col is not None:
        require_columns(table, [label_col], path, " Name one of them with label_col.")
        return table[label_col]
    if "diagnosis" in table.columns:
        return table["diagnosis"]
    levels = [name for name in _DIAGNOSES if name in table.columns]
    if not levels:
        require_columns(table, ["diagnosis_1"], path, " Name the labels' column with label_col.")
    return table[levels].bfill(axis=1).iloc[:, 0]


ISIC_ARCHIVE = Dataset(
    name="isic_archive",
    title="ISIC Archive, any part of it, as isic-cli downloads it",
    read=read_isic_archive,
    options=("label_col",),
    layout="""\
metadata.csv
ISIC_*.jpg (beside it)
masks/ISIC_*_segmentation.png (if you add them)""",
    groups="lesions and patients, where the archive knows them",
    masks="none in the archive; those you add",
    verified="456 images of UDA-1, in the metadata format of older versions of isic-cli",
    client="isic-cli",
    note="The archive grows and parts of it differ, so that there is no number to check against. "
    "Many images have no diagnosis: leave them out with on_error='skip'. The challenges are "
    "inside it.",
    licence="each image's own, in the column `licence`",
    citation="The ISIC Archive; cite each image's attribution (attribution.txt).",
    url="https://www.isic-archive.com",
)
