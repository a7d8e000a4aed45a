"""ISIC 2019: eight classes, and in the test part a ninth of none of them."""

from pathlib import Path

import pandas as pd

from pipelines.data.readers.challenge import Part, read_parts
from pipelines.data.readers.checks import labels_of_one_hot
from pipelines.data.readers.dataset import Dataset
from pipelines.data.readers.files import read_table, require_columns
from pipelines.data.readers.metadata import add_metadata

__all__ = ["ISIC2019"]

_CLASSES = ("MEL", "NV", "BCC", "AK", "BKL", "DF", "VASC", "SCC", "UNK")
_PARTS = tuple(
    Part(
        split=split,
        images=(f"ISIC_2019_{name}_Input",),
        truth=(f"ISIC_2019_{name}_GroundTruth.csv",),
    )
    for split, name in (("train", "Training"), ("test", "Test"))
)
_COLUMNS = {
    "lesion_id": "lesion",
    "age_approx": "age",
    "sex": "sex",
    "anatom_site_general": "site",
}
_TRAIN = {
    "MEL": 4522,
    "NV": 12875,
    "BCC": 3323,
    "AK": 867,
    "BKL": 2624,
    "DF": 239,
    "VASC": 253,
    "SCC": 628,
}


def read_isic2019(root: Path) -> pd.DataFrame:
    """Read both splits, as far as they are there, with their metadata."""
    return read_parts(root, _PARTS, _read_truth, "ISIC 2019")


def _read_truth(path, images):
    table = read_table(path, ["image"])
    require_columns(table, ["image", *_CLASSES], path)
    label = labels_of_one_hot(table, _CLASSES, path)
    manifest = pd.DataFrame({"image_id": table["image"], "label": label})
    described = path.with_name(path.name.replace("GroundTruth", "Metadata"))
    if described.is_file():
        metadata = read_table(described, ["image", "lesion_id"])
        require_columns(metadata, ["image"], described)
        metadata = metadata.drop_duplicates("image").set_index("image")
        add_metadata(manifest, metadata.reindex(manifest["image_id"]), _COLUMNS)
    if "lesion" in manifest.columns:
        # Lesions are called BCN_*, HAM_* and MSK4*, by the collection that they come from.
        manifest["source"] = manifest["lesion"].str.extract(r"^([A-Z]+)", expand=False)
    return manifest


ISIC2019 = Dataset(
    name="isic2019",
    title="ISIC 2019: eight classes",
    read=read_isic2019,
    counts=_TRAIN,
    split_counts={"train": _TRAIN},
    classes=_CLASSES,
    kind="dermoscopic",
    layout="""\
ISIC_2019_{Training,Test}_Input/ISIC_*.jpg
ISIC_2019_{Training,Test}_GroundTruth.csv
ISIC_2019_{Training,Test}_Metadata.csv (age, sex, site; of the training part also lesions)""",
    groups="lesions of the training part, not of all images",
    note="HAM10000 and much of BCN20000 are inside: never test one on the other. UNK is only in "
    "the test part.",
    licence="CC BY-NC 4.0",
    citation="Tschandl et al. (2018), Sci. Data 5, 180161; Codella et al. (2018), "
    "arXiv:1710.05006; Combalia et al. (2019), arXiv:1908.02288.",
    url="https://challenge.isic-archive.com/data/#2019",
)
