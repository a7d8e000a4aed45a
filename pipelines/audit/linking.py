"""Rows of several data sets that are one image, told without looking at pixels."""

import hashlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
from joblib import effective_n_jobs
from numpy.typing import NDArray

from features.reading.files import ImageError, read_bytes
from pipelines.audit.grouping import connected_rows
from pipelines.audit.identifiers import id_pairs, image_ids

__all__ = ["SHARED", "linked_rows"]

# Ids in this column mean the same in every data set that has it.
SHARED = "shared"

# Ids that archives give to lesions and patients, whatever `combine` put before them. Numbers of
# one's own are not compared: two clinics may both have a patient 1.
_ARCHIVE_GROUP = r"(?:^|:)((?:BCN|HAM|IL|IP|MSK\d?)_\d{7})$"


def linked_rows(manifest: pd.DataFrame, *, n_jobs: int | None = None) -> NDArray[np.int64]:
    """Give rows one number that hang together, in one data set or across several.

    Parameters
    ----------
    manifest : DataFrame of n rows
        As `pipelines.data.combine` gives it.
    n_jobs : int, optional
        Threads that read files, counted as joblib does.

    Returns
    -------
    ndarray of shape (n,), int64
        Rows share a number that are connected by patient, lesion or group, by the bytes of their
        files, by an archive's id of the image, lesion or patient, or by the column `shared`.
        Numbered by first appearance.

    Notes
    -----
    Copies that were resized or saved anew have other bytes: `audit` finds them.

    Examples
    --------
    >>> names = ["ISIC_0024306.jpg", "one.jpg", "small/ISIC_0024306_downsampled.jpg"]
    >>> linked_rows(pd.DataFrame({"image": names}))
    array([0, 1, 0])
    """
    keys = [_contents(manifest["image"], n_jobs), image_ids(manifest)]
    for column in ("lesion", "patient"):
        if column in manifest.columns:
            names = manifest[column].astype("str")
            keys.append(names.str.extract(_ARCHIVE_GROUP, expand=False))
    if SHARED in manifest.columns:
        values = manifest[SHARED]
        keys.append(values.astype("str").where(values.notna()))
    pairs = pd.concat([id_pairs(manifest, key) for key in keys], ignore_index=True)
    return connected_rows(manifest, pairs)


def _contents(images: pd.Series, n_jobs: int | None) -> pd.Series:
    """Digest of each file; the path of one that cannot be read."""
    with ThreadPoolExecutor(effective_n_jobs(n_jobs)) as pool:
        return pd.Series(list(pool.map(_digest, images.astype(str))), dtype="str")


def _digest(path: str) -> str:
    try:
        return hashlib.sha256(read_bytes(path)).hexdigest()
    except ImageError:
        return path
