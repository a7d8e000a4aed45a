"""All ways of weighing, of one decision matrix."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from pipelines.evaluation.weighing.matrix import decision_matrix
from pipelines.evaluation.weighing.pareto import pareto_table
from pipelines.evaluation.weighing.scenarios import SCENARIOS, Scenario
from pipelines.evaluation.weighing.stability import rank_stability_table
from pipelines.evaluation.weighing.weighted import weighted_table


class Weighing(NamedTuple):
    """What `weigh` returns.

    Attributes
    ----------
    pareto, weighted, rank_stability : DataFrame
        As `pareto_table`, `weighted_table` and `rank_stability_table` give them.
    left_out : dict of str to str
        Criteria that were not weighed, and why.
    """

    pareto: pd.DataFrame
    weighted: pd.DataFrame
    rank_stability: pd.DataFrame
    left_out: Mapping[str, str]


def weigh(
    tables: Mapping[str, pd.DataFrame],
    scenarios: Sequence[Scenario] = SCENARIOS,
    *,
    draws: Mapping[str, np.ndarray] | None = None,
    n_draws: int = 10_000,
    random_state: int | None = 0,
) -> Weighing:
    """Weigh the models of a comparison by reliability, time and error.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        Those that `decision_matrix` reads.
    scenarios : sequence of Scenario, default=SCENARIOS
        For the weighted scores.
    draws : mapping of str to ndarray of shape (n_models, n_bootstrap), optional
        Paired bootstrap draws of criteria, by name, models in the order of the metrics.
    n_draws : int, default=10_000
        Random weights.
    random_state : int or None, default=0
        Seed of these.

    Returns
    -------
    Weighing
        Three tables, and what they leave out.
    """
    matrix = decision_matrix(tables)
    return Weighing(
        pareto=pareto_table(matrix, draws),
        weighted=weighted_table(matrix, scenarios),
        rank_stability=rank_stability_table(
            matrix, n_draws=n_draws, draws=draws, random_state=random_state
        ),
        left_out=matrix.left_out,
    )
