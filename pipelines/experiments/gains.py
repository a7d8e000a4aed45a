"""Scores of the steps of an ablation, and what each gains over its reference, on shared draws."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fusion.selection import selection_stability
from pipelines.evaluation import aggregate_lesions, draw_lesions, percentile_interval, resample
from pipelines.evaluation.scoring.unit_scores import unit_scores
from pipelines.experiments.ladder import MAJORITY, Step
from pipelines.experiments.saved_steps import Finished
from pipelines.reporting.experiments.ablation_words import BOLTZMANN

_SCORES = ("macro_auc", "balanced_accuracy_prior")

Draws = dict[str, tuple[float, NDArray[np.float64]]]


def score_ladder(
    steps: Sequence[Step],
    finished: Mapping[str, Finished],
    n_columns: int,
    *,
    n_bootstrap: int = 1000,
    random_state: int = 0,
) -> pd.DataFrame:
    """Score each step per lesion, and against its reference.

    Parameters
    ----------
    steps : sequence of Step
        In their order; those that did not finish are left out.
    finished : mapping of str to Finished
        Predictions by name of the step.
    n_columns : int
        Columns that selections choose from.
    n_bootstrap : int, default=1000
        Draws of the lesion bootstrap.
    random_state : int, default=0
        Seed of the draws.

    Returns
    -------
    DataFrame
        See `Ablation.ladder`.
    """
    drawn = _draw_all(finished, [s.name for s in steps], n_bootstrap, random_state)
    alone = [s.name for s in steps if s.reference == MAJORITY and s.name in drawn]
    best = max(alone, key=lambda name: drawn[name]["macro_auc"][0], default=None)
    twins = _boltzmann_by_share(steps)
    rows = [
        _row(step, finished[step.name], drawn, twins, n_columns)
        | {"best_block": best or ""}
        | _with_interval("over_best_block", *_difference(drawn, step.name, best))
        for step in steps
        if step.name in finished
    ]
    return pd.DataFrame(rows)


def score_curve(
    steps: Sequence[Step],
    finished: Mapping[str, Finished],
    whole: str,
    n_columns: int,
    *,
    n_bootstrap: int = 1000,
    random_state: int = 0,
) -> pd.DataFrame:
    """Score each selector at each share of the columns, and at all of them.

    Parameters
    ----------
    steps : sequence of Step
        Of which those with a selector count.
    finished : mapping of str to Finished
        Predictions by name of the step.
    whole : str
        Step that has all columns, whose score every selector ends at.
    n_columns : int
        Columns that selections choose from.
    n_bootstrap : int, default=1000
        Draws of the lesion bootstrap.
    random_state : int, default=0
        Seed of the draws.

    Returns
    -------
    DataFrame
        See `Ablation.curve`; by selector, then by share.
    """
    chosen = [s for s in steps if s.selector is not None and s.name in finished]
    names = [whole, *(s.name for s in chosen)] if whole in finished else []
    drawn = _draw_all(finished, names, n_bootstrap, random_state)
    twins = _boltzmann_by_share(chosen)
    # Of all columns every selector keeps the same.
    twins |= {1.0: whole} if twins else {}
    rows = []
    for selector in dict.fromkeys(s.selector for s in chosen if names):
        own = sorted((s for s in chosen if s.selector == selector), key=lambda s: s.share or 0)
        for step in (*own, Step(whole, whole, None, n_columns, selector, 1.0)):
            row = _row(step, finished[step.name], drawn, twins, n_columns)
            rows.append({"selector": selector, "share": step.share} | row)
    return pd.DataFrame(rows)


def _draw_all(
    finished: Mapping[str, Finished], names: Sequence[str], n_bootstrap: int, random_state: int
) -> dict[str, Draws]:
    """Scores of each step on its lesions and on draws of them that all steps share."""
    drawn: dict[str, Draws] = {}
    counts = None
    for name in dict.fromkeys(n for n in names if n in finished):
        lesions = aggregate_lesions(finished[name].predictions)
        if counts is None:
            counts = draw_lesions(lesions["label"].to_numpy(), n_bootstrap, random_state)

        def scores(weights: NDArray, lesions: pd.DataFrame = lesions) -> dict[str, NDArray]:
            found = unit_scores(lesions, None, weights)
            return {score: found[score] for score in _SCORES}

        plain = scores(np.ones((len(lesions), 1)))
        draws = resample(scores, counts, np.arange(len(lesions)))
        drawn[name] = {score: (float(plain[score][0]), draws[score]) for score in _SCORES}
    return drawn


def _row(
    step: Step,
    done: Finished,
    drawn: Mapping[str, Draws],
    twins: Mapping[float, str],
    n_columns: int,
) -> dict[str, Any]:
    row: dict[str, Any] = {"step": step.name, "reference": step.reference or ""}
    row["selector"] = step.selector or ""
    row["share"] = np.nan if step.share is None else step.share
    row["columns"] = np.nan if done.n_columns is None else done.n_columns
    own = drawn[step.name]
    for score, (value, draws) in own.items():
        row |= _with_interval(score, value, *percentile_interval(draws))
    row |= _with_interval("gain", *_difference(drawn, step.name, step.reference))
    whole = None if step.selector is None else step.reference
    row |= _with_interval("kept", *_ratio(drawn, step.name, whole))
    twin = None if step.share is None else twins.get(step.share)
    row |= _with_interval("over_boltzmann", *_difference(drawn, step.name, twin))
    return row | _stability(step, done, n_columns) | {"seconds": done.seconds}


def _boltzmann_by_share(steps: Sequence[Step]) -> dict[float, str]:
    """Name the steps that the other selectors are compared with at equal share."""
    return {s.share: s.name for s in steps if s.selector == BOLTZMANN and s.share is not None}


def _difference(
    drawn: Mapping[str, Draws], name: str, reference: str | None
) -> tuple[float, float, float]:
    """Macro AUC of a step minus that of another, paired; NaN where there is no other."""
    if reference is None or reference not in drawn:
        return np.nan, np.nan, np.nan
    (value, draws), (other, other_draws) = (drawn[n]["macro_auc"] for n in (name, reference))
    return value - other, *percentile_interval(draws - other_draws)


def _ratio(
    drawn: Mapping[str, Draws], name: str, reference: str | None
) -> tuple[float, float, float]:
    """Macro AUC of a step over that of another, paired; NaN where there is no other."""
    if reference is None or reference not in drawn:
        return np.nan, np.nan, np.nan
    (value, draws), (other, other_draws) = (drawn[n]["macro_auc"] for n in (name, reference))
    return value / other, *percentile_interval(draws / other_draws)


def _stability(step: Step, done: Finished, n_columns: int) -> dict[str, float]:
    # Random choice is seeded alike in every fold: that its columns agree says nothing.
    if not done.supports or step.selector == "random":
        return _with_interval("stability", np.nan, np.nan, np.nan)
    supports = np.zeros((len(done.supports), n_columns), dtype=bool)
    for fold, support in enumerate(done.supports):
        supports[fold, list(support)] = True
    return _with_interval("stability", *selection_stability(supports))


def _with_interval(name: str, value: float, low: float, high: float) -> dict[str, float]:
    return {name: value, f"{name}_low": low, f"{name}_high": high}
