"""The metrics table: every score of every model, per lesion and per image, with intervals."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from joblib import Parallel, delayed

from pipelines.evaluation.predictions import (
    COUNT,
    aggregate_lesions,
    class_names,
    trained_on_others,
)
from pipelines.evaluation.scoring.bootstrap import draw_lesions, percentile_interval
from pipelines.evaluation.scoring.drawn import MOST_DRAWS, Drawn, score_and_draws
from pipelines.evaluation.scoring.fold_areas import fold_areas, mean_of_folds
from pipelines.evaluation.scoring.metrics import known_mean
from pipelines.evaluation.scoring.unit_scores import unit_scores
from pipelines.evaluation.significance.differences import Scored, add_delong, difference_table

UNITS = ("lesion", "image")
# Scores of which the draws are kept: models are weighed by them.
KEPT = ("macro_auc", "balanced_accuracy_prior", "positive_auc", "brier")


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
    draws : dict of str to ndarray of shape (n_models, n_draws)
        Scores of `KEPT` per lesion on at most 1,000 bootstrap draws, which all of them share;
        models in the order of `metrics`. Draws on which one is not defined are left out.
    """

    metrics: pd.DataFrame
    differences: pd.DataFrame
    folds: pd.DataFrame
    draws: Mapping[str, np.ndarray]


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
    folds_alike: bool = True,
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
    folds_alike : bool, default=True
        Whether folds are random parts of the same lesions. Sources are not, so there is no
        corrected t test over them.

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
    kept: dict[str, Drawn] = {}
    primary: dict[str, dict[str, Scored]] = {unit: {} for unit in UNITS}
    parts = [
        (unit, model, part)
        for unit, table in zip(UNITS, (lesions, predictions), strict=True)
        for model, part in _of_each(table, "model")
    ]
    # Threads, for the work is in arrays that are too large to be copied.
    scored = Parallel(n_jobs=-1, require="sharedmem")(
        delayed(_score_model)(part, training, positive, counts, order, unit)
        for unit, _, part in parts
    )
    for (unit, model, part), (found, areas) in zip(parts, scored, strict=True):
        value, draws = found["macro_auc"]
        primary[unit][model] = Scored(value, draws, known_mean(areas, axis=1))
        if unit == "lesion":
            kept[model] = found
        where = {"model": model, "unit": unit}
        size = {"n": len(part) // part["repeat"].nunique()}
        rows.append(where | _row(found) | seconds[model] | size)
        folds.append(_fold_table(where, training, areas, class_names(part), positive))
    ratio = _test_to_train(lesions, training) if folds_alike else None
    differences = difference_table(primary, ratio, comparisons, margin)
    if len(training) == 1 and positive is not None and len(differences):
        differences = add_delong(differences, lesions, positive)
    table = pd.concat(folds, ignore_index=True)
    return Scores(pd.DataFrame(rows), differences, table, _shared_draws(list(kept.values())))


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


def _shared_draws(scored: list[Drawn]) -> dict[str, np.ndarray]:
    """Draws of each score of `KEPT`, a row a model, where all of them are defined."""
    found = {
        name: np.stack([drawn[name][1][:MOST_DRAWS] for drawn in scored])
        for name in KEPT
        if name in scored[0]
    }
    # A score that no draw has, such as that of a class never trained on, must not empty the rest.
    found = {name: drawn for name, drawn in found.items() if np.isfinite(drawn).any(axis=1).all()}
    if not found:
        return {}
    defined = np.isfinite(np.concatenate(list(found.values()))).all(axis=0)
    return {name: drawn[:, defined] for name, drawn in found.items()} if defined.any() else {}


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
    # Fitting and predicting are spent on each fold, extraction once for all; a fold whose seconds
    # are unknown leaves the sum unknown.
    return {
        str(model): {
            "fit_seconds": part["fit_seconds"].sum(skipna=False),
            "predict_seconds": part["predict_seconds"].sum(skipna=False),
            "extract_seconds": part["extract_seconds"].iloc[0],
        }
        for model, part in timings.groupby("model", sort=False)
    }
