"""One's own images, listed in a CSV or Parquet file."""

import os
from pathlib import Path

import pandas as pd

from pipelines.data.manifest import GROUP_COLUMNS
from pipelines.data.readers.dataset import Dataset
from pipelines.data.readers.files import TABLE_SUFFIXES, read_table, require_columns

__all__ = ["CSV"]


def read_csv(
    root: Path,
    *,
    image_col: str = "image",
    label_col: str | None = "label",
    group_col: str | None = None,
    mask_col: str | None = None,
    image_root: str | Path | None = None,
) -> pd.DataFrame:
    """Read a table with one row an image.

    Parameters
    ----------
    root : Path
        The file, or a folder with a single such file.
    image_col, label_col : str
        Columns of image paths and labels. `label_col=None` for images without labels.
    group_col : str, default=None
        Column of ids whose images no split may separate. It becomes `group`, unless it is
        called `lesion` or `patient`: only images of one `lesion` are averaged for scores.
    mask_col : str, default=None
        Column of mask paths, empty where there is none. None for `mask`, if there is one.
    image_root : path-like, default=None
        Folder that relative paths start from; None for the table's own.
    """
    path = _find_table(root)
    renamed = {image_col: "image"}
    for theirs, ours in ((label_col, "label"), (mask_col, "mask")):
        if theirs is not None:
            renamed[theirs] = ours
    if group_col is not None:
        renamed[group_col] = group_col if group_col in GROUP_COLUMNS else "group"
    table = read_table(path, {*renamed, "mask", *GROUP_COLUMNS})
    remedy = " Name the file's own with image_col, label_col, group_col and mask_col."
    require_columns(table, renamed, path, remedy)
    _check_names(table, renamed, path)
    table = table.rename(columns=renamed)
    base = path.parent if image_root is None else Path(image_root).expanduser().absolute()
    if not base.is_dir():
        raise FileNotFoundError(f"{base}: no such folder (image_root).")
    for column in {"image", "mask"} & set(table.columns):
        # An absolute path stays as it is when joined. pathlib would take five times as long.
        joined = [
            os.path.join(base, value) if isinstance(value, str) else None for value in table[column]
        ]
        table[column] = pd.Series(joined, dtype="str", index=table.index)
    return table


def _find_table(root):
    if not root.is_dir():
        return root
    tables = sorted(p for p in root.iterdir() if p.suffix.lower() in TABLE_SUFFIXES)
    if len(tables) != 1:
        names = [path.name for path in tables[:5]] or "none"
        raise ValueError(
            f"Expected one .csv or .parquet file in {root}, got {names}. Give the file's own path."
        )
    return tables[0]


def _check_names(table, renamed, path):
    """Refuse a column that another one would be renamed to."""
    for theirs, ours in renamed.items():
        if theirs != ours and ours in table.columns and ours not in renamed:
            raise ValueError(
                f"{path}: `{theirs}` is to be the column '{ours}', but there is another column of "
                "that name. Rename or drop it in the file."
            )


CSV = Dataset(
    name="csv",
    title="A CSV or Parquet file with one row an image",
    read=read_csv,
    layout="a .csv or .parquet file, or a folder with one; paths in it start at the file's folder",
    groups="the column that group_col names; columns called lesion or patient",
    masks="the column that mask_col names, or one called mask; may have gaps",
    note="Columns age, sex, site, source, dx_type, fitzpatrick and mm_per_pixel are known by these "
    "names; all others are kept.",
    options=("image_col", "label_col", "group_col", "mask_col", "image_root"),
)
