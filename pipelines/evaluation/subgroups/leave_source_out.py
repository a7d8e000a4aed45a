"""Scores on each source of models that never saw it, of the classes that both sides have."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.evaluation.predictions import PREFIX
from pipelines.evaluation.scoring.drawn import Floats, auc_in_parts, interval, score_models_on
from pipelines.evaluation.scoring.metrics import known_mean
from pipelines.evaluation.subgroups.strata import LEAST, count_of, enough

_SCORES = ("macro_auc", "positive_auc")
_COLUMNS = [
    *("model", "source", "classes", "n", "n_positive"),
    *(name + end for name in _SCORES for end in ("", "_low", "_high")),
    "enough",
]


def source_table(
    lesions: pd.DataFrame,
    folds: Sequence[Mapping[str, Any]],
    counts: np.ndarray,
    positive: str | None = None,
) -> pd.DataFrame:
    """Score models on each source that they were not trained on.

    Parameters
    ----------
    lesions : DataFrame
        Predictions per lesion of the splits of `folds`, from `aggregate_lesions`.
    folds : sequence of dict
        From `describe_sources`.
    counts : ndarray of shape (n_lesions, n_draws)
        From `draw_lesions`, in the order in which lesions first appear.
    positive : str, optional
        Class of concern.

    Returns
    -------
    DataFrame
        One row a model and source: `model`, `source`, `classes` that are scored, `n` lesions of
        them, `n_positive` of the class of concern (NaN without one), `macro_auc` and
        `positive_auc` with ends (NaN where fewer than 5 lesions are of the class, or of others),
        and whether there are `enough` of both: 20, of each class that is scored.

    Notes
    -----
    Lesions of classes that are not scored are left out altogether: as negatives they would be
    cases of a kind that the model was never taught.
    """
    one = lesions.drop_duplicates("lesion")
    labels, fold_of = one["label"].to_numpy(), one["fold"].to_numpy()
    classes = {entry["fold"]: entry["classes"] for entry in folds}
    members = {fold: (fold_of == fold) & np.isin(labels, names) for fold, names in classes.items()}

    def score(part: pd.DataFrame, weights: np.ndarray) -> dict[tuple, Floats]:
        areas = {}
        for fold, rows in members.items():
            for name in _scorable(labels[rows], classes[fold]):
                scores = part[PREFIX + name].to_numpy()[rows]
                areas[fold, name] = auc_in_parts(scores, labels[rows] == name, weights[rows])
        return areas

    table = [
        {"model": model, "source": entry["source"]}
        | _row(areas, entry["fold"], labels[members[entry["fold"]]], entry["classes"], positive)
        for model, areas in score_models_on(score, lesions, counts)
        for entry in folds
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
        "n_positive": count_of(labels, positive),
        "enough": len(names) > 1
        and all(enough(int((labels == name).sum()), len(labels)) for name in names),
    }
    if names:
        each = np.stack([areas[fold, name] for name in names])
        row |= interval("macro_auc", known_mean(each, axis=0))
    if positive in names:
        row |= interval("positive_auc", areas[fold, positive])
    return row
