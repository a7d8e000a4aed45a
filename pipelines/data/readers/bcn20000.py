"""BCN20000: dermoscopic lesions in the wild, as its publisher lays it out."""

from pathlib import Path

import pandas as pd

from pipelines.data.readers.checks import check_unique, first_file, labels_by_code
from pipelines.data.readers.dataset import Dataset
from pipelines.data.readers.files import place_images, read_table, require_columns
from pipelines.data.readers.metadata import add_metadata

__all__ = ["BCN20000"]

_TABLES = ("bcn_20k_train.csv", "BCN_20k_train.csv")
_FOLDERS = ("BCN_20k_train", "bcn_20k_train", "BCN_20k_train/bcn_20k_train")
_TRAIN = {
    "MEL": 2857,
    "NV": 4206,
    "BCC": 2809,
    "AK": 737,
    "BKL": 1138,
    "DF": 124,
    "VASC": 111,
    "SCC": 431,
}
_COLUMNS = {
    "lesion_id": "lesion",
    "age_approx": "age",
    "sex": "sex",
    "anatom_site_general": "site",
    "capture_date": "capture_date",
}


def read_bcn20000(root: Path) -> pd.DataFrame:
    """Read the training part; the test part comes without diagnoses."""
    path = first_file(root, _TABLES, "BCN20000")
    table = read_table(path, ["bcn_filename", "diagnosis", "lesion_id"])
    require_columns(table, ["bcn_filename", "diagnosis", "lesion_id"], path)
    check_unique(table["bcn_filename"], path)
    ids = table["bcn_filename"].str.replace(r"\.\w+$", "", regex=True)
    folders = [root / name for name in _FOLDERS if (root / name).is_dir()]
    image, extra = place_images(ids, folders or [root / _FOLDERS[0]])
    label = labels_by_code(table["diagnosis"], {name: name for name in _TRAIN}, path, "diagnosis")
    manifest = pd.DataFrame({"image": image, "image_id": ids, "label": label})
    add_metadata(manifest, table, _COLUMNS)
    manifest.attrs = {"extra": extra}
    return manifest


BCN20000 = Dataset(
    name="bcn20000",
    title="BCN20000: dermoscopic lesions in the wild",
    read=read_bcn20000,
    counts=_TRAIN,
    kind="dermoscopic",
    layout="""\
bcn_20k_train.csv
BCN_20k_train/BCN_*.jpg""",
    groups="lesions",
    note="18,946 images with the test part, which comes without diagnoses and is not read "
    "(the review's 19,424 is the first preprint's number). Much of it is inside ISIC 2019: never "
    "test one on the other. isic-cli has it too: read that as isic_archive.",
    licence="see the publisher's page",
    citation="Hernández-Pérez et al. (2024), Scientific Data 11, 641; "
    "doi:10.1038/s41597-024-03387-w.",
    url="https://doi.org/10.1038/s41597-024-03387-w",
)
