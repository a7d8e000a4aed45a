"""How much of a ranking is the weights, and how much is chance in the scores."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from sklearn.utils import check_random_state

from pipelines.evaluation.weighing.criteria import DecisionMatrix
from pipelines.evaluation.weighing.weighted import DIGITS, scale, weighted_sum


def rank_acceptability(scores: np.ndarray) -> np.ndarray:
    """Share of draws in which each model has each rank.

    Parameters
    ----------
    scores : ndarray of shape (n_draws, n_models)
        More is better.

    Returns
    -------
    ndarray of shape (n_models, n_models)
        Row: model; column: rank, best first. Rows and columns sum to 1: models with equal scores
        share the ranks that they cover.

    References
    ----------
    Lahdelma & Salminen (2001), Operations Research 49, 444-454 (SMAA-2).

    Examples
    --------
    >>> rank_acceptability(np.array([[3.0, 2.0, 1.0], [1.0, 1.0, 5.0]]))
    array([[0.5 , 0.25, 0.25],
           [0.  , 0.75, 0.25],
           [0.5 , 0.  , 0.5 ]])
    """
    rounded = np.round(scores, DIGITS)
    n_draws, n_models = rounded.shape
    above = (rounded[:, None, :] > rounded[:, :, None]).sum(axis=2)
    equal = (rounded[:, None, :] == rounded[:, :, None]).sum(axis=2)
    shares = np.zeros((n_models, n_models))
    for rank in range(n_models):
        covered = (above <= rank) & (rank < above + equal)
        shares[:, rank] = (covered / equal).sum(axis=0) / n_draws
    return shares


def rank_stability_table(
    matrix: DecisionMatrix,
    *,
    n_draws: int = 10_000,
    draws: Mapping[str, np.ndarray] | None = None,
    random_state: int | None = 0,
) -> pd.DataFrame:
    """Rank the models under random weights.

    Parameters
    ----------
    matrix : DecisionMatrix
        From `decision_matrix`.
    n_draws : int, default=10_000
        Weights drawn, each set of them uniform over all that sum to 1 (Dirichlet of ones).
    draws : mapping of str to ndarray of shape (n_models, n_bootstrap), optional
        Paired bootstrap draws of criteria, by name; each set of weights then meets one of them,
        so that ranks also show the chance in the scores.
    random_state : int or None, default=0
        Seed.

    Returns
    -------
    DataFrame
        One row a model and rank: `model`, `rank` (1 is best) and `share` of the draws. No rows
        without criteria.

    Notes
    -----
    All criteria are drawn alike, whatever their family, so a family of many criteria weighs more
    here than in a scenario. What `weighted_table` says of ranges and compensation holds too.
    """
    columns = ["model", "rank", "share"]
    if not matrix.criteria:
        return pd.DataFrame(columns=columns)
    rng = check_random_state(random_state)
    weights = rng.dirichlet(np.ones(len(matrix.criteria)), size=n_draws)
    values = matrix.oriented(draws)
    if draws:
        values = values[rng.randint(len(values), size=n_draws)]
    shares = rank_acceptability(weighted_sum(scale(values, matrix.margins), weights))
    models = matrix.values.index
    return pd.DataFrame(
        {
            "model": np.repeat(models.to_numpy(), len(models)),
            "rank": np.tile(np.arange(1, len(models) + 1), len(models)),
            "share": shares.ravel(),
        },
        columns=columns,
    )
