"""Data sets without a public layout: a folder a class, with the class list of the paper."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from pipelines.data.readers.folder import read_folder

__all__ = ["read_class_folders"]

_N_CULPRITS = 5


def read_class_folders(root: Path, *, classes: Sequence[str]) -> pd.DataFrame:
    """Read a folder of class folders whose names are known.

    Parameters
    ----------
    root : Path
        With `class/.../image`, or `split/class/.../image`.
    classes : sequence of str
        Names that class folders may have; case, blanks and underscores do not matter.

    Returns
    -------
    DataFrame
        Labels are spelled as in `classes`.

    Raises
    ------
    ValueError
        There is a folder of another name.
    """
    manifest = read_folder(root)
    if "label" not in manifest.columns:
        return manifest
    spelled = {_plain(name): name for name in classes}
    labels = manifest["label"].map(lambda name: spelled.get(_plain(name)), na_action="ignore")
    unknown = sorted(set(manifest["label"].dropna()[labels.isna()]))
    if unknown:
        raise ValueError(
            f"{root}: expected folders called {', '.join(classes)}; got {unknown[:_N_CULPRITS]} "
            "too. Rename them, or read them with the data set 'folder', which takes any name."
        )
    manifest["label"] = labels.astype("str").where(labels.notna())
    return manifest


def _plain(name):
    return " ".join(name.lower().replace("_", " ").split())
