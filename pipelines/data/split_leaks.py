"""Lesions and patients on several sides of a publisher's split."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipelines.data.manifest import group_ids, has_groups

__all__ = ["SplitLeak", "split_leak"]


@dataclass(frozen=True)
class SplitLeak:
    """What a split tears apart.

    Parameters
    ----------
    n_groups : int
        Groups (lesions, patients, or what they are joined to) with images in several parts.
    shared : dict of str to int
        Images of each other part whose group has images in the training part too.
    """

    n_groups: int
    shared: dict[str, int]


def split_leak(manifest: pd.DataFrame, train: str = "train") -> SplitLeak | None:
    """Count what a manifest's `split` tears apart.

    Parameters
    ----------
    manifest : DataFrame of n rows
        With a column `split`, and `lesion`, `patient` or `group`.
    train : str, default="train"
        The part that is learnt from.

    Returns
    -------
    SplitLeak or None
        None where no group is torn apart, or nothing says which images belong together.

    Examples
    --------
    >>> split_leak(
    ...     pd.DataFrame(
    ...         {"lesion": ["a", "a", "b", "b"], "split": ["train", "test", "val", "test"]}
    ...     )
    ... )
    SplitLeak(n_groups=2, shared={'test': 1, 'val': 0})
    """
    if "split" not in manifest.columns or not has_groups(manifest):
        return None
    placed = manifest[manifest["split"].notna()]
    group = group_ids(placed)
    split = placed["split"].to_numpy()
    n_parts = placed.groupby(group)["split"].nunique()
    n_groups = int((n_parts > 1).sum())
    if not n_groups:
        return None
    learnt = np.isin(group, group[split == train])
    others = [part for part in pd.unique(split) if part != train]
    return SplitLeak(n_groups, {part: int((learnt & (split == part)).sum()) for part in others})
