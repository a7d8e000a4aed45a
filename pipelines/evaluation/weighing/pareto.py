"""Models that no other makes superfluous."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from pipelines.evaluation.weighing.criteria import DecisionMatrix

# 0.91 - 0.90 is a little more than 0.01 to a computer.
_ROUNDING = 1e-9


def dominance(
    values: np.ndarray,
    margins: np.ndarray,
    draws: np.ndarray | None = None,
    proven: np.ndarray | None = None,
) -> np.ndarray:
    """Which models make which others superfluous.

    Parameters
    ----------
    values : ndarray of shape (n_models, n_criteria)
        More is better.
    margins : ndarray of shape (n_criteria,)
        Smallest differences that count, above 0.
    draws : ndarray of shape (n_draws, n_models, n_criteria), optional
        The same under paired bootstrap draws. A difference then counts as its lower 95 % limit.
    proven : ndarray of shape (n_criteria,), bool, optional
        Criteria that may speak for a model; the others only against it. By default all.

    Returns
    -------
    ndarray of shape (n_models, n_models), bool
        Row dominates column: it is not worse beyond the margin on any criterion, better beyond
        it on one, and its gains, counted in margins, outweigh its losses.

    Notes
    -----
    The last condition is what keeps margins from going in circles: with differences of two
    margins on one criterion and minus one on two others, each of three models would dominate the
    next, and the front would be empty.

    Examples
    --------
    >>> values = np.array([[0.90, -1.0], [0.895, -5.0], [0.80, -0.1]])
    >>> dominance(values, margins=np.array([0.01, 0.2])).astype(int)
    array([[0, 1, 0],
           [0, 0, 0],
           [0, 0, 0]])
    """
    differences = values[:, None] - values[None]
    surely = differences
    if draws is not None:
        paired = draws[:, :, None] - draws[:, None]
        surely = np.minimum(differences, np.quantile(paired, 0.025, axis=0))
    not_worse = (surely >= -margins - _ROUNDING).all(axis=-1)
    better = surely > margins + _ROUNDING
    if proven is not None:
        better &= proven
    outweighs = (differences / margins).sum(axis=-1) > _ROUNDING
    return not_worse & better.any(axis=-1) & outweighs


def pareto_table(
    matrix: DecisionMatrix, draws: Mapping[str, np.ndarray] | None = None
) -> pd.DataFrame:
    """List the models with their values, and by whom they are dominated.

    Parameters
    ----------
    matrix : DecisionMatrix
        From `decision_matrix`.
    draws : mapping of str to ndarray of shape (n_models, n_draws), optional
        Paired bootstrap draws of criteria, by name. With them a model is only called dominated
        where the intervals of the differences allow it, and scores of lesions that have no draws
        speak against a model but not for it: they may be chance. Times and sizes count as they
        are. Without any, the values themselves decide.

    Returns
    -------
    DataFrame
        One row a model: `model`, a column a criterion, and `dominated_by`, the names of the
        models that dominate it, "" for those on the Pareto front. No rows without criteria.
    """
    if not matrix.criteria:
        return pd.DataFrame(columns=["model", "dominated_by"])
    drawn, proven = None, None
    if draws:
        drawn = matrix.oriented(draws)
        proven = np.array([c.family == "time" or c.name in draws for c in matrix.criteria])
    dominates = dominance(matrix.oriented(), matrix.margins, drawn, proven)
    models = matrix.values.index.to_numpy(dtype=object)
    table = matrix.values.rename_axis("model").reset_index()
    table["dominated_by"] = [", ".join(map(str, models[column])) for column in dominates.T]
    return table
