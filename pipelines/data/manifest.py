"""Manifests: one row an image. Checks, groups and smaller samples."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from sklearn.utils import check_random_state

from fusion.groups import RandomState

__all__ = ["GROUP_COLUMNS", "group_ids", "lesion_ids", "limit_manifest", "validate_manifest"]

# Rows that share a value in any of these may not be split apart.
GROUP_COLUMNS = ("patient", "lesion", "group")

_N_CULPRITS = 5


def validate_manifest(manifest: pd.DataFrame, *, labels: bool = True) -> pd.DataFrame:
    """Check that a table can be used as a manifest.

    Parameters
    ----------
    manifest : DataFrame
        One row an image: `image` (path) and `label`, both str; more columns are welcome.
    labels : bool, default=True
        False for images to be predicted: `label` is then neither needed nor looked at.

    Returns
    -------
    DataFrame
        The same object.

    Raises
    ------
    TypeError
        If `manifest` is not a DataFrame.
    ValueError
        If it has no rows, misses a column or a value, holds labels that are not strings, has
        fewer than two classes, or gives one lesion two labels.
    """
    if not isinstance(manifest, pd.DataFrame):
        raise TypeError(
            "Expected a manifest (a pandas DataFrame with columns 'image' and 'label'), got "
            f"{type(manifest).__name__}."
        )
    check_columns(manifest, labels=labels)
    faults = row_faults(manifest, labels=labels)
    if faults:
        raise ValueError(describe_faults(faults, len(manifest)))
    if labels:
        check_classes(manifest)
    return manifest


def check_columns(manifest: pd.DataFrame, *, labels: bool = True) -> None:
    """Raise a ValueError if a needed column is absent, names repeat or there are no rows."""
    absent = [name for name in ("image", "label")[: 1 + labels] if name not in manifest.columns]
    if absent:
        raise ValueError(
            f"The manifest has no column {' and no column '.join(map(repr, absent))}; its columns "
            f"are {list(manifest.columns)}. A folder needs one folder a class; of a table, name "
            "the columns: load_dataset('csv', path, image_col=..., label_col=...)."
        )
    if not manifest.columns.is_unique:
        repeated = list(manifest.columns[manifest.columns.duplicated()])
        raise ValueError(f"The manifest's columns must differ, got {repeated} more than once.")
    if manifest.empty:
        raise ValueError("The manifest has no rows: there is no image to work on.")


def check_classes(manifest: pd.DataFrame) -> None:
    """Raise a ValueError if all rows bear one label."""
    classes = manifest["label"].unique()
    if len(classes) < 2:
        raise ValueError(
            f"All {len(manifest)} images are labelled {classes[0]!r}: at least two classes are "
            "needed to learn from."
        )


def row_faults(manifest: pd.DataFrame, *, labels: bool = True) -> list[dict[str, Any]]:
    """List rows that cannot be used: position, file and the first reason of each."""
    image = manifest["image"]
    checks = {"no image path": _is_blank(image)}
    if labels:
        label = manifest["label"]
        checks["no label"] = _is_blank(label)
        checks["label is not a string"] = ~label.map(lambda value: isinstance(value, str))
        checks["its file has another label in another row"] = _conflicting(manifest, "image")
        checks["its lesion has another label too"] = _conflicting(manifest, "lesion")
    faults, known = [], np.zeros(len(manifest), dtype=bool)
    for reason, wrong in checks.items():
        wrong = np.asarray(wrong, dtype=bool) & ~known
        faults += faults_of(image, wrong, reason)
        known |= wrong
    return sorted(faults, key=lambda fault: fault["row"])


def faults_of(files: pd.Series, wrong: NDArray[np.bool_], reason: str) -> list[dict[str, Any]]:
    """List flagged rows with the file that the reason is about."""
    return [
        {"row": int(row), "file": str(files.iloc[row]), "reason": reason}
        for row in np.flatnonzero(wrong)
    ]


def _is_blank(values):
    return values.isna() | (values.astype(str).str.strip() == "")


def _conflicting(manifest, column):
    """Rows whose file or lesion bears several labels: a score per lesion needs a single one."""
    if column not in _identifying(manifest, column):
        return np.zeros(len(manifest), dtype=bool)
    n_labels = manifest.groupby(column, observed=True)["label"].transform("nunique")
    return (n_labels > 1).to_numpy()


def describe_faults(faults: list[dict[str, Any]], n_rows: int) -> str:
    """Say in one message how many rows are at fault, why, and which come first."""
    by_reason = pd.Series([fault["reason"] for fault in faults]).value_counts()
    counts = ", ".join(f"{count} x {reason}" for reason, count in by_reason.items())
    first = "; ".join(f"row {f['row']}: {f['file']}" for f in faults[:_N_CULPRITS])
    more = "; ..." if len(faults) > _N_CULPRITS else ""
    return (
        f"{len(faults)} of {n_rows} rows cannot be used ({counts}): {first}{more}. Correct them, "
        "or load with on_error='skip' to leave them out and list them."
    )


def group_ids(manifest: pd.DataFrame) -> NDArray[np.int64]:
    """Give rows that no split may separate the same number.

    Parameters
    ----------
    manifest : DataFrame of n rows
        With any of the columns `image`, `patient`, `lesion` and `group`.

    Returns
    -------
    ndarray of shape (n,), int64
        Rows that share a value in one of these columns, directly or through other rows, have
        the same number. A row without any value stands alone. Numbered by first appearance.
        A file that several rows name is one picture.

    Examples
    --------
    >>> import pandas as pd
    >>> lesions = pd.DataFrame({"patient": ["a", "a", "b", None], "lesion": [1, 2, 2, None]})
    >>> group_ids(lesions)
    array([0, 0, 0, 1])
    """
    n = len(manifest)
    ends, n_nodes = [np.empty((2, 0), dtype=np.int64)], n
    for column in _identifying(manifest, "image", *GROUP_COLUMNS):
        codes, values = pd.factorize(manifest[column])
        known = np.flatnonzero(codes >= 0)
        ends.append(np.stack([known, n_nodes + codes[known]]))
        n_nodes += len(values)
    rows, nodes = np.concatenate(ends, axis=1)
    edges = coo_array((np.ones(len(rows), dtype=np.int8), (rows, nodes)), (n_nodes, n_nodes))
    _, component = connected_components(edges, directed=False)
    return pd.factorize(component[:n])[0].astype(np.int64)


def has_groups(manifest: pd.DataFrame) -> bool:
    """Tell whether any row carries a patient, lesion or group, or the image of another row."""
    present = [column for column in GROUP_COLUMNS if column in manifest.columns]
    named = bool(present) and bool(manifest[present].notna().to_numpy().any())
    return named or any(not manifest[name].is_unique for name in _identifying(manifest, "image"))


def _identifying(manifest: pd.DataFrame, *columns: str) -> list[str]:
    """Those columns whose values name something; images may be arrays, which name nothing."""
    return [
        name
        for name in columns
        if name in manifest.columns
        and (name != "image" or all(isinstance(path, str | Path) for path in manifest[name]))
    ]


def manifest_groups(X: Any) -> NDArray[np.int64] | None:
    """Group ids of a manifest's rows; None where `X` is none, or names no groups."""
    return group_ids(X) if isinstance(X, pd.DataFrame) and has_groups(X) else None


def lesion_ids(manifest: pd.DataFrame) -> NDArray[np.object_]:
    """Name the lesion of every row, for scores per lesion.

    Parameters
    ----------
    manifest : DataFrame of n rows
        With a column `image` and maybe `lesion`.

    Returns
    -------
    ndarray of shape (n,), object
        The `lesion` of a row as a string or, where there is none, the path of its image: such
        an image counts as a lesion of its own.

    Examples
    --------
    >>> import pandas as pd
    >>> lesion_ids(pd.DataFrame({"image": ["a.png", "b.png"], "lesion": ["HAM_1", None]}))
    array(['HAM_1', 'b.png'], dtype=object)
    """
    own = manifest["image"].astype(str)
    if "lesion" not in manifest.columns:
        return own.to_numpy(dtype=object)
    lesion = manifest["lesion"]
    return np.where(lesion.notna(), lesion.astype(str), own).astype(object)


def limit_manifest(manifest: pd.DataFrame, n: int, random_state: RandomState = 0) -> pd.DataFrame:
    """Draw a smaller manifest: whole lesions, class proportions kept.

    Parameters
    ----------
    manifest : DataFrame
        With columns `image` and maybe `label` and `lesion`.
    n : int
        Images wanted, at least 1. About as many are drawn, never more, and at least one lesion
        of every class as far as they fit. If every lesion has more than `n` images, the
        smallest is drawn alone.
    random_state : int, RandomState instance or None, default=0
        Chooses the lesions.

    Returns
    -------
    DataFrame
        Rows of `manifest`, their order and index kept.
    """
    if n < 1:
        raise ValueError(f"`n` must be at least 1, got {n!r}.")
    if len(manifest) <= n:
        return manifest
    lesion, names = pd.factorize(lesion_ids(manifest))
    sizes = np.bincount(lesion, minlength=len(names))
    first_row = np.unique(lesion, return_index=True)[1]
    # Without labels there is one class.
    labels = manifest.get("label", pd.Series("", index=manifest.index))
    label = labels.to_numpy()[first_row]
    kept = _sample_lesions(sizes, label, n, check_random_state(random_state))
    return manifest[np.isin(lesion, kept)]


def _sample_lesions(sizes, label, n, rng):
    """Choose lesions, given the number of images and the label of each."""
    order = rng.permutation(len(sizes))
    counts = pd.Series(sizes).groupby(label).sum().sort_values(kind="stable")
    quota = (n * counts / counts.sum()).to_dict()
    kept = _one_of_each(sizes, label, n, quota, order)
    if not kept:
        return [order[sizes[order].argmin()]]
    left = n - sizes[kept].sum()
    for i in kept:
        quota[label[i]] -= sizes[i]
    for i in order[~np.isin(order, kept)]:
        if sizes[i] <= min(quota[label[i]], left):
            kept.append(i)
            quota[label[i]] -= sizes[i]
            left -= sizes[i]
    return kept


def _one_of_each(sizes, label, n, quota, order):
    """Choose a lesion of each class as far as there is room, rare classes first."""
    kept, left = [], n
    for name, share in quota.items():
        members = order[label[order] == name]
        fitting = members[sizes[members] <= max(1, share)]
        first = fitting[0] if len(fitting) else members[sizes[members].argmin()]
        if sizes[first] <= left:
            kept.append(first)
            left -= sizes[first]
    return kept
