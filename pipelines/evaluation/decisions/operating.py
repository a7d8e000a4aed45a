"""Sensitivity and specificity for the class of concern, at each rule of decision."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fusion.threshold import threshold_at_cost, threshold_at_sensitivity
from pipelines.evaluation.predictions import PREFIX
from pipelines.evaluation.scoring.bootstrap import resample
from pipelines.evaluation.scoring.drawn import (
    interval,
    lesion_index,
    with_point,
)

Floats = NDArray[np.float64]
SCORES = ("sensitivity", "specificity")
COLUMNS = ["model", "rule", *(name + end for name in SCORES for end in ("", "_low", "_high")), "n"]
_FOLD = ["model", "repeat", "fold"]


def operating_table(
    lesions: pd.DataFrame,
    inner: pd.DataFrame,
    counts: np.ndarray,
    positive: str | None,
    sensitivity: float = 0.95,
    cost: float = 20.0,
) -> pd.DataFrame:
    """Sensitivity and specificity that each rule achieves on lesions it was not set on.

    Parameters
    ----------
    lesions : DataFrame
        Predictions per lesion, from `aggregate_lesions`.
    inner : DataFrame
        Predictions of the training images of each fold by models of its inner folds: `model`,
        `repeat`, `fold`, `lesion`, `label` and probability columns. Empty where there are none;
        models that are not in it are scored without thresholds, and repeats that are not in it
        are not scored.
    counts : ndarray of shape (n_lesions, n_draws)
        From `draw_lesions`, in the order in which lesions first appear.
    positive : str or None
        Class of concern; None gives no rows.
    sensitivity : float, default=0.95
        Share of cases to be found on the inner folds, in (0, 1].
    cost : float, default=20
        False alarms that weigh as much as one missed case, > 0.

    Returns
    -------
    DataFrame
        One row a model and rule: `model`, `rule` in words, `sensitivity` and `specificity` with
        `_low` and `_high`, and `n` lesions. Repeats are averaged. Intervals hold the chance in
        which lesions were tested, not that in where thresholds came to lie.
    """
    if positive is None or not 0 < (lesions["label"] == positive).mean() < 1:
        return pd.DataFrame(columns=COLUMNS)
    order, weights = lesion_index(lesions), with_point(counts)
    thresholds = inner_thresholds(inner, positive, sensitivity, cost)
    if len(inner):
        lesions = lesions[lesions["repeat"].isin(inner["repeat"].unique())]
    rows = []
    for model, part in lesions.groupby("model", sort=False):
        for rule, called in _calls(part, thresholds, positive).items():
            drawn = _scores(part, called, positive, order, weights)
            row = {"model": model, "rule": rule}
            for name in SCORES:
                row |= interval(name, drawn[name])
            rows.append(row | {"n": part["lesion"].nunique()})
    return pd.DataFrame(rows, columns=COLUMNS)


def inner_thresholds(
    inner: pd.DataFrame, positive: str, sensitivity: float = 0.95, cost: float = 20.0
) -> pd.DataFrame:
    """Thresholds of every model and fold, set per lesion on its inner folds.

    Parameters
    ----------
    inner : DataFrame
        See `operating_table`.
    positive : str
        Class of concern.
    sensitivity : float, default=0.95
        Share of cases to be found, in (0, 1].
    cost : float, default=20
        False alarms that weigh as much as one missed case, > 0.

    Returns
    -------
    DataFrame
        Indexed by model, repeat and fold, one column a rule: probabilities of the class of
        concern, the mean over the images of a lesion, from which it is called. Folds without a
        case of that class have no row.

    Examples
    --------
    >>> inner = pd.DataFrame(
    ...     {"model": "a", "repeat": 0, "fold": 0, "lesion": list("uvvw"),
    ...      "label": ["mel", "nv", "nv", "mel"], "p_mel": [0.3, 0.2, 0.6, 0.8]}
    ... )
    >>> inner_thresholds(inner, "mel", sensitivity=0.5, cost=2).iloc[0].tolist()
    [0.8, 0.3]
    """
    rules = rule_names(sensitivity, cost)
    if inner.empty:
        return pd.DataFrame(columns=list(rules))
    column = PREFIX + positive
    averaged = inner.groupby([*_FOLD, "lesion"], sort=False).agg(
        label=("label", "first"), score=(column, "mean")
    )
    found = {}
    for fold, part in averaged.groupby(level=_FOLD, sort=False):
        truth = (part["label"] == positive).to_numpy()
        if truth.any():
            scores = part["score"].to_numpy()
            found[fold] = (
                threshold_at_sensitivity(scores, truth, sensitivity),
                threshold_at_cost(scores, truth, cost),
            )
    index = pd.MultiIndex.from_tuples(list(found), names=_FOLD)
    return pd.DataFrame(list(found.values()), index=index, columns=list(rules))


def rule_names(sensitivity: float, cost: float) -> tuple[str, str]:
    """Rules that are set on inner folds, in words.

    Examples
    --------
    >>> rule_names(0.95, 20.0)[1]
    'a missed case costs 20 false alarms, set on inner folds'
    """
    return (
        f"{100 * sensitivity:g} % sensitivity, set on inner folds",
        f"a missed case costs {cost:g} false alarms, set on inner folds",
    )


def _calls(
    part: pd.DataFrame, thresholds: pd.DataFrame, positive: str
) -> dict[str, NDArray[np.bool_]]:
    """Whether each lesion of a model is called, by each rule that it has."""
    calls = {
        "argmax": (part["argmax"] == positive).to_numpy(),
        "prior-corrected": (part["prior_corrected"] == positive).to_numpy(),
    }
    folds = pd.MultiIndex.from_frame(part[_FOLD])
    if len(thresholds) and folds.isin(thresholds.index).all():
        for rule, values in thresholds.items():
            limits = values.reindex(folds).to_numpy()
            calls[str(rule)] = part[PREFIX + positive].to_numpy() >= limits
    return calls


def _scores(
    part: pd.DataFrame,
    called: NDArray[np.bool_],
    positive: str,
    order: pd.Index,
    weights: np.ndarray,
) -> dict[str, Floats]:
    truth = (part["label"] == positive).to_numpy()
    sides = np.stack([truth, ~truth]).astype(float)
    right = sides * (called == truth)

    def score(weights: Floats) -> dict[str, Floats]:
        return dict(zip(SCORES, (right @ weights) / (sides @ weights), strict=True))

    return resample(score, weights, order.get_indexer(pd.Index(part["lesion"])))
