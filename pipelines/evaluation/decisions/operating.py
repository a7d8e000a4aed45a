"""Sensitivity and specificity for the class of concern, at each rule of decision."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fusion.threshold import threshold_at_cost, threshold_at_sensitivity
from pipelines.evaluation.decisions.biopsies import biopsies_per_case
from pipelines.evaluation.predictions import PREFIX
from pipelines.evaluation.scoring.bootstrap import resample
from pipelines.evaluation.scoring.drawn import interval, lesion_index, with_point

Floats = NDArray[np.float64]
SCORES = ("sensitivity", "specificity", "biopsies_per_case")
COLUMNS = ["model", "rule", *(name + end for name in SCORES for end in ("", "_low", "_high")), "n"]
_FOLD = ["model", "repeat", "fold"]
# Of one model and rule: its rows, and which lesions of them are called.
Calls = tuple[pd.DataFrame, NDArray[np.bool_]]


def operating_table(
    lesions: pd.DataFrame,
    inner: pd.DataFrame,
    counts: np.ndarray,
    positive: str | None,
    sensitivity: float = 0.95,
    cost: float = 20.0,
    prevalence: float = 0.05,
) -> pd.DataFrame:
    """Sensitivity and specificity that each rule achieves on lesions it was not set on.

    Parameters
    ----------
    lesions : DataFrame
        Predictions per lesion, from `aggregate_lesions`.
    inner : DataFrame
        Predictions of the training images of each fold by models of its inner folds: `model`,
        `repeat`, `fold`, `lesion`, `label` and probability columns. Empty where there are none;
        models that are not in it are scored without thresholds.
    counts : ndarray of shape (n_lesions, n_draws)
        From `draw_lesions`, in the order in which lesions first appear.
    positive : str or None
        Class of concern; None gives no rows.
    sensitivity : float, default=0.95
        Share of cases to be found on the inner folds, in (0, 1].
    cost : float, default=20
        False alarms that weigh as much as one missed case, > 0.
    prevalence : float, default=0.05
        Share of the class of concern among the lesions that will be seen, in (0, 1).

    Returns
    -------
    DataFrame
        One row a model and rule: `model`, `rule` in words, `sensitivity`, `specificity` and, for
        each case found at the prevalence, `biopsies_per_case`, with `_low` and `_high`; and `n`
        lesions. Repeats are averaged: all of them under rules that need no inner folds, those
        with thresholds in every fold under the others. Intervals hold the chance in which lesions
        were tested, not that in where thresholds came to lie.

    Raises
    ------
    ValueError
        If the prevalence is not in (0, 1).
    """
    if not 0 < prevalence < 1:
        raise ValueError(f"`prevalence` must be in (0, 1), got {prevalence!r}.")
    if positive is None or not 0 < (lesions["label"] == positive).mean() < 1:
        return pd.DataFrame(columns=COLUMNS)
    order, weights = lesion_index(lesions), with_point(counts)
    thresholds = inner_thresholds(inner, positive, sensitivity, cost)
    rows = []
    for model, part in lesions.groupby("model", sort=False):
        calls = _calls(part, thresholds, positive)
        for rule, (hits, spared) in _rates(calls, positive, order, weights).items():
            each = biopsies_per_case(hits, spared, prevalence)
            row = {"model": model, "rule": rule}
            for name, values in zip(SCORES, (hits, spared, each), strict=True):
                row |= interval(name, values)
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


def _calls(part: pd.DataFrame, thresholds: pd.DataFrame, positive: str) -> dict[str, Calls]:
    """Which lesions of a model are called, by each rule that it has."""
    calls = {
        "argmax": (part, (part["argmax"] == positive).to_numpy()),
        "prior-corrected": (part, (part["prior_corrected"] == positive).to_numpy()),
    }
    if thresholds.empty:
        return calls
    folds = pd.MultiIndex.from_frame(part[_FOLD])
    # A repeat that lacks the threshold of a fold cannot call all of its lesions.
    known = pd.Series(folds.isin(thresholds.index)).groupby(part["repeat"].to_numpy())
    complete = known.transform("all").to_numpy()
    judged = part[complete]
    for rule, values in thresholds.items():
        if len(judged):
            limits = values.reindex(folds[complete]).to_numpy()
            calls[str(rule)] = (judged, judged[PREFIX + positive].to_numpy() >= limits)
    return calls


def _rates(
    calls: dict[str, Calls], positive: str, order: pd.Index, weights: np.ndarray
) -> dict[str, tuple[Floats, Floats]]:
    """Sensitivity and specificity of each rule, on each column of `weights`."""
    sides = np.stack([_by_lesion(*call, positive, order) for call in calls.values()])

    def score(weights: Floats) -> dict[tuple[str, str], Floats]:
        cases, found, others, spared = (sides @ weights).swapaxes(0, 1)
        rates = {"sensitivity": found / cases, "specificity": spared / others}
        return {
            (rule, name): values[place]
            for place, rule in enumerate(calls)
            for name, values in rates.items()
        }

    drawn = resample(score, weights, np.arange(len(order)))
    return {rule: (drawn[rule, "sensitivity"], drawn[rule, "specificity"]) for rule in calls}


def _by_lesion(
    part: pd.DataFrame, called: NDArray[np.bool_], positive: str, order: pd.Index
) -> Floats:
    """Count cases, those found, others and those spared: draws weigh lesions, not repeats."""
    truth = (part["label"] == positive).to_numpy()
    places = order.get_indexer(pd.Index(part["lesion"]))
    sides = (truth, truth & called, ~truth, ~truth & ~called)
    return np.stack([np.bincount(places[rows], minlength=len(order)) for rows in sides]).astype(
        float
    )
