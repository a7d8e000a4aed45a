"""ISIC 2020: melanoma or not, with patients and the publisher's list of duplicates."""

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from pipelines.data.readers.challenge import Part, read_parts
from pipelines.data.readers.checks import labels_by_code
from pipelines.data.readers.dataset import Dataset
from pipelines.data.readers.files import read_table, require_columns
from pipelines.data.readers.metadata import add_metadata

__all__ = ["ISIC2020"]

_PART = Part(
    split="train",
    images=("train", "ISIC_2020_Training_JPEG/train", "jpeg/train", "ISIC_2020_Training_JPEG"),
    truth=(
        "ISIC_2020_Training_GroundTruth_v2.csv",
        "ISIC_2020_Training_GroundTruth.csv",
        "train.csv",
    ),
)
_DUPLICATES = "ISIC_2020_Training_Duplicates.csv"
_PAIR = ["image_name_1", "image_name_2"]
_LABELS = {"0": "benign", "1": "malignant"}
_COLUMNS = {
    "patient_id": "patient",
    "lesion_id": "lesion",
    "age_approx": "age",
    "sex": "sex",
    "anatom_site_general_challenge": "site",
    "diagnosis": "diagnosis",
}


def read_isic2020(root: Path) -> pd.DataFrame:
    """Read the training part; the labels of the test part were never published."""
    manifest = read_parts(root, [_PART], _read_truth, "ISIC 2020")
    listed = root / _DUPLICATES
    if listed.is_file():
        pairs = read_table(listed, _PAIR)
        require_columns(pairs, _PAIR, listed)
        manifest["group"] = duplicate_groups(manifest["image_id"], pairs)
    return manifest.drop(columns="split")


def _read_truth(path, images):
    table = read_table(path, ["image_name", "patient_id", "lesion_id", "target"])
    require_columns(table, ["image_name", "patient_id", "target"], path)
    label = labels_by_code(table["target"], _LABELS, path, "target")
    manifest = pd.DataFrame({"image_id": table["image_name"], "label": label})
    return add_metadata(manifest, table, _COLUMNS)


def duplicate_groups(ids: pd.Series, pairs: pd.DataFrame) -> NDArray[np.object_]:
    """Name the group of each image that a list of pairs ties to another; None for the rest.

    Examples
    --------
    >>> pairs = pd.DataFrame({"image_name_1": ["a", "b"], "image_name_2": ["b", "c"]})
    >>> duplicate_groups(pd.Series(["a", "b", "c", "d"]), pairs).tolist()
    ['duplicates 0', 'duplicates 0', 'duplicates 0', None]
    """
    row = pd.Series(np.arange(len(ids)), index=ids)
    one, two = row.reindex(pairs.iloc[:, 0]).to_numpy(), row.reindex(pairs.iloc[:, 1]).to_numpy()
    known = ~(np.isnan(one) | np.isnan(two))
    one, two = one[known].astype(int), two[known].astype(int)
    edges = coo_array((np.ones(len(one), dtype=np.int8), (one, two)), (len(ids), len(ids)))
    _, component = connected_components(edges, directed=False)
    tied = np.isin(np.arange(len(ids)), np.concatenate([one, two]))
    names = np.full(len(ids), None, dtype=object)
    names[tied] = [f"duplicates {code}" for code in pd.factorize(component[tied])[0]]
    return names


ISIC2020 = Dataset(
    name="isic2020",
    title="ISIC 2020 (SIIM-ISIC): melanoma or not",
    read=read_isic2020,
    counts={"benign": 32542, "malignant": 584},
    kind="dermoscopic",
    layout="""\
train/ISIC_*.jpg (or ISIC_2020_Training_JPEG/train, jpeg/train)
ISIC_2020_Training_GroundTruth_v2.csv (or without _v2, or Kaggle's train.csv)
ISIC_2020_Training_Duplicates.csv (pairs, if wanted: they become a group)""",
    groups="patients; lesions in version 2 of the table; the publisher's duplicates",
    note="The labels of the test part were never published.",
    licence="CC BY-NC 4.0",
    citation="SIIM-ISIC 2020 Challenge Dataset (2020), doi:10.34970/2020-ds01.",
    url="https://challenge.isic-archive.com/data/#2020",
)
