"""Splits that keep the rows of one group (lesion, patient) together."""

import warnings
from numbers import Integral

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold
from sklearn.utils import check_random_state
from sklearn.utils.validation import column_or_1d

Indices = NDArray[np.intp]
RandomState = int | np.random.RandomState | None


def check_groups(groups: ArrayLike | None, n_samples: int) -> Indices:
    """Group of each row as integers from 0; a group of its own for every row if None.

    Parameters
    ----------
    groups : array-like of shape (n_samples,) or None
        Group of each row: numbers or strings, none missing.
    n_samples : int
        Number of rows.

    Returns
    -------
    ndarray of shape (n_samples,), int
        Numbered in order of appearance.

    Raises
    ------
    ValueError
        If there is not one group for each row, or one is missing.

    Examples
    --------
    >>> check_groups(["b", "a", "b"], n_samples=3).tolist()
    [0, 1, 0]
    """
    if groups is None:
        return np.arange(n_samples)
    given: NDArray = column_or_1d(groups)
    if len(given) != n_samples:
        raise ValueError(f"Expected one group for each of {n_samples} rows, got {len(given)}.")
    codes, _ = pd.factorize(given)
    if (codes < 0).any():
        raise ValueError(
            f"{(codes < 0).sum()} rows have no group. Give each row that stands alone a group "
            "of its own."
        )
    return codes


def grouped_folds(
    y: ArrayLike,
    groups: ArrayLike | None = None,
    n_splits: int = 5,
    random_state: RandomState = None,
) -> list[tuple[Indices, Indices]]:
    """Shuffled folds which are disjoint in groups and alike in classes.

    Parameters
    ----------
    y : array-like of shape (n_samples,)
        Class labels.
    groups : array-like of shape (n_samples,), default=None
        Group of each row; every row is a group of its own by default.
    n_splits : int, default=5
        Number of folds, at least 2.
    random_state : int, RandomState instance or None, default=None
        Controls the shuffling.

    Returns
    -------
    list of (train, test) pairs of ndarrays of int
        Row positions in rising order. Every class is in every training part.

    Raises
    ------
    ValueError
        If there are fewer groups than folds, or a training part would lack a class.

    Examples
    --------
    >>> y = ["a", "a", "b", "b", "a", "b", "a", "b"]
    >>> lesion = [1, 1, 2, 2, 3, 4, 5, 6]
    >>> for train, test in grouped_folds(y, lesion, n_splits=2, random_state=0):
    ...     print(sorted({lesion[i] for i in test}))
    [2, 3, 5]
    [1, 4, 6]
    """
    labels: NDArray = column_or_1d(y)
    codes = check_groups(groups, len(labels))
    if not isinstance(n_splits, Integral) or n_splits < 2:
        raise ValueError(f"`n_splits` must be an int >= 2, got {n_splits!r}.")
    n_groups = codes.max(initial=-1) + 1
    if n_groups < n_splits:
        raise ValueError(
            f"{n_splits} folds need at least as many groups, got {n_groups} "
            f"(n_samples={len(labels)}). Use fewer folds."
        )
    splitter = StratifiedKFold if groups is None else StratifiedGroupKFold
    folds = splitter(n_splits, shuffle=True, random_state=random_state)
    with warnings.catch_warnings():
        # Rare classes are what the check below is about.
        warnings.filterwarnings("ignore", message="The least populated class")
        splits = list(folds.split(np.zeros(len(labels)), labels, None if groups is None else codes))
    _check_training_parts(labels, codes, splits)
    return splits


def grouped_split(
    y: ArrayLike,
    groups: ArrayLike | None = None,
    validation_fraction: float = 0.15,
    random_state: RandomState = None,
) -> tuple[Indices, Indices]:
    """One split into training and validation rows, disjoint in groups.

    Parameters
    ----------
    y : array-like of shape (n_samples,)
        Class labels.
    groups : array-like of shape (n_samples,), default=None
        Group of each row; every row is a group of its own by default.
    validation_fraction : float, default=0.15
        Share of the rows of each class that are set aside, in (0, 1).
    random_state : int, RandomState instance or None, default=None
        Controls which groups are set aside.

    Returns
    -------
    train, validation : ndarray of int
        Row positions in rising order. Every class stays in the training part; a class of few
        groups may be missing from the validation part.

    Raises
    ------
    ValueError
        If no group can be set aside without the training part losing a class.

    Examples
    --------
    >>> y = ["a"] * 6 + ["b"] * 2
    >>> train, validation = grouped_split(y, [1, 1, 2, 2, 3, 3, 4, 5], 0.3, random_state=0)
    >>> train.tolist(), validation.tolist()
    ([0, 1, 2, 3, 7], [4, 5, 6])
    """
    labels: NDArray = column_or_1d(y)
    codes = check_groups(groups, len(labels))
    if not 0 < validation_fraction < 1:
        raise ValueError(f"`validation_fraction` must be in (0, 1), got {validation_fraction!r}.")
    rng = check_random_state(random_state)
    chosen = _choose_groups(_count_classes(labels, codes), validation_fraction, rng)
    aside = chosen[codes] if len(codes) else np.zeros(0, dtype=bool)
    if not aside.any():
        raise ValueError(
            f"No rows can be set aside for validation: {len(labels)} rows are in {len(chosen)} "
            "group(s), of which the training part must keep every class. Add rows or do without "
            "validation."
        )
    return np.flatnonzero(~aside), np.flatnonzero(aside)


def _count_classes(y: NDArray, codes: Indices) -> NDArray[np.int64]:
    """Rows of each class in each group, shape (n_groups, n_classes)."""
    labels, classes = np.unique(y, return_inverse=True)
    counts = np.zeros((codes.max(initial=-1) + 1, len(labels)), dtype=np.int64)
    np.add.at(counts, (codes, classes), 1)
    return counts


def _choose_groups(
    counts: NDArray[np.int64], fraction: float, rng: np.random.RandomState
) -> NDArray[np.bool_]:
    """Take groups in random order, as long as each brings the classes closer to their share."""
    total = counts.sum(axis=0)
    wanted = fraction * total
    taken = np.zeros_like(total)
    chosen = np.zeros(len(counts), dtype=bool)
    for group in rng.permutation(len(counts)):
        after = taken + counts[group]
        closer = (np.square(after - wanted) / wanted).sum() < (
            np.square(taken - wanted) / wanted
        ).sum()
        if closer and (after < total).all():
            taken = after
            chosen[group] = True
    return chosen


def _check_training_parts(
    y: NDArray, codes: Indices, splits: list[tuple[Indices, Indices]]
) -> None:
    labels = np.unique(y)
    for number, (train, _) in enumerate(splits):
        lacking = np.setdiff1d(labels, y[train])
        if len(lacking):
            n_groups = len(np.unique(codes[y == lacking[0]]))
            raise ValueError(
                f"Class {lacking[0]} is in {n_groups} group(s) only, and none is left in the "
                f"training part of fold {number}. Use fewer folds, another `random_state`, or "
                "merge or drop the class."
            )
