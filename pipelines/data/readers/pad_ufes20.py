"""PAD-UFES-20: lesions photographed with smartphones, and much about the patients."""

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

__all__ = ["PAD_UFES20"]

_COUNTS = {"ACK": 730, "BCC": 845, "MEL": 52, "NEV": 244, "SCC": 192, "SEK": 235}
_COLUMNS = {
    "age": "age",
    "gender": "sex",
    "region": "site",
    "fitspatrick": "fitzpatrick",
}


def read_pad_ufes20(root: Path) -> pd.DataFrame:
    """Read the metadata and say where each image should be."""
    path = first_file(root, ["metadata.csv"], "PAD-UFES-20")
    needed = ["img_id", "patient_id", "lesion_id", "diagnostic"]
    table = read_table(path, needed)
    require_columns(table, needed, path)
    check_unique(table["img_id"], path)
    ids = table["img_id"].str.replace(r"\.\w+$", "", regex=True)
    folders = [root / "images", *sorted((root / "images").glob("imgs_part_*"))]
    image, extra = place_images(ids, [f for f in folders if f.is_dir()] or folders, suffix=".png")
    known = {name: name for name in _COUNTS}
    manifest = pd.DataFrame(
        {
            "image": image,
            "image_id": ids,
            "label": labels_by_code(table["diagnostic"], known, path, "diagnostic"),
            "patient": table["patient_id"],
            # Lesions of different patients share numbers.
            "lesion": table["patient_id"] + "_" + table["lesion_id"],
        }
    )
    add_metadata(manifest, table, _COLUMNS)
    if {"diameter_1", "diameter_2"} <= set(table.columns):
        manifest["diameter_mm"] = table[["diameter_1", "diameter_2"]].max(axis=1)
    if "biopsed" in table.columns:
        biopsied = table["biopsed"].astype("str").str.lower() == "true"
        manifest["dx_type"] = biopsied.map({True: "histo", False: "consensus"})
    if (root / "masks").is_dir():
        masks = images_by_stem([root / "masks"])
        manifest["mask"] = [masks.get(f"{name}_mask") for name in ids]
    manifest.attrs = {"extra": extra}
    return manifest


PAD_UFES20 = Dataset(
    name="pad_ufes20",
    title="PAD-UFES-20: smartphone photographs with patient data",
    read=read_pad_ufes20,
    counts=_COUNTS,
    kind="clinical",
    layout="""\
metadata.csv
images/PAT_*.png (or images/imgs_part_{1,2,3}/PAT_*.png)
masks/PAT_*_mask.png (not the publisher's; if you add them)""",
    groups="patients and lesions",
    masks="none of the publisher's; those you add",
    verified="686 of the 2,298 images, at 300 x 300, with masks drawn by students",
    note="SCC includes Bowen's disease. Lesion numbers repeat among patients, so that a lesion's "
    "id has the patient's before it. Cancers are all biopsied, other lesions seldom: `dx_type` "
    "gives the label away.",
    licence="CC BY 4.0",
    citation="Pacheco et al. (2020), arXiv:2007.00478; doi:10.17632/zr7vgbcyr2.1.",
    url="https://data.mendeley.com/datasets/zr7vgbcyr2/1",
)
