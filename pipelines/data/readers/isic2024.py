"""ISIC 2024 (SLICE-3D): crops of total-body photographs, inside one HDF5 file."""

from pathlib import Path

import pandas as pd

from features.reading.containers import SEPARATOR, member_names
from pipelines.data.readers.checks import check_unique, first_file, labels_by_code
from pipelines.data.readers.dataset import Dataset
from pipelines.data.readers.files import place_images, read_table, require_columns
from pipelines.data.readers.metadata import add_metadata

__all__ = ["ISIC2024"]

_IMAGES = "ISIC_2024_Training_Input"
_TRUTH = "ISIC_2024_Training_GroundTruth.csv"
_TABLES = ("train-metadata.csv", "ISIC_2024_Training_Input/metadata.csv", "metadata.csv")
_CONTAINER = "train-image.hdf5"
_FOLDERS = ("train-image/image", _IMAGES)
_LABELS = {"0": "benign", "1": "malignant", "0.0": "benign", "1.0": "malignant"}
_COLUMNS = {
    "patient_id": "patient",
    "lesion_id": "lesion",
    "age_approx": "age",
    "sex": "sex",
    "anatom_site_general": "site",
    "clin_size_long_diam_mm": "diameter_mm",
    "attribution": "source",
    "copyright_license": "licence",
    "iddx_full": "diagnosis",
    "tbp_tile_type": "tile_type",
}


def read_isic2024(root: Path) -> pd.DataFrame:
    """Read the metadata; what the photograph's maker measured stays behind."""
    path = first_file(root, _TABLES, "ISIC 2024")
    text = ["isic_id", "target", "patient_id", "lesion_id"]
    table = read_table(path, text, only=_COLUMNS)
    require_columns(table, ["isic_id", "patient_id"], path)
    check_unique(table["isic_id"], path)
    if "target" not in table.columns:
        table["target"] = _truth(root, table["isic_id"], path)
    manifest = pd.DataFrame(
        {
            "image_id": table["isic_id"],
            "label": labels_by_code(table["target"], _LABELS, path, "target"),
        }
    )
    image, extra = _place(root, manifest["image_id"])
    manifest.insert(0, "image", image)
    add_metadata(manifest, table, _COLUMNS)
    manifest.attrs = {"extra": extra}
    return manifest


def _truth(root, ids, path):
    """Take labels from the table of their own in which the challenge's site gives them."""
    truth_path = root / _TRUTH
    if not truth_path.is_file():
        raise FileNotFoundError(f"{path} has no column `target`, and {root} no {_TRUTH}.")
    truth = read_table(truth_path, ["isic_id", "malignant"])
    require_columns(truth, ["isic_id", "malignant"], truth_path)
    check_unique(truth["isic_id"], truth_path)
    return truth.set_index("isic_id")["malignant"].reindex(ids).to_numpy()


def _place(root, ids):
    """Name the images in the HDF5 file, or in a folder if there is only that."""
    container = root / _CONTAINER
    folders = [root / name for name in _FOLDERS if (root / name).is_dir()]
    if folders and not container.is_file():
        return place_images(ids, folders[:1])
    prefix = f"{container}{SEPARATOR}"
    known = member_names(container) if container.is_file() else set()
    extra = sorted(known.difference(ids))
    return prefix + ids, [prefix + name for name in extra]


ISIC2024 = Dataset(
    name="isic2024",
    title="ISIC 2024 (SLICE-3D): malignant or benign, of whole patients",
    read=read_isic2024,
    counts={"benign": 400666, "malignant": 393},
    kind="crops of total-body photographs",
    layout="""\
train-metadata.csv
train-image.hdf5 (images are named train-image.hdf5::ISIC_*) or train-image/image/ISIC_*.jpg
or, from the challenge's site: ISIC_2024_Training_Input/ISIC_*.jpg with metadata.csv among them,
and ISIC_2024_Training_GroundTruth.csv""",
    groups="1,042 patients; some lesions",
    note="The HDF5 file needs the extra isic2024 (h5py); its images are read one by one. Columns "
    "that the photograph's maker computed (tbp_lv_*) are left behind.",
    licence="each image's own, in the column `licence`",
    citation="SLICE-3D (2024), Scientific Data, doi:10.1038/s41597-024-03743-w.",
    url="https://challenge.isic-archive.com/data/#2024",
)
