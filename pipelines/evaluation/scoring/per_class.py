"""Scores of each class by itself."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.evaluation.predictions import class_names, encode, probabilities
from pipelines.evaluation.scoring import metrics
from pipelines.evaluation.scoring.bootstrap import resample
from pipelines.evaluation.scoring.drawn import interval, lesion_index, score_models_on
from pipelines.evaluation.scoring.ranking import area, cut, precision_area

Floats = NDArray[np.float64]
SCORES = ("auc", "average_precision", "sensitivity", "specificity", "f1")
COLUMNS = [
    *("model", "unit", "class"),
    *(name + end for name in SCORES for end in ("", "_low", "_high")),
    "n_positive",
]


def per_class_table(
    lesions: pd.DataFrame, counts: np.ndarray, images: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Score every model on each class against all others.

    Parameters
    ----------
    lesions : DataFrame
        Predictions per lesion, from `aggregate_lesions`.
    counts : ndarray of shape (n_lesions, n_draws)
        From `draw_lesions`, in the order in which lesions first appear.
    images : DataFrame, optional
        The same predictions per image, to be scored too; images come with their lesion.

    Returns
    -------
    DataFrame
        One row a unit ("lesion", "image"), model and class: `model`, `unit`, `class`, `auc`,
        `average_precision`, and `sensitivity`, `specificity` and `f1` of the most probable class,
        each with `_low` and `_high`, and `n_positive`. Scores are of predictions pooled over
        folds, averaged over repeats.
    """
    rows = _rows("lesion", lesions, counts)
    if images is not None:
        # Every image stands for itself, with the weight of its lesion.
        first = images.drop_duplicates("row")
        weights = counts[lesion_index(lesions).get_indexer(pd.Index(first["lesion"]))]
        rows += _rows("image", images.assign(lesion=images["row"]), weights)
    return pd.DataFrame(rows, columns=COLUMNS)


def _rows(unit: str, table: pd.DataFrame, counts: np.ndarray) -> list[dict]:
    sizes = table.drop_duplicates("lesion")["label"].value_counts()
    return [
        {"model": model, "unit": unit, "class": name}
        | {key: end for score in SCORES for key, end in interval(score, drawn[score, name]).items()}
        | {"n_positive": int(sizes.get(name, 0))}
        for model, drawn in score_models_on(_scores, table, counts)
        for name in class_names(table)
    ]


def _scores(part: pd.DataFrame, weights: np.ndarray) -> dict[tuple, Floats]:
    classes = class_names(part)
    truth, values = encode(part["label"], classes), probabilities(part)
    called = encode(part["argmax"], classes)

    def score(weights: Floats) -> dict[tuple, Floats]:
        matrix = metrics.confusion(truth, called, len(classes), weights)
        cuts = [cut(values[:, place], truth == place, weights) for place in range(len(classes))]
        found: dict[str, Sequence[Floats] | Floats] = {
            "auc": [area(each) for each in cuts],
            "average_precision": [precision_area(each) for each in cuts],
            "sensitivity": metrics.sensitivity(matrix),
            "specificity": metrics.specificity(matrix),
            "f1": metrics.f1(matrix),
        }
        return {
            (score, name): drawn[place]
            for score, drawn in found.items()
            for place, name in enumerate(classes)
        }

    return resample(score, weights, np.arange(len(part)))
