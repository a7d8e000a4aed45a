"""Paired differences of models: intervals, corrected tests, and what they say."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.evaluation.predictions import PREFIX
from pipelines.evaluation.scoring.bootstrap import percentile_interval
from pipelines.evaluation.significance.delong import delong_test
from pipelines.evaluation.significance.equivalence import verdict
from pipelines.evaluation.significance.multiplicity import holm
from pipelines.evaluation.significance.nadeau_bengio import corrected_t_test

Floats = NDArray[np.float64]
COLUMNS = (
    *("unit", "model", "reference", "metric", "difference", "difference_low", "difference_high"),
    *("corrected_low", "corrected_high", "p_value", "p_holm", "declared"),
    *("verdict", "verdict_low", "verdict_high", "p_delong", "p_delong_holm"),
)


class Scored(NamedTuple):
    """A model's primary score.

    Attributes
    ----------
    value : float
        On the rows themselves.
    draws : ndarray of shape (n_draws,)
        On every bootstrap draw, the same for all models.
    folds : ndarray of shape (n_folds,)
        In each fold.
    """

    value: float
    draws: Floats
    folds: Floats


def difference_table(
    scored: Mapping[str, Mapping[str, Scored]],
    test_to_train: float | None,
    comparisons: Sequence[tuple[str, str]] = (),
    margin: float = 0.01,
) -> pd.DataFrame:
    """Difference of every pair of models.

    Parameters
    ----------
    scored : mapping of unit to mapping of model to Scored
        The macro AUC of each.
    test_to_train : float or None
        Test rows for each training row of a fold; None where folds are not random parts of the
        same lesions, so that a test over them means nothing.
    comparisons : sequence of (model, reference)
        Declared before the models were run: the family that p-values are adjusted for. These
        pairs stand in this direction, the others in the order of the models.
    margin : float, default=0.01
        Smallest difference worth having.

    Returns
    -------
    DataFrame
        One row a unit and pair. `difference` is model minus reference, with the interval of the
        paired bootstrap; `corrected_low`, `corrected_high` and `p_value` are of the corrected t
        test over folds, NaN where there is none or one fold; `p_holm` is adjusted over the
        declared comparisons per lesion, NaN for others. `verdict` is that of `verdict_low` to
        `verdict_high`, which hold both intervals. `p_delong` and `p_delong_holm` are NaN, see
        `add_delong`.
    """
    rows = []
    for unit, models in scored.items():
        for model, reference in ordered_pairs(list(models), comparisons):
            declared = unit == "lesion" and (model, reference) in comparisons
            found = _compare(models[model], models[reference], test_to_train, margin)
            row = {"unit": unit, "model": model, "reference": reference, "metric": "macro_auc"}
            rows.append(row | found | {"declared": declared})
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    if len(table):
        table["p_holm"] = _adjusted(table, "p_value")
        table[["p_delong", "p_delong_holm"]] = np.nan
    return table


def ordered_pairs(
    models: Sequence[str], comparisons: Sequence[tuple[str, str]] = ()
) -> list[tuple[str, str]]:
    """Every pair of models once, the declared ones in their direction.

    Examples
    --------
    >>> ordered_pairs(["a", "b", "c"], [("c", "a")])
    [('a', 'b'), ('c', 'a'), ('b', 'c')]
    """
    declared = set(comparisons)
    return [pair if pair[::-1] not in declared else pair[::-1] for pair in combinations(models, 2)]


def add_delong(differences: pd.DataFrame, lesions: pd.DataFrame, positive: str) -> pd.DataFrame:
    """Add DeLong's p-value of the AUC of the class of concern, on one fixed test set.

    Parameters
    ----------
    differences : DataFrame
        From `difference_table`.
    lesions : DataFrame
        Predictions per lesion, each model fitted once.
    positive : str
        Class of concern.

    Returns
    -------
    DataFrame
        The same rows with `p_delong`, per lesion, and `p_delong_holm`, adjusted over the declared
        comparisons, NaN for others. Both are NaN where a side has fewer than 2 lesions.
    """
    scores = {
        str(model): part.set_index("lesion")[PREFIX + positive]
        for model, part in lesions.groupby("model", sort=False)
    }
    first = next(iter(scores))
    labels = lesions[lesions["model"] == first].set_index("lesion")["label"] == positive
    scores = {model: of_model.loc[labels.index] for model, of_model in scores.items()}
    if not 2 <= labels.sum() <= len(labels) - 2:
        return differences
    p_values = [
        delong_test(scores[model], scores[reference], labels).p_value
        if unit == "lesion"
        else np.nan
        for unit, model, reference in differences[["unit", "model", "reference"]].to_numpy()
    ]
    found = differences.assign(p_delong=p_values)
    return found.assign(p_delong_holm=_adjusted(found, "p_delong"))


def _adjusted(table: pd.DataFrame, column: str) -> Floats:
    """Holm's adjustment over the declared comparisons; NaN for the others."""
    return holm(table[column].where(table["declared"].astype(bool)).to_numpy(float))


def _compare(model: Scored, reference: Scored, test_to_train: float | None, margin: float) -> dict:
    low, high = percentile_interval(model.draws - reference.draws)
    row = {
        "difference": model.value - reference.value,
        "difference_low": low,
        "difference_high": high,
    }
    folds = model.folds - reference.folds
    folds = folds[np.isfinite(folds)]
    corrected = (np.nan, np.nan, np.nan)
    if len(folds) > 1 and test_to_train is not None:
        test = corrected_t_test(folds, test_to_train)
        # Of few folds the interval of a t test may be wider than areas can differ.
        corrected = (max(test.low, -1.0), min(test.high, 1.0), test.p_value)
    row |= dict(zip(("corrected_low", "corrected_high", "p_value"), corrected, strict=True))
    # These ignore NaN: an interval that there is not.
    widest = float(np.fmin(low, corrected[0])), float(np.fmax(high, corrected[1]))
    ends = dict(zip(("verdict_low", "verdict_high"), widest, strict=True))
    return row | ends | {"verdict": verdict(*widest, margin)}
