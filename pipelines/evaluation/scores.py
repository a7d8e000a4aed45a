"""The metrics table: every score of every model, per lesion and per image, with intervals."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from joblib import Parallel, delayed

from pipelines.evaluation.predictions import (
    COUNT,
    aggregate_lesions,
    class_names,
    encode,
    probabilities,
    trained_on_others,
)
from pipelines.evaluation.scoring import metrics
from pipelines.evaluation.scoring.bootstrap import draw_lesions, percentile_interval, resample
from pipelines.evaluation.scoring.drawn import (
    MOST_DRAWS,
)
from pipelines.evaluation.scoring.fold_areas import fold_areas, known_mean, mean_of_folds
from pipelines.evaluation.scoring.probability_scores import brier, log_loss
from pipelines.evaluation.scoring.ranking import area, cut, partial_area, precision_area
from pipelines.evaluation.significance.differences import Scored, add_delong, difference_table

UNITS = ("lesion", "image")
Drawn = dict[str, tuple[float, np.ndarray]]


class Scores(NamedTuple):
    """What `score_models` returns.

    Attributes
    ----------
    metrics : DataFrame
        One row a unit and model, lesions first: `model`, `unit`, each score with `_low` and
        `_high`, `fit_seconds`, `predict_seconds`, `extract_seconds` and `n`. `macro_auc` is the
        mean over folds and repeats, all other scores are of the pooled predictions of a repeat,
        averaged over repeats. Sensitivity, specificity, accuracy and F1 are those of the most
        probable class; `balanced_accuracy_prior` is that of probabilities divided by the training
        frequencies. Seconds are sums over folds.
    differences : DataFrame
        See `pipelines.evaluation.significance.differences.difference_table`.
    folds : DataFrame
        One row a unit, model, repeat and fold: `macro_auc` and, with a class of concern,
        `positive_auc`.
    """

    metrics: pd.DataFrame
    differences: pd.DataFrame
    folds: pd.DataFrame


def score_models(
    predictions: pd.DataFrame,
    timings: pd.DataFrame,
    *,
    training: pd.DataFrame | None = None,
    positive: str | None = None,
    n_bootstrap: int = 1000,
    random_state: int | None = 0,
    comparisons: Sequence[tuple[str, str]] = (),
    margin: float = 0.01,
) -> Scores:
    """Score out-of-fold predictions and compare the models pairwise.

    Parameters
    ----------
    predictions : DataFrame
        Image-level predictions, see `pipelines.evaluation.predictions`; every model has the same
        rows in the same order.
    timings : DataFrame
        From `out_of_fold`.
    training : DataFrame, optional
        From `out_of_fold`; by default each fold was trained on the rows of the others.
    positive : str or None, default=None
        Class of concern; None leaves its scores out.
    n_bootstrap : int, default=1000
        Draws of the lesion bootstrap. All models and units share them, so differences are paired.
        Of more than 1,000 all serve the macro AUC per lesion, the other scores the first 1,000.
    random_state : int or None, default=0
        Seed of the draws.
    comparisons : sequence of (model, reference), default=()
        Declared in advance, see `difference_table`.
    margin : float, default=0.01
        Smallest difference worth having, of the macro AUC.

    Returns
    -------
    Scores
        Metrics and differences. Intervals hold 95% of the draws.
    """
    training = trained_on_others(predictions) if training is None else training
    lesions = aggregate_lesions(predictions, training)
    order, counts = draws_of(lesions, n_bootstrap, random_state)
    seconds = _seconds(timings)
    rows, folds = [], []
    primary: dict[str, dict[str, Scored]] = {unit: {} for unit in UNITS}
    parts = [
        (unit, model, part)
        for unit, table in zip(UNITS, (lesions, predictions), strict=True)
        for model, part in _of_each(table, "model")
    ]
    # Threads, for the work is in arrays that are too large to be copied.
    scored = Parallel(n_jobs=-1, prefer="threads")(
        delayed(_score_model)(part, training, positive, counts, order, unit)
        for unit, _, part in parts
    )
    for (unit, model, part), (found, areas) in zip(parts, scored, strict=True):
        value, draws = found["macro_auc"]
        primary[unit][model] = Scored(value, draws, known_mean(areas, axis=1))
        where = {"model": model, "unit": unit}
        size = {"n": len(part) // part["repeat"].nunique()}
        rows.append(where | _row(found) | seconds[model] | size)
        folds.append(_fold_table(where, training, areas, class_names(part), positive))
    differences = difference_table(primary, _test_to_train(lesions, training), comparisons, margin)
    if len(training) == 1 and positive is not None and len(differences):
        differences = add_delong(differences, lesions, positive)
    return Scores(pd.DataFrame(rows), differences, pd.concat(folds, ignore_index=True))


def draws_of(
    lesions: pd.DataFrame, n_bootstrap: int, random_state: int | None
) -> tuple[pd.Index, np.ndarray]:
    """Bootstrap draws of the lesions of a table, which all models share.

    Parameters
    ----------
    lesions : DataFrame
        Predictions per lesion.
    n_bootstrap : int
        Number of draws.
    random_state : int or None
        Their seed.

    Returns
    -------
    order : Index of n_lesions
        Lesions in order of first appearance.
    counts : ndarray of shape (n_lesions, n_bootstrap)
        From `draw_lesions`.
    """
    first = lesions.drop_duplicates("lesion")
    counts = draw_lesions(first["label"].to_numpy(), n_bootstrap, random_state)
    return pd.Index(first["lesion"]), counts


def unit_scores(
    table: pd.DataFrame, positive: str | None, weights: np.ndarray
) -> dict[str, np.ndarray]:
    """Every score of one model's pooled predictions under each weighting.

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
        Named and ordered as the columns of the metrics table, with `macro_auc` of the pooled
        predictions.
    """
    classes = class_names(table)
    truth, values = encode(table["label"], classes), probabilities(table)
    matrices = {
        rule: metrics.confusion(truth, encode(table[rule], classes), len(classes), weights)
        for rule in ("argmax", "prior_corrected")
    }
    plain = matrices["argmax"]
    cuts = [cut(values[:, place], truth == place, weights) for place in range(len(classes))]
    areas = np.stack([area(each) for each in cuts])
    scores = {
        "macro_auc": known_mean(areas, axis=0),
        "balanced_accuracy": metrics.balanced_accuracy(plain),
        "balanced_accuracy_prior": metrics.balanced_accuracy(matrices["prior_corrected"]),
        "accuracy": metrics.accuracy(plain),
        "f1": known_mean(metrics.f1(plain), axis=0),
        "average_precision": known_mean(np.stack([precision_area(each) for each in cuts]), axis=0),
        "brier": brier(values, truth, weights),
        "log_loss": log_loss(values, truth, weights),
    }
    if positive is not None:
        scores["positive_auc"] = areas[classes.index(positive)]
        scores["positive_partial_auc"] = partial_area(cuts[classes.index(positive)])
    per_class = {
        "sensitivity": metrics.sensitivity(plain),
        "specificity": metrics.specificity(plain),
        "auc": areas,
    }
    for name, found in per_class.items():
        scores |= {f"{name}_{label}": value for label, value in zip(classes, found, strict=True)}
    return scores


def _score_model(
    part: pd.DataFrame,
    training: pd.DataFrame,
    positive: str | None,
    counts: np.ndarray,
    order: pd.Index,
    unit: str,
) -> tuple[Drawn, np.ndarray]:
    """Scores of a model, averaged over repeats, and its areas by fold and class."""
    found: list[Drawn] = []
    areas = []
    for repeat, rows in _of_each(part, "repeat"):
        splits = training[training["repeat"] == repeat]

        def primary(weights: np.ndarray, rows=rows, splits=splits) -> dict[str, np.ndarray]:
            return {"macro_auc": mean_of_folds(fold_areas(rows, splits, weights))}

        def pooled(weights: np.ndarray, rows=rows) -> dict[str, np.ndarray]:
            scores = unit_scores(rows, positive, weights)
            return {"macro_auc_pooled": scores.pop("macro_auc")} | scores

        # All draws for the primary score, and fewer for the many that stand beside it.
        fewer = counts[:, :MOST_DRAWS]
        first = score_and_draws(rows, primary, counts if unit == "lesion" else fewer, order)
        found.append(first | score_and_draws(rows, pooled, fewer, order))
        areas.append(fold_areas(rows, splits, np.ones((len(rows), 1))))
    averaged = {
        name: (
            float(np.mean([each[name][0] for each in found])),
            np.mean([each[name][1] for each in found], axis=0),
        )
        for name in found[0]
    }
    return averaged, np.concatenate(areas)[..., 0]


def score_and_draws(
    rows: pd.DataFrame,
    score: Callable[[np.ndarray], dict[str, np.ndarray]],
    counts: np.ndarray,
    order: pd.Index,
) -> Drawn:
    """Each score as its value on the rows themselves and on every draw.

    Parameters
    ----------
    rows : DataFrame
        Predictions of one model and repeat.
    score : callable
        Takes weights of shape (n_rows, n) and returns named scores of shape (n,).
    counts, order
        From `draws_of`.

    Returns
    -------
    dict of str to (float, ndarray of shape (n_draws,))
        By name.
    """
    plain = score(np.ones((len(rows), 1)))
    draws = resample(score, counts, order.get_indexer(pd.Index(rows["lesion"])))
    return {name: (float(plain[name][0]), draws[name]) for name in plain}


def _of_each(table: pd.DataFrame, column: str) -> list[tuple]:
    return list(table.groupby(column, sort=False))


def _row(scored: Drawn) -> dict[str, float]:
    row: dict[str, float] = {}
    for name, (value, draws) in scored.items():
        low, high = percentile_interval(draws)
        row |= {name: value, f"{name}_low": low, f"{name}_high": high}
    return row


def _fold_table(
    where: dict[str, str],
    training: pd.DataFrame,
    areas: np.ndarray,
    classes: list[str],
    positive: str | None,
) -> pd.DataFrame:
    table = training[["repeat", "fold"]].assign(**where, macro_auc=known_mean(areas, axis=1))
    if positive is not None:
        table["positive_auc"] = areas[:, classes.index(positive)]
    return table


def _test_to_train(lesions: pd.DataFrame, training: pd.DataFrame) -> float:
    """Test rows for each training row, mean over folds; images stand for lesions in both."""
    one = lesions[lesions["model"] == lesions["model"].iloc[0]]
    tested = one.groupby(["repeat", "fold"])["images"].sum().to_numpy()
    counts = [name for name in training if str(name).startswith(COUNT)]
    return float((tested / training[counts].sum(axis=1).to_numpy()).mean())


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
