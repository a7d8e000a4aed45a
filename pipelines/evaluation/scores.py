"""The metrics table: every score of every model, per lesion and per image, with intervals."""

from itertools import combinations
from typing import NamedTuple

import numpy as np
import pandas as pd

from pipelines.evaluation import metrics
from pipelines.evaluation.bootstrap import draw_lesions, percentile_interval, resample
from pipelines.evaluation.predictions import (
    aggregate_lesions,
    class_names,
    encode,
    probabilities,
)

UNITS = ("lesion", "image")


class Scores(NamedTuple):
    """What `score_models` returns.

    Attributes
    ----------
    metrics : DataFrame
        One row a unit and model, lesions first: `model`, `unit`, each score with `_low` and
        `_high`, `fit_seconds`, `predict_seconds`, `extract_seconds` and `n`. Sensitivity,
        specificity and accuracy are those of the most probable class; `balanced_accuracy_prior`
        is that of probabilities divided by the training frequencies. Seconds are sums over folds.
    differences : DataFrame
        One row a unit and pair: `unit`, `model`, `reference`, `metric`, `difference` (model minus
        reference), `difference_low`, `difference_high`.
    """

    metrics: pd.DataFrame
    differences: pd.DataFrame


def score_models(
    predictions: pd.DataFrame,
    timings: pd.DataFrame,
    *,
    positive: str | None = None,
    n_bootstrap: int = 1000,
    random_state: int | None = 0,
) -> Scores:
    """Score out-of-fold predictions and compare the models pairwise.

    Parameters
    ----------
    predictions : DataFrame
        Image-level predictions, see `pipelines.evaluation.predictions`; every model has the same
        rows in the same order.
    timings : DataFrame
        From `out_of_fold`.
    positive : str or None, default=None
        Class of concern; None leaves `positive_auc` out.
    n_bootstrap : int, default=1000
        Draws of the lesion bootstrap. All models and units share them, so differences are paired.
    random_state : int or None, default=0
        Seed of the draws.

    Returns
    -------
    Scores
        Metrics and differences. Intervals hold 95% of the draws.
    """
    lesions = aggregate_lesions(predictions)
    first = _of_each_model(lesions)[predictions["model"].iloc[0]]
    counts = draw_lesions(first["label"].to_numpy(), n_bootstrap, random_state)
    seconds = _seconds(timings)
    rows, differences = [], []
    for unit, table in zip(UNITS, (lesions, predictions), strict=True):
        drawn = {}
        for model, part in _of_each_model(table).items():
            lesion_of_row = pd.Index(first["lesion"]).get_indexer(part["lesion"])
            scored = _score(part, positive, counts, lesion_of_row)
            drawn[model] = scored["macro_auc"]
            n = {"n": len(part)}
            rows.append({"model": model, "unit": unit} | _row(scored) | seconds[model] | n)
        differences += [_difference(unit, pair, drawn) for pair in combinations(drawn, 2)]
    columns = ["unit", "model", "reference", "metric", *_with_interval("difference")]
    return Scores(pd.DataFrame(rows), pd.DataFrame(differences, columns=columns))


def unit_scores(
    table: pd.DataFrame, positive: str | None, weights: np.ndarray
) -> dict[str, np.ndarray]:
    """Every score of one model's predictions under each weighting.

    Parameters
    ----------
    table : DataFrame of n rows
        Predictions of one model, per image or per lesion.
    positive : str or None
        Class of concern.
    weights : ndarray of shape (n, n_draws)
        Weight of each row in each draw.

    Returns
    -------
    dict of str to ndarray of shape (n_draws,)
        Named and ordered as the columns of the metrics table.
    """
    classes = class_names(table)
    truth = encode(table["label"], classes)
    matrices = {
        rule: metrics.confusion(truth, encode(table[rule], classes), len(classes), weights)
        for rule in ("argmax", "prior_corrected")
    }
    plain = matrices["argmax"]
    areas = metrics.one_vs_rest_auc(probabilities(table), truth, weights)
    scores = {
        "macro_auc": areas.mean(axis=0),
        "balanced_accuracy": metrics.balanced_accuracy(plain),
        "balanced_accuracy_prior": metrics.balanced_accuracy(matrices["prior_corrected"]),
        "accuracy": metrics.accuracy(plain),
    }
    if positive is not None:
        scores["positive_auc"] = areas[classes.index(positive)]
    per_class = {
        "sensitivity": metrics.sensitivity(plain),
        "specificity": metrics.specificity(plain),
        "auc": areas,
    }
    for name, values in per_class.items():
        scores |= {f"{name}_{label}": value for label, value in zip(classes, values, strict=True)}
    return scores


def _of_each_model(table: pd.DataFrame) -> dict[str, pd.DataFrame]:
    return {str(model): part for model, part in table.groupby("model", sort=False)}


def _with_interval(name: str) -> list[str]:
    return [name, f"{name}_low", f"{name}_high"]


def _score(
    part: pd.DataFrame, positive: str | None, counts: np.ndarray, lesion_of_row: np.ndarray
) -> dict[str, tuple[float, np.ndarray]]:
    """Each score as its value on the rows themselves and on every draw."""
    plain = unit_scores(part, positive, np.ones((len(part), 1)))
    draws = resample(lambda weights: unit_scores(part, positive, weights), counts, lesion_of_row)
    return {name: (float(plain[name][0]), draws[name]) for name in plain}


def _row(scored: dict[str, tuple[float, np.ndarray]]) -> dict[str, float]:
    row: dict[str, float] = {}
    for name, (value, draws) in scored.items():
        row |= dict(zip(_with_interval(name), (value, *percentile_interval(draws)), strict=True))
    return row


def _difference(
    unit: str, pair: tuple[str, str], drawn: dict[str, tuple[float, np.ndarray]]
) -> tuple:
    (value, draws), (reference, reference_draws) = drawn[pair[0]], drawn[pair[1]]
    low, high = percentile_interval(draws - reference_draws)
    return (unit, *pair, "macro_auc", value - reference, low, high)


def _seconds(timings: pd.DataFrame) -> dict[str, dict[str, float]]:
    # Fitting and predicting are spent on each fold, extraction once for all.
    return {
        str(model): {
            "fit_seconds": part["fit_seconds"].sum(),
            "predict_seconds": part["predict_seconds"].sum(),
            "extract_seconds": part["extract_seconds"].iloc[0],
        }
        for model, part in timings.groupby("model", sort=False)
    }
