"""What matters where: weights of reliability, time and error."""

import math
from typing import NamedTuple

import numpy as np

from pipelines.evaluation.weighing.criteria import FAMILIES, DecisionMatrix


class Scenario(NamedTuple):
    """Where a model is to be used, and what counts there.

    Attributes
    ----------
    name : str
        For people.
    reliability, time, error : float
        Weights of the families of criteria, at least 0; only their ratios matter.
    """

    name: str
    reliability: float
    time: float
    error: float


SCENARIOS = (Scenario("clinic", 0.6, 0.1, 0.3), Scenario("phone", 0.4, 0.4, 0.2))


def scenario(text: str) -> Scenario:
    """Read a scenario as it is written on a command line.

    Parameters
    ----------
    text : str
        ``name=reliability,time,error``, or the name of one of `SCENARIOS`.

    Returns
    -------
    Scenario
        With weights that sum to 1.

    Raises
    ------
    ValueError
        If it cannot be read, or its weights are negative or all 0.

    Examples
    --------
    >>> scenario("screening=2,1,1")
    Scenario(name='screening', reliability=0.5, time=0.25, error=0.25)
    >>> scenario("phone").time
    0.4
    """
    known = {each.name: each for each in SCENARIOS}
    if text.strip() in known:
        return known[text.strip()]
    name, equals, written = text.partition("=")
    weights = _numbers(written)
    if not (name.strip() and equals and len(weights) == len(FAMILIES)):
        raise ValueError(
            f"A scenario is name={','.join(FAMILIES)}, such as clinic=0.6,0.1,0.3, or one of "
            f"{', '.join(known)}; got {text!r}."
        )
    total = sum(weights)
    if not (min(weights) >= 0 and 0 < total < math.inf):
        raise ValueError(f"Weights must be at least 0, and not all of them 0; got {text!r}.")
    return Scenario(name.strip(), *(weight / total for weight in weights))


def criterion_weights(matrix: DecisionMatrix, chosen: Scenario) -> np.ndarray:
    """Spread a scenario's weights over the criteria.

    Parameters
    ----------
    matrix : DecisionMatrix
        From `decision_matrix`.
    chosen : Scenario
        Weights of the families.

    Returns
    -------
    ndarray of shape (n_criteria,)
        Sums to 1. Criteria of a family share its weight equally; a family without any gives its
        own to the others, in proportion.

    Raises
    ------
    ValueError
        If no criterion has a weight.
    """
    families = [criterion.family for criterion in matrix.criteria]
    shares = [getattr(chosen, family) / families.count(family) for family in families]
    total = sum(shares)
    if not total > 0:
        raise ValueError(
            f"Scenario {chosen.name!r} gives weight only to what was not measured; there are "
            f"criteria of: {', '.join(sorted(set(families))) or 'nothing'}."
        )
    return np.array(shares) / total


def _numbers(text: str) -> list[float]:
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        return []
