"""One number a model: the weighted sum of scaled criteria, and the distance to an ideal."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from pipelines.evaluation.weighing.criteria import DecisionMatrix
from pipelines.evaluation.weighing.scenarios import SCENARIOS, Scenario, criterion_weights

# Equal scores may differ by the order of a sum.
DIGITS = 9


def scale(values: np.ndarray, margins: np.ndarray) -> np.ndarray:
    """Min-max scaling that does not blow up differences which do not count.

    Parameters
    ----------
    values : ndarray of shape (..., n_models, n_criteria)
        More is better.
    margins : ndarray of shape (n_criteria,)
        Smallest differences that count, above 0.

    Returns
    -------
    ndarray of the same shape
        1 for the best model, 0 for the worst; where even these differ by less than the margin,
        the worst has more than 0, and where they are equal all have 1.

    Examples
    --------
    >>> scale(np.array([[0.90, 3.0], [0.895, 1.0], [0.90, 2.0]]), np.array([0.01, 0.1]))
    array([[1. , 1. ],
           [0.5, 0. ],
           [1. , 0.5]])
    """
    best = values.max(axis=-2, keepdims=True)
    span = best - values.min(axis=-2, keepdims=True)
    return 1 - (best - values) / np.maximum(span, margins)


def weighted_sum(scaled: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Weighted sum of criteria.

    Parameters
    ----------
    scaled : ndarray of shape (..., n_models, n_criteria)
        From `scale`.
    weights : ndarray of shape (..., n_criteria)
        At least 0, summing to 1.

    Returns
    -------
    ndarray of shape (..., n_models)
        In [0, 1]; 1 for a model that is the best by every criterion.

    Examples
    --------
    >>> weighted_sum(np.array([[1.0, 0.0], [0.5, 1.0]]), np.array([0.6, 0.4]))
    array([0.6, 0.7])
    """
    return np.einsum("...mc,...c->...m", scaled, weights)


def topsis(scaled: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Compare distances to the best and the worst of all columns (TOPSIS).

    Parameters
    ----------
    scaled : ndarray of shape (n_models, n_criteria)
        From `scale`. The original divides each column by its length; logarithms of times have no
        zero that this could refer to, so columns are min-max scaled, as pymcdm does by default.
    weights : ndarray of shape (n_criteria,)
        At least 0, summing to 1.

    Returns
    -------
    ndarray of shape (n_models,)
        In [0, 1]; all 1 where models do not differ.

    References
    ----------
    Hwang & Yoon (1981), Multiple attribute decision making, Springer, 58-191.

    Examples
    --------
    >>> topsis(np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([0.75, 0.25]))
    array([0.75, 0.25])
    """
    weighted = scaled * weights
    to_best = np.linalg.norm(weighted - weighted.max(axis=0), axis=1)
    to_worst = np.linalg.norm(weighted - weighted.min(axis=0), axis=1)
    alike = to_best + to_worst == 0
    return np.where(alike, 1.0, to_worst / np.where(alike, 1.0, to_best + to_worst))


def weighted_table(
    matrix: DecisionMatrix, scenarios: Sequence[Scenario] = SCENARIOS
) -> pd.DataFrame:
    """Score and rank the models in each scenario.

    Parameters
    ----------
    matrix : DecisionMatrix
        From `decision_matrix`.
    scenarios : sequence of Scenario, default=SCENARIOS
        Weights of reliability, time and error.

    Returns
    -------
    DataFrame
        One row a scenario and model, best first: `scenario`, `model`, `score` (the weighted sum,
        in [0, 1]), `rank` (1 is best; equal scores share it), and `topsis` with `topsis_rank`. No
        rows without criteria.

    Notes
    -----
    What such numbers hide:

    - A score compensates: a fast and careless model can make up in time what it lacks in
      reliability. Look at the Pareto front first.
    - Criteria are scaled by the range of the models at hand. So a score says nothing outside this
      list, and adding or leaving out a model can turn the order of two others (rank reversal).
    - The wider one criterion's range, the less of it the models in the middle lose; a slow model
      added makes all others look equally fast.
    - Criteria that measure much the same, such as several AUCs, count several times within their
      family.
    """
    parts = [_score(matrix, chosen) for chosen in scenarios if matrix.criteria]
    columns = ["scenario", "model", "score", "rank", "topsis", "topsis_rank"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def _score(matrix: DecisionMatrix, chosen: Scenario) -> pd.DataFrame:
    weights = criterion_weights(matrix, chosen)
    scaled = scale(matrix.oriented(), matrix.margins)
    table = pd.DataFrame({"scenario": chosen.name, "model": matrix.values.index})
    for score, rank, how in (("score", "rank", weighted_sum), ("topsis", "topsis_rank", topsis)):
        table[score] = how(scaled, weights)
        places = table[score].round(DIGITS).rank(ascending=False, method="min")
        table[rank] = places.astype(int)
    return table.sort_values("rank", kind="stable")
