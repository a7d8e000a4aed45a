"""Splits that leave one source out.

A model for a clinic that it has never seen is tested on one that it has never seen. Clinics differ
in what they photograph: a class that only one side has cannot be learnt, or not be tested.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd

from pipelines.data import group_ids
from pipelines.evaluation.design.folds import Split
from pipelines.patients.metadata import missing_values


class SourceFolds(NamedTuple):
    """What `source_folds` returns.

    Attributes
    ----------
    splits : list of Split
        One a source, of repeat 0 and folds 0, 1, ...
    sources : list of str
        The source that each of them tests, sorted.
    scored : list of list of str
        Classes, sorted, that its training and its test part both have: those to be scored.
    """

    splits: list[Split]
    sources: list[str]
    scored: list[list[str]]


def source_folds(manifest: pd.DataFrame) -> SourceFolds:
    """Test each source by models of all others.

    Parameters
    ----------
    manifest : DataFrame
        One row an image, with `label`, `source` and, where known, `lesion` and `patient`.

    Returns
    -------
    SourceFolds
        Sources that share fewer than two classes with the others are not tested.

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
    >>> found = source_folds(lesions.assign(label=["mel", "nv", "bcc", "mel", "nv", "df"]))
    >>> found.sources, found.scored
    (['x', 'y'], [['mel', 'nv'], ['mel', 'nv']])
    >>> found.splits[0].test.tolist(), found.splits[0].train.tolist()
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
    found = SourceFolds([], [], [])
    for source in sorted(set(sources[known])):
        tested = known & (sources == source)
        trained = known & ~np.isin(groups, groups[tested])
        scored = sorted(set(labels[tested]) & set(labels[trained]))
        if len(scored) > 1:
            rows = (np.flatnonzero(trained), np.flatnonzero(tested))
            found.splits.append(Split(0, len(found.splits), *rows))
            found.sources.append(source)
            found.scored.append(scored)
    if not found.splits:
        raise ValueError(
            "No source can be left out: each must share two classes or more with the others, and "
            f"the manifest has the sources {sorted(set(sources[known]))}."
        )
    return found
