"""Scores by skin type, age, sex, site and source, with a verdict only where there are enough."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import norm

from pipelines.evaluation.predictions import PREFIX
from pipelines.evaluation.scoring.drawn import (
    Floats,
    auc_in_parts,
    interval,
    lesion_index,
    score_models_on,
    weighted_mean,
)
from pipelines.evaluation.significance.multiplicity import holm
from pipelines.evaluation.subgroups.strata import (
    ENOUGH,
    LEAST,
    enough,
    lesion_numbers,
    lesion_words,
)

ATTRIBUTES = ("fitzpatrick", "age", "sex", "site", "source")
TYPOLOGY = "typology_angle"
# What stands beside the rows of the typology angle, wherever they are shown.
TYPOLOGY_NOTE = (
    "The typology angle is a colour of the picture: light, camera and white balance go into it as "
    "much as skin does. It is shown inside each source, as a covariate, and is no skin tone."
)
AGES = {"under 30": 0, "30 to 49": 30, "50 to 69": 50, "70 and over": 70}
TOO_FEW = "too few"
# Chance of any false verdict on a model, over all groups.
_LEVEL = 0.05

_SCORES = ("auc", "sensitivity", "specificity")
_COLUMNS = [
    *("model", "attribute", "group", "n", "n_positive"),
    *(name + end for name in (*_SCORES, "auc_gap") for end in ("", "_low", "_high")),
    *("enough", "verdict"),
]

Rows = NDArray[np.bool_]
Groups = dict[str, Rows]


def fairness_table(
    lesions: pd.DataFrame, facts: pd.DataFrame, counts: np.ndarray, positive: str | None
) -> pd.DataFrame:
    """Score the class of concern in each group of patients and lesions.

    Parameters
    ----------
    lesions : DataFrame
        Predictions per lesion, from `aggregate_lesions`.
    facts : DataFrame
        One row an image, with `lesion` and any of `fitzpatrick` (labels, never estimates), `age`,
        `sex`, `site`, `source` and `typology_angle` (the column of `features.SkinTypology`).
    counts : ndarray of shape (n_lesions, n_draws)
        From `draw_lesions`, in the order in which lesions first appear.
    positive : str or None
        Class of concern; None gives no rows.

    Returns
    -------
    DataFrame
        One row a model and group: `model`, `attribute`, `group`, `n`, `n_positive`, `auc`,
        `sensitivity` and `specificity` of the most probable class, `auc_gap`, each with ends,
        `enough` and `verdict`: "lower", "higher", "no difference shown" or "too few".

    Notes
    -----
    `auc_gap` is the AUC of a group minus the mean of the other groups with enough lesions, weighted
    by their cases. A verdict needs 20 lesions of the class and 20 others in the group, another such
    group, and a gap that differs from 0 after Holm's adjustment over all groups of the model
    (normal approximation, from the spread of the draws). A group may be harder without any fault of
    the model: its lesions may be other ones. Lesions whose group is unknown are in none.

    The typology angle is cut into thirds inside each source, and compared inside it: see
    `TYPOLOGY_NOTE`.
    """
    if positive is None:
        return pd.DataFrame(columns=_COLUMNS)
    order = lesion_index(lesions)
    truth = (lesions.drop_duplicates("lesion")["label"] == positive).to_numpy()
    families = _families(facts, order)
    rows = []

    def score(part: pd.DataFrame, weights: np.ndarray) -> dict[tuple, Floats]:
        called = (part["argmax"] == positive).to_numpy()
        scores = part[PREFIX + positive].to_numpy()
        return {
            (*family, group, name): values
            for family, groups in families.items()
            for group, members in groups.items()
            for name, values in _group_scores(
                scores[members], called[members], truth[members], weights[members]
            ).items()
        }

    for model, found in score_models_on(score, lesions, counts):
        table = [
            {"model": model, "attribute": family[0], "group": group}
            | _row(found, family, group, groups, truth)
            for family, groups in families.items()
            for group in groups
        ]
        rows += _with_verdicts(table)
    return pd.DataFrame(rows, columns=_COLUMNS)


def _families(facts: pd.DataFrame, order: pd.Index) -> dict[tuple[str, str], Groups]:
    """List groups that are compared with each other, by attribute and, for the angle, source."""
    found: dict[tuple[str, str], Groups] = {}
    for name in ATTRIBUTES:
        if name in facts:
            banded = name == "age"
            words = (
                _age_bands(lesion_numbers(facts, order, name))
                if banded
                else lesion_words(facts, order, name)
            )
            known = list(AGES) if banded else sorted(words.dropna().unique())
            groups = {word: (words == word).to_numpy() for word in known}
            if sum(rows.any() for rows in groups.values()) > 1:
                found[name, ""] = {word: rows for word, rows in groups.items() if rows.any()}
    if TYPOLOGY in facts:
        found |= _typology(facts, order)
    return found


def _age_bands(ages: pd.Series) -> pd.Series:
    edges = [*AGES.values(), np.inf]
    return pd.cut(ages, edges, right=False, labels=list(AGES)).astype(object)


def _typology(facts: pd.DataFrame, order: pd.Index) -> dict[tuple[str, str], Groups]:
    """Thirds of the angle inside each source that has lesions for three groups."""
    angles = lesion_numbers(facts, order, TYPOLOGY).to_numpy()
    sources = (
        lesion_words(facts, order, "source").to_numpy()
        if "source" in facts
        else np.full(len(order), "all sources", dtype=object)
    )
    found: dict[tuple[str, str], Groups] = {}
    for source in sorted({name for name in sources if name is not None}):
        members = (sources == source) & ~np.isnan(angles)
        if members.sum() < 3 * ENOUGH:
            continue
        cuts = np.quantile(angles[members], [0, 1 / 3, 2 / 3, 1])
        third = np.searchsorted(cuts[1:-1], angles, side="right")
        found[TYPOLOGY, source] = {
            f"{source}: {cuts[i]:.0f} to {cuts[i + 1]:.0f} degrees": members & (third == i)
            for i in range(3)
        }
    return found


def _group_scores(
    scores: Floats, called: Rows, truth: Rows, weights: np.ndarray
) -> dict[str, Floats]:
    """AUC, where it can be had, sensitivity and specificity on each column of `weights`."""
    found = {}
    if min(truth.sum(), (~truth).sum()) >= LEAST:
        found["auc"] = auc_in_parts(scores, truth, weights)
    for name, kind, right in (("sensitivity", truth, called), ("specificity", ~truth, ~called)):
        if kind.any():
            drawn = weights[kind].astype(np.float32)
            with np.errstate(invalid="ignore"):
                found[name] = (right[kind].astype(np.float32) @ drawn) / drawn.sum(axis=0)
    return found


def _row(
    found: Mapping[tuple, Floats],
    family: tuple[str, str],
    group: str,
    groups: Groups,
    truth: Rows,
) -> dict[str, Any]:
    """Give counts and scores of one group, and its gap to the others that have enough."""
    sizes = {name: (int(truth[rows].sum()), int(rows.sum())) for name, rows in groups.items()}
    n_positive, n = sizes[group]
    solid = enough(n_positive, n)
    row: dict[str, Any] = {"n": n, "n_positive": n_positive, "enough": solid, "p_value": np.nan}
    for name in _SCORES:
        if (*family, group, name) in found:
            row |= interval(name, found[*family, group, name])
    others = [name for name, size in sizes.items() if name != group and enough(*size)]
    if solid and others:
        mean = weighted_mean(
            [found[*family, name, "auc"] for name in others], [sizes[name][0] for name in others]
        )
        gap = found[*family, group, "auc"] - mean
        row |= interval("auc_gap", gap)
        spread = np.nanstd(gap[1:])
        row["p_value"] = float(2 * norm.sf(abs(gap[0]) / spread)) if spread > 0 else 1.0
    return row


def _with_verdicts(table: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Say of each group of one model whether its AUC differs from that of the others."""
    adjusted = holm([row["p_value"] for row in table])
    for row, p_value in zip(table, adjusted, strict=True):
        if not row["enough"] or np.isnan(p_value):
            row["verdict"] = TOO_FEW
        elif p_value >= _LEVEL:
            row["verdict"] = "no difference shown"
        else:
            row["verdict"] = "lower" if row["auc_gap"] < 0 else "higher"
    return table
