"""Selectors by name, as experiments and the command line list them.

Of the usual comparators Boruta is left out. It answers another question, which columns are
relevant at all, by a verdict on each and without a score, so that it has no place in comparisons at
equal `k`; it fits a forest on twice the columns up to a hundred times; and the importances that it
would look at are those of trees, which `xgboost_gain` has here.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from fusion.selection.base import RankingSelector
from fusion.selection.boltzmann_selector import BoltzmannSelector
from fusion.selection.counts import CountRule
from fusion.selection.score_selector import SCORES, ScoreSelector

SELECTORS: dict[str, Callable[..., RankingSelector]] = {
    "boltzmann": BoltzmannSelector,
    "boltzmann_entropy": partial(BoltzmannSelector, criterion="entropy"),
    "boltzmann_fcbf": partial(BoltzmannSelector, redundancy="fcbf"),
    "boltzmann_gain": partial(BoltzmannSelector, criterion="gain"),
    "boltzmann_mrmr": partial(BoltzmannSelector, redundancy="mrmr"),
    **{name: partial(ScoreSelector, name) for name in sorted(SCORES)},
}

# Scores that go by variance belong before any scaling, which would decide their order.
SCALE_DEPENDENT = frozenset({"khan2018", "variance"})


def make_selector(name: str, k: CountRule = 0.1, **parameters: Any) -> RankingSelector:
    """Make the selector of a name.

    Parameters
    ----------
    name : str
        One of `SELECTORS`.
    k : int, float, str or (str, float), default=0.1
        How many columns to keep, see `BoltzmannSelector`.
    **parameters
        More parameters of the selector.

    Returns
    -------
    RankingSelector
        Not fitted.

    Raises
    ------
    ValueError
        If there is no such name.

    Examples
    --------
    >>> make_selector("mutual_information", k=20, random_state=0)
    ScoreSelector(k=20, random_state=0, score_func='mutual_information')
    """
    if name not in SELECTORS:
        raise ValueError(f"`name` must be one of {sorted(SELECTORS)}, got {name!r}.")
    return SELECTORS[name](k=k, **parameters)
