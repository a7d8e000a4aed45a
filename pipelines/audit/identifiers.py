"""Image ids that several data sets share, and data sets that are known to contain others."""

import re
from pathlib import PurePath

import numpy as np
import pandas as pd

from features.reading.containers import split_member

__all__ = ["CONTAINED", "id_pairs", "image_ids", "known_overlaps"]

# The second was published as a part of the first, or made of its images.
CONTAINED = (
    ("isic2018", "ham10000"),
    ("isic2019", "ham10000"),
    ("isic2019", "isic2018"),
    ("isic2019", "bcn20000"),
    ("ham10000", "dermamnist"),
    ("isic2018", "dermamnist"),
    ("isic2019", "dermamnist"),
)

# Only ids that an archive gives are evidence: two cameras may both have taken an IMG_0001.
_ARCHIVE_ID = re.compile(r"(?:BCN|HAM|IMD|ISIC|PAT)_?\d[\d_]*")


def image_ids(manifest: pd.DataFrame) -> pd.Series:
    """Read the publisher's id of each image.

    Parameters
    ----------
    manifest : DataFrame
        With `image`, and maybe `image_id`, which is taken where it is known.

    Returns
    -------
    Series of str
        Without what was added to the archive's id, such as "_downsampled"; missing where a name
        is not an archive's.

    Examples
    --------
    >>> image_ids(pd.DataFrame({"image": ["a/ISIC_0024306_downsampled.jpg"]})).tolist()
    ['ISIC_0024306']
    """
    names = manifest["image"].map(_stem)
    if "image_id" in manifest.columns:
        given = manifest["image_id"]
        names = given.astype("str").where(given.notna(), names)
    return names.map(_archive_id).astype("str")


def id_pairs(manifest: pd.DataFrame, ids: pd.Series) -> pd.DataFrame:
    """Pair rows of one id: the first of them with each other one."""
    table = pd.DataFrame({"id": ids.to_numpy(), "row": np.arange(len(manifest))}).dropna()
    first = table.groupby("id")["row"].transform("first")
    later = table[table["row"] != first]
    return pd.DataFrame(
        {
            "row_a": first.loc[later.index].to_numpy(dtype=np.int64),
            "row_b": later["row"].to_numpy(dtype=np.int64),
            "how": pd.Series("same id", index=range(len(later)), dtype="str"),
            "distance": pd.Series(np.nan, index=range(len(later)), dtype=float),
        }
    )


def known_overlaps(names: pd.Series) -> list[tuple[str, str]]:
    """List the pairs of a manifest's data sets of which the first is known to hold the second.

    Examples
    --------
    >>> known_overlaps(pd.Series(["HAM10000", "ISIC 2019"]))
    [('ISIC 2019', 'HAM10000')]
    """
    present = {re.sub(r"[^a-z0-9]", "", str(name).lower()): str(name) for name in names.unique()}
    return [
        (present[whole], present[part])
        for whole, part in CONTAINED
        if whole in present and part in present
    ]


def _stem(path: object) -> str:
    inside = split_member(str(path))
    return PurePath(inside[1] if inside else str(path)).stem


def _archive_id(name: object) -> str | None:
    found = _ARCHIVE_ID.match(str(name).upper())
    return found[0].rstrip("_") if found else None
