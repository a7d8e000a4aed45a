"""Find images and tables on disk, listing each folder once."""

import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.reading.containers import member_names, split_member

__all__ = [
    "IMAGE_SUFFIXES",
    "images_by_stem",
    "is_missing",
    "place_images",
    "read_table",
    "require_columns",
    "walk_images",
]

IMAGE_SUFFIXES = (".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff")
TABLE_SUFFIXES = (".csv", ".parquet")
# What stands for a missing value, except in columns of text, where only a blank does.
_MISSING_WORDS = [
    *("", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN"),
    *("<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null"),
]


def walk_images(folder: Path) -> list[Path]:
    """List image files under a folder at any depth, sorted; hidden ones are left out."""
    found = []
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [
            Path(parent, name)
            for name in names
            if name.lower().endswith(IMAGE_SUFFIXES) and not name.startswith(".")
        ]
    return sorted(found)


def images_by_stem(folders: Iterable[Path]) -> dict[str, str]:
    """Map file names without suffix to paths, for the images directly in some folders."""
    return {
        Path(entry.name).stem: entry.path
        for folder in folders
        for entry in sorted(os.scandir(folder), key=lambda entry: entry.name)
        if entry.name.lower().endswith(IMAGE_SUFFIXES) and not entry.name.startswith(".")
    }


def place_images(
    ids: pd.Series, folders: Iterable[Path], *, suffix: str = ".jpg"
) -> tuple[pd.Series, list[str]]:
    """Say where the image of each id is, or should be, and which images have no id.

    Parameters
    ----------
    ids : Series of n str
        File names without suffix.
    folders : iterable of Path
        Where to look; at least one, which need not exist.
    suffix : str, default=".jpg"
        Of images that are not there: they should be in the first folder.

    Returns
    -------
    paths : Series of n str
    extra : list of str
        Sorted.
    """
    folders = list(folders)
    found = images_by_stem(folder for folder in folders if folder.is_dir())
    first = f"{folders[0]}{os.sep}"
    paths = [found.get(name) or f"{first}{name}{suffix}" for name in ids]
    extra = sorted(found[stem] for stem in found.keys() - set(ids))
    return pd.Series(paths, index=ids.index, dtype="str"), extra


def is_missing(paths: pd.Series) -> NDArray[np.bool_]:
    """Flag paths without a file; a missing path is not flagged."""
    names_in: dict[str, set[str]] = {}
    missing = np.zeros(len(paths), dtype=bool)
    for i, path in enumerate(paths):
        if not isinstance(path, str):
            continue
        inside = split_member(path)
        parent, name = inside or os.path.split(path)
        if parent not in names_in:
            names_in[parent] = _names_in(parent, is_container=bool(inside))
        # Asked twice, because some file systems ignore case.
        missing[i] = name not in names_in[parent] and (bool(inside) or not os.path.isfile(path))
    return missing


def _names_in(parent, is_container):
    if is_container:
        return member_names(parent) if os.path.isfile(parent) else set()
    return set(os.listdir(parent)) if os.path.isdir(parent) else set()


def read_table(
    path: Path, text_columns: Iterable[str] = (), *, only: Iterable[str] | None = None
) -> pd.DataFrame:
    """Read a CSV or Parquet file; text columns come as strings, missing where empty.

    Parameters
    ----------
    path : Path
        The file.
    text_columns : iterable of str
        Read as they are written, so that names such as "NA", "None" and "007" survive. Those
        that are not in the file are passed over.
    only : iterable of str, default=None
        Columns to read as far as they are there; None for all.
    """
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file.")
    text = set(text_columns)
    wanted = None if only is None else {*only, *text}
    if path.suffix.lower() == ".parquet":
        table = pd.read_parquet(path)
        if wanted is not None:
            table = table[[name for name in table.columns if name in wanted]]
        for name in text & set(table.columns):
            # Before pandas 3 a missing value would become the word "None" or "nan".
            table[name] = table[name].astype("str").where(table[name].notna())
        return table
    table = _read_csv(path, text, wanted)
    for name in text & set(table.columns):
        stripped = table[name].str.strip()
        table[name] = stripped.where(stripped != "")
    return table


def _read_csv(path, text, wanted):
    try:
        names = list(pd.read_csv(path, index_col=False, nrows=0).columns)
        return pd.read_csv(
            path,
            index_col=False,
            low_memory=False,
            usecols=None if wanted is None else [name for name in names if name in wanted],
            dtype=dict.fromkeys(text.intersection(names), "str"),
            keep_default_na=False,
            na_values={name: _MISSING_WORDS for name in names if name not in text},
        )
    except (pd.errors.EmptyDataError, pd.errors.ParserError, UnicodeDecodeError) as exc:
        raise ValueError(f"{path}: not a table of comma-separated values ({exc}).") from exc


def require_columns(
    table: pd.DataFrame, needed: Iterable[str], path: Path, remedy: str = ""
) -> None:
    """Raise a ValueError naming columns that a table should have and has not."""
    absent = [name for name in needed if name not in table.columns]
    if absent:
        raise ValueError(
            f"{path}: expected the column{'s' * (len(absent) > 1)} {', '.join(absent)}, got "
            f"{', '.join(map(str, table.columns))}.{remedy}"
        )
