"""HAM10000, as unpacked from its publisher's archive."""

from pathlib import Path

import pandas as pd

from pipelines.data.readers.dataset import Dataset
from pipelines.data.readers.files import images_by_stem, read_table, require_columns

__all__ = ["HAM10000"]

_METADATA = "HAM10000_metadata"
_MASKS = "HAM10000_segmentations_lesion_tschandl"
_COLUMNS = {
    "dx": "label",
    "lesion_id": "lesion",
    "dx_type": "verification",
    "age": "age",
    "sex": "sex",
    "localization": "site",
    "dataset": "source",
}
_CODES = ("akiec", "bcc", "bkl", "df", "mel", "nv", "vasc")


def read_ham10000(root: Path) -> pd.DataFrame:
    """Read the metadata and say where each image and mask should be."""
    # The publisher's file has no suffix in its archive; mirrors call it .csv.
    path = next((p for p in (root / f"{_METADATA}.csv", root / _METADATA) if p.is_file()), None)
    if path is None:
        raise FileNotFoundError(f"{root} has no {_METADATA}.csv, so it is not a HAM10000 folder.")
    table = read_table(path, ["image_id", "dx", "lesion_id"])
    require_columns(table, ["image_id", "dx", "lesion_id"], path)
    _check_table(table, path)

    folders = sorted(folder for folder in root.glob("HAM10000_images*") if folder.is_dir())
    default = str((folders or [root / "HAM10000_images_part_1"])[0])
    images = images_by_stem(folders)
    ids = table["image_id"]
    manifest = pd.DataFrame({"image": [images.get(i, f"{default}/{i}.jpg") for i in ids]})
    if (root / _MASKS).is_dir():
        masks = images_by_stem([root / _MASKS])
        manifest["mask"] = pd.Series([masks.get(f"{i}_segmentation") for i in ids], dtype="str")
    for theirs, ours in _COLUMNS.items():
        if theirs in table.columns:
            manifest[ours] = table[theirs]
    return manifest


def _check_table(table, path):
    repeated = table["image_id"][table["image_id"].duplicated()].unique()
    if len(repeated):
        raise ValueError(f"{path}: {len(repeated)} image ids come twice: {list(repeated[:5])}.")
    unknown = sorted(set(table["dx"].dropna()) - set(_CODES))
    if unknown:
        raise ValueError(f"{path}: expected `dx` among {list(_CODES)}, got {unknown[:5]} too.")


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
    licence="CC BY-NC 4.0",
    citation="Tschandl, Rosendahl & Kittler (2018), Scientific Data 5, 180161.",
    url="https://doi.org/10.7910/DVN/DBW86T",
)
