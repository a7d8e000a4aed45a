"""Splits that leave one source out, and scores of the classes that both sides have.

A model for a clinic that it has never seen is tested on one that it has never seen. Clinics differ
in what they photograph: a class that only one side has cannot be learnt, or not be tested.
"""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.data import group_ids
from pipelines.evaluation.fold_areas import known_mean
from pipelines.evaluation.folds import Split
from pipelines.evaluation.predictions import PREFIX
from pipelines.evaluation.strata import (
    LEAST,
    Floats,
    area,
    enough,
    interval,
    score_models_on,
)
from pipelines.patients.metadata import missing_values

_SCORES = ("macro_auc", "positive_auc")
_COLUMNS = [
    *("model", "source", "classes", "n", "n_positive"),
    *(name + end for name in _SCORES for end in ("", "_low", "_high")),
    "enough",
]


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


def source_table(
    lesions: pd.DataFrame, found: SourceFolds, counts: np.ndarray, positive: str | None = None
) -> pd.DataFrame:
    """Score models on each source that they were not trained on.

    Parameters
    ----------
    lesions : DataFrame
        Predictions per lesion of the splits in `found`, from `aggregate_lesions`.
    found : SourceFolds
        From `source_folds`.
    counts : ndarray of shape (n_lesions, n_draws)
        From `draw_lesions`, in the order in which lesions first appear.
    positive : str, optional
        Class of concern.

    Returns
    -------
    DataFrame
        One row a model and source: `model`, `source`, `classes` that are scored, `n` lesions of
        them, `n_positive` of the class of concern, `macro_auc` and `positive_auc` with ends (NaN
        where fewer than 5 lesions are of the class, or of others), and whether there are `enough`
        of both: 20, of each class that is scored.

    Notes
    -----
    Lesions of classes that are not scored are left out altogether: as negatives they would be
    cases of a kind that the model was never taught.
    """
    one = lesions.drop_duplicates("lesion")
    labels, folds = one["label"].to_numpy(), one["fold"].to_numpy()
    members = {
        fold: (folds == fold) & np.isin(labels, classes)
        for fold, classes in enumerate(found.scored)
    }

    def score(part: pd.DataFrame, weights: np.ndarray) -> dict[tuple, Floats]:
        areas = {}
        for fold, rows in members.items():
            for name in _scorable(labels[rows], found.scored[fold]):
                scores = part[PREFIX + name].to_numpy()[rows]
                areas[fold, name] = area(scores, labels[rows] == name, weights[rows])
        return areas

    table = [
        {"model": model, "source": found.sources[fold]}
        | _row(areas, fold, labels[rows], found.scored[fold], positive)
        for model, areas in score_models_on(score, lesions, counts)
        for fold, rows in members.items()
    ]
    return pd.DataFrame(table, columns=_COLUMNS)


def _scorable(labels: NDArray[np.object_], classes: list[str]) -> list[str]:
    sizes = {name: int((labels == name).sum()) for name in classes}
    return [name for name, size in sizes.items() if LEAST <= size <= len(labels) - LEAST]


def _row(
    areas: dict[tuple, Floats],
    fold: int,
    labels: NDArray[np.object_],
    classes: list[str],
    positive: str | None,
) -> dict[str, Any]:
    names = _scorable(labels, classes)
    row: dict[str, Any] = {
        "classes": ", ".join(names),
        "n": len(labels),
        "n_positive": int((labels == positive).sum()),
        "enough": len(names) > 1
        and all(enough(int((labels == name).sum()), len(labels)) for name in names),
    }
    if names:
        each = np.stack([areas[fold, name] for name in names])
        row |= interval("macro_auc", known_mean(each, axis=0))
    if positive in names:
        row |= interval("positive_auc", areas[fold, positive])
    return row
