"""Splits that leave one source out.

A model for a clinic that it has never seen is tested on one that it has never seen. Clinics differ
in what they photograph: a class that only one side has cannot be learnt, or not be tested.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from pipelines.data import group_ids
from pipelines.evaluation.design.folds import Split
from pipelines.patients.metadata import missing_values


def source_folds(manifest: pd.DataFrame) -> list[Split]:
    """Test each source by models of all others.

    Parameters
    ----------
    manifest : DataFrame
        One row an image, with `label`, `source` and, where known, `lesion` and `patient`.

    Returns
    -------
    list of Split
        One a source, sorted by its name, of repeat 0 and folds 0, 1, ... Sources that share fewer
        than two classes with the others are not tested.

    Raises
    ------
    ValueError
        If the manifest has no column `source`, or no source can be tested.

    Notes
    -----
    A patient or lesion with images of several sources is tested in each and trained on in none
    that is tested by it. Rows without a source may be of any: they are neither tested nor trained
    on.

    Examples
    --------
    >>> lesions = pd.DataFrame({"image": list("abcdef"), "source": list("xxxyyy")})
    >>> splits = source_folds(lesions.assign(label=["mel", "nv", "bcc", "mel", "nv", "df"]))
    >>> splits[0].test.tolist(), splits[0].train.tolist()
    ([0, 1, 2], [3, 4, 5])
    """
    if "source" not in manifest:
        raise ValueError(
            "To leave a source out, the manifest needs a column 'source'; its columns are "
            f"{list(manifest.columns)}."
        )
    known = ~missing_values(manifest["source"])
    sources = manifest["source"].astype(str).to_numpy()
    labels, groups = manifest["label"].to_numpy(), group_ids(manifest)
    splits: list[Split] = []
    for source in sorted(set(sources[known])):
        tested = known & (sources == source)
        trained = known & ~np.isin(groups, groups[tested])
        if len(set(labels[tested]) & set(labels[trained])) > 1:
            rows = (np.flatnonzero(trained), np.flatnonzero(tested))
            splits.append(Split(0, len(splits), *rows))
    if not splits:
        raise ValueError(
            "No source can be left out: each must share two classes or more with the others, and "
            f"the manifest has the sources {sorted(set(sources[known]))}."
        )
    return splits


def describe_sources(manifest: pd.DataFrame, splits: Sequence[Split]) -> list[dict[str, Any]]:
    """Tell which source each split tests, and what may be scored there.

    Parameters
    ----------
    manifest : DataFrame
        As `source_folds` took it.
    splits : sequence of Split
        All that it gave, or some.

    Returns
    -------
    list of dict
        JSON values, one a split: `fold`, its number; `source`; and `classes`, those that its
        training and its test part both have, sorted.

    Examples
    --------
    >>> lesions = pd.DataFrame({"image": list("abcdef"), "source": list("xxxyyy")})
    >>> lesions["label"] = ["mel", "nv", "bcc", "mel", "nv", "df"]
    >>> describe_sources(lesions, source_folds(lesions))[1]
    {'fold': 1, 'source': 'y', 'classes': ['mel', 'nv']}
    """
    labels, sources = manifest["label"].to_numpy(), manifest["source"].astype(str).to_numpy()
    return [
        {
            "fold": int(split.fold),
            "source": str(sources[split.test[0]]),
            "classes": sorted(set(labels[split.train]) & set(labels[split.test])),
        }
        for split in splits
    ]
