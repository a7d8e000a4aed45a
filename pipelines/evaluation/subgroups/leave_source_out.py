"""Scores on each source of models that never saw it, of the classes that both sides have."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.evaluation.design.sources import SourceFolds
from pipelines.evaluation.predictions import PREFIX
from pipelines.evaluation.scoring.drawn import (
    Floats,
    area,
    interval,
    score_models_on,
)
from pipelines.evaluation.scoring.fold_areas import known_mean
from pipelines.evaluation.subgroups.strata import (
    LEAST,
    enough,
)

_SCORES = ("macro_auc", "positive_auc")
_COLUMNS = [
    *("model", "source", "classes", "n", "n_positive"),
    *(name + end for name in _SCORES for end in ("", "_low", "_high")),
    "enough",
]


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
