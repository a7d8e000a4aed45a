"""What a publisher's table must satisfy, each with one message that names the first culprits."""

from collections.abc import Collection, Mapping
from pathlib import Path

import pandas as pd

__all__ = ["check_unique", "first_file", "labels_by_code", "labels_of_one_hot"]

_N_CULPRITS = 5


def first_file(root: Path, names: Collection[str], title: str) -> Path:
    """Find the first of some files, or say that this is not the data set's folder.

    Raises
    ------
    FileNotFoundError
        None of them is there.
    """
    for name in names:
        if (root / name).is_file():
            return root / name
    raise FileNotFoundError(f"{root} has no {' or '.join(names)}, so it is not a {title} folder.")


def check_unique(ids: pd.Series, path: Path) -> None:
    """Raise a ValueError if image ids come twice, or are missing."""
    blank = int(ids.isna().sum())
    if blank:
        raise ValueError(f"{path}: {blank} of {len(ids)} rows have no image id ({ids.name}).")
    repeated = ids[ids.duplicated()].unique()
    if len(repeated):
        raise ValueError(
            f"{path}: {len(repeated)} image ids come twice: {list(repeated[:_N_CULPRITS])}. "
            "Keep one row of each."
        )


def labels_by_code(
    codes: pd.Series, labels: Mapping[str, str], path: Path, column: str
) -> pd.Series:
    """Translate a column's codes to labels; a missing code stays missing.

    Raises
    ------
    ValueError
        There is a code that the data set does not have.
    """
    unknown = sorted(set(codes.dropna()) - set(labels))
    if unknown:
        raise ValueError(
            f"{path}: expected `{column}` among {list(labels)}, got {unknown[:_N_CULPRITS]} too."
        )
    return codes.map(labels)


def labels_of_one_hot(table: pd.DataFrame, classes: Collection[str], path: Path) -> pd.Series:
    """Take the label of each row from columns of which exactly one is 1.

    Parameters
    ----------
    table : DataFrame of n rows
        With the columns `classes`, of 0 and 1; its first column is the image id.
    classes : collection of str
        Columns, which are the labels.
    path : Path
        What errors call the table.

    Returns
    -------
    Series of n str

    Raises
    ------
    ValueError
        A row has no class, or several.
    """
    marks = table[list(classes)].apply(pd.to_numeric, errors="coerce").fillna(0)
    wrong = (marks.sum(axis=1) != 1) | ~marks.isin([0, 1]).all(axis=1)
    if wrong.any():
        culprits = [
            f"{row.iloc[0]}: {[float(row[name]) for name in classes]}"
            for _, row in table[wrong].head(_N_CULPRITS).iterrows()
        ]
        raise ValueError(
            f"{path}: {int(wrong.sum())} of {len(table)} rows do not have exactly one of "
            f"{', '.join(classes)}: {'; '.join(culprits)}."
        )
    return marks.idxmax(axis=1).astype("str")
