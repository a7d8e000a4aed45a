"""Training on finer classes than are asked for, and summing over them."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray


def finer_labels(
    X: Any, y: NDArray, taxonomy: Mapping | str | None
) -> tuple[NDArray, dict[Any, Any]]:
    """Find the labels to train on, and the class that each is summed into.

    Parameters
    ----------
    X : manifest or other images
        Read where `taxonomy` names a column of it.
    y : ndarray of shape (n,)
        Labels given to `fit`.
    taxonomy : mapping, str or None
        A mapping from the labels `y` to coarser classes; or the manifest's column of finer
        labels, each of which lies in one class of `y`; or None.

    Returns
    -------
    labels : ndarray of shape (n,)
        The finer ones.
    parents : dict
        Class of each finer label.

    Raises
    ------
    ValueError
        A label without a parent, or with two; a column that is missing or has empty cells.
    """
    if taxonomy is None:
        return y, {label: label for label in np.unique(y).tolist()}
    if isinstance(taxonomy, Mapping):
        labels = np.unique(y).tolist()
        orphans = [label for label in labels if label not in taxonomy]
        if orphans:
            raise ValueError(f"`taxonomy` names no class above the labels {orphans}.")
        return y, {label: taxonomy[label] for label in labels}
    return _column(X, taxonomy), _parents(_column(X, taxonomy), y)


def _column(X: Any, name: str) -> np.ndarray:
    if not isinstance(X, pd.DataFrame) or name not in X:
        raise ValueError(f"`taxonomy` names the column {name!r}, which the manifest does not have.")
    if X[name].isna().any():
        raise ValueError(f"`taxonomy`: the column {name!r} has empty cells.")
    return X[name].to_numpy()


def _parents(finer: np.ndarray, y: np.ndarray) -> dict[Any, Any]:
    pairs = pd.DataFrame({"finer": finer, "label": y}).drop_duplicates()
    torn = pairs["finer"][pairs["finer"].duplicated()].tolist()
    if torn:
        names = sorted(torn, key=str)
        raise ValueError(f"`taxonomy`: the finer labels {names} lie in two classes.")
    return dict(zip(pairs["finer"], pairs["label"], strict=True))


def membership(finer: Iterable, parents: Mapping, classes: Iterable) -> np.ndarray:
    """Which finer label (row) lies in which class (column), as 0 and 1.

    Examples
    --------
    >>> membership(["bcc", "mel", "nv"], {"bcc": "other", "mel": "mel", "nv": "other"},
    ...            ["mel", "other"])
    array([[0., 1.],
           [1., 0.],
           [0., 1.]])
    """
    return np.array([[float(parents[label] == name) for name in classes] for label in finer])
