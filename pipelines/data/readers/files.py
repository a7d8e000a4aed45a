"""Find images and tables on disk, listing each folder once."""

import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = [
    "IMAGE_SUFFIXES",
    "images_by_stem",
    "is_missing",
    "read_table",
    "require_columns",
    "walk_images",
]

IMAGE_SUFFIXES = (".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff")
TABLE_SUFFIXES = (".csv", ".parquet")


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


def is_missing(paths: pd.Series) -> NDArray[np.bool_]:
    """Flag paths without a file; a missing path is not flagged."""
    names_in: dict[str, set[str]] = {}
    missing = np.zeros(len(paths), dtype=bool)
    for i, path in enumerate(paths):
        if isinstance(path, str):
            parent, name = os.path.split(path)
            if parent not in names_in:
                names_in[parent] = set(os.listdir(parent)) if os.path.isdir(parent) else set()
            # Asked twice, because some file systems ignore case.
            missing[i] = name not in names_in[parent] and not os.path.isfile(path)
    return missing


def read_table(path: Path, text_columns: Iterable[str] = ()) -> pd.DataFrame:
    """Read a CSV or Parquet file; text columns come as strings, missing where empty."""
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file.")
    text_columns = set(text_columns)
    if path.suffix.lower() == ".parquet":
        table = pd.read_parquet(path)
        for name in text_columns & set(table.columns):
            # Before pandas 3 a missing value would become the word "None" or "nan".
            table[name] = table[name].astype("str").where(table[name].notna())
    else:
        table = pd.read_csv(path, index_col=False, low_memory=False)
        # Read apart, so that names such as "NA", "None" and "007" stay as they are written.
        text = pd.read_csv(
            path,
            index_col=False,
            usecols=[name for name in table.columns if name in text_columns],
            dtype="str",
            keep_default_na=False,
        )
        for name in text.columns:
            stripped = text[name].str.strip()
            table[name] = stripped.where(stripped != "")
    return table


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
