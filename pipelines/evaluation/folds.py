"""Folds that keep every patient and lesion on one side of each split."""

import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedGroupKFold

from pipelines.data import group_ids, validate_manifest


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
