"""Splits that keep every patient, lesion and known duplicate on one side."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedGroupKFold

from pipelines.data import group_ids, validate_manifest

Indices = NDArray[np.intp]


class Split(NamedTuple):
    """One training part and one test part.

    Attributes
    ----------
    repeat, fold : int
        Which; folds of one repeat test different rows.
    train, test : ndarray of int
        Positions of their rows in the manifest.
    """

    repeat: int
    fold: int
    train: Indices
    test: Indices


def make_folds(manifest: pd.DataFrame, n_splits: int = 5, random_state: int = 0) -> np.ndarray:
    """Assign each row to the fold that tests it.

    Parameters
    ----------
    manifest : DataFrame
        One row an image, with `label` and, where known, `lesion` and `patient`.
    n_splits : int, default=5
        Number of folds, at least 2.
    random_state : int, default=0
        Seed of the shuffle.

    Returns
    -------
    ndarray of shape (n,), int
        Test fold of each row, 0 to `n_splits` - 1.

    Raises
    ------
    ValueError
        When labels are missing or all alike, or a class has fewer lesions than there are folds.

    Examples
    --------
    >>> import pandas as pd
    >>> lesions = pd.DataFrame(
    ...     {"image": list("1234"), "label": ["mel", "mel", "nv", "nv"], "lesion": list("abcd")}
    ... )
    >>> sorted(make_folds(lesions, n_splits=2).tolist())
    [0, 0, 1, 1]
    """
    validate_manifest(manifest)
    groups = group_ids(manifest)
    _check_counts(manifest, groups, n_splits)
    labels = manifest["label"].to_numpy(dtype=object)
    folds = np.empty(len(manifest), dtype=int)
    splitter = StratifiedGroupKFold(n_splits=n_splits, shuffle=True, random_state=random_state)
    for fold, (_, test) in enumerate(splitter.split(labels, labels, groups)):
        folds[test] = fold
    return folds


def make_splits(
    manifest: pd.DataFrame, n_splits: int = 5, n_repeats: int = 1, random_state: int = 0
) -> list[Split]:
    """Repeat grouped, stratified folds with other shuffles.

    Parameters
    ----------
    manifest : DataFrame
        One row an image, with `label` and, where known, `lesion` and `patient`.
    n_splits, n_repeats : int
        Folds of a repeat, and repeats.
    random_state : int, default=0
        Seed of the first repeat; each further one adds 1.

    Returns
    -------
    list of Split
        `n_repeats` x `n_splits`, repeat by repeat.

    Raises
    ------
    ValueError
        As `make_folds`, or when `n_repeats` is below 1.
    """
    if n_repeats < 1:
        raise ValueError(f"`n_repeats` must be at least 1, got {n_repeats!r}.")
    return [
        split
        for repeat in range(n_repeats)
        for split in as_splits(make_folds(manifest, n_splits, random_state + repeat), repeat)
    ]


def as_splits(folds: np.ndarray | Sequence[Split], repeat: int = 0) -> list[Split]:
    """Make splits of an array of test folds; splits themselves are passed on.

    Parameters
    ----------
    folds : ndarray of shape (n,), int, or sequence of Split
        Test fold of each row; rows of a negative number are in no test part.
    repeat : int, default=0
        The repeat that the folds belong to.

    Returns
    -------
    list of Split
        One a fold, trained on all rows of other numbers.

    Examples
    --------
    >>> [split.test.tolist() for split in as_splits(np.array([0, 1, 1, 0]))]
    [[0, 3], [1, 2]]
    """
    if not isinstance(folds, np.ndarray):
        return list(folds)
    return [
        Split(repeat, int(fold), np.flatnonzero(folds != fold), np.flatnonzero(folds == fold))
        for fold in np.unique(folds[folds >= 0])
    ]


def _check_counts(manifest: pd.DataFrame, groups: np.ndarray, n_splits: int) -> None:
    if n_splits < 2:
        raise ValueError(f"`n_splits` must be at least 2, got {n_splits!r}.")
    per_class = pd.Series(groups).groupby(manifest["label"].to_numpy()).nunique()
    scarce = per_class[per_class < n_splits].sort_values()
    if len(scarce):
        counts = ", ".join(f"{name!r} has {count}" for name, count in scarce.items())
        raise ValueError(
            f"Each class needs at least as many lesions as folds ({n_splits}), but {counts} "
            "(images of one lesion or patient count once). Ask for fewer folds, or leave the "
            "class out, or merge it with another."
        )
