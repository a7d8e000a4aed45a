"""Rules for how many of the ranked columns are kept."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
CountRule = int | float | str | tuple[str, float]

# Scores closer than this are equal.
ROUNDING = 1e-10
# What a rule's name alone stands for.
_LEVELS = {"cumulative": 0.95, "fdr": 0.05}


def check_count_rule(k: Any) -> None:
    """Raise a ValueError unless `k` says how many columns to keep."""
    level = isinstance(k, tuple) and len(k) == 2 and k[0] in _LEVELS and _is_share(k[1])
    if not (is_number(k) or level or (isinstance(k, str) and k in (*_CUTS, "fdr"))):
        raise ValueError(
            "`k` must be an int >= 1, a float in (0, 1], one of "
            f"{sorted([*_CUTS, 'fdr'])}, or ('cumulative', share) or ('fdr', q) with a level in "
            f"(0, 1], got {k!r}."
        )


def is_number(k: Any) -> bool:
    """Whether `k` is a number or a share of columns, which needs an order and no scores."""
    if isinstance(k, int | np.integer):
        return not isinstance(k, bool) and bool(k >= 1)
    return _is_share(k)


def is_fdr(k: Any) -> bool:
    """Whether `k` is decided by p-values."""
    return _name_and_level(k)[0] == "fdr"


def number_kept(k: int | float, n_columns: int) -> int:
    """Columns that a number or share asks for, whether there are so many or not."""
    if isinstance(k, int | np.integer):
        return int(k)
    # 0.07 * 100 is 7.000000000000001, which must not become 8.
    return int(np.ceil(round(float(k) * n_columns, 9)))


def choose_columns(
    k: CountRule, scores: Floats, eligible: NDArray[np.bool_], q_values: Floats | None = None
) -> NDArray[np.bool_]:
    """Decide which of the ranked columns are kept.

    Parameters
    ----------
    k : int, float, str or (str, float)
        The rule, as `check_count_rule` lets it pass.
    scores : ndarray of shape (n_columns,)
        Scores in the order of the ranking.
    eligible : ndarray of shape (n_columns,), bool
        Columns whose scores count, in the order of the ranking: first all that are.
    q_values : ndarray of shape (n_columns,), default=None
        Benjamini-Hochberg adjusted p-values in the order of the ranking, needed by "fdr".

    Returns
    -------
    ndarray of shape (n_columns,), bool
        Which are kept, in the order of the ranking.
    """
    if is_number(k):
        return np.arange(len(scores)) < number_kept(k, len(scores))  # type: ignore[arg-type]
    name, level = _name_and_level(k)
    if name == "fdr":
        if q_values is None:
            raise ValueError("k='fdr' needs p-values: set it before `fit`.")
        return eligible & (q_values <= level)
    ranked = scores[eligible]
    n_kept = _CUTS[name](ranked, level) if len(ranked) else 0
    return np.arange(len(scores)) < n_kept


def _is_share(k: Any) -> bool:
    return isinstance(k, float | np.floating) and bool(0 < k <= 1)


def _name_and_level(k: Any) -> tuple[str, float]:
    if isinstance(k, tuple):
        return k
    return (k, _LEVELS.get(k, 1.0)) if isinstance(k, str) else ("", 1.0)


def _above_mean(scores: Floats, level: float) -> int:
    return int((scores >= scores.mean() - ROUNDING).sum())


def _above_median(scores: Floats, level: float) -> int:
    return int((scores >= np.median(scores) - ROUNDING).sum())


def _cumulative(scores: Floats, level: float) -> int:
    """Fewest columns whose scores reach a share of the sum of all."""
    reached = np.cumsum(np.clip(scores, 0, None))
    if reached[-1] <= 0:
        return 0
    return int(np.searchsorted(reached, level * reached[-1] * (1 - ROUNDING))) + 1


def _knee(scores: Floats, level: float) -> int:
    """Columns before the point of the falling curve that is farthest from its chord."""
    spread = scores[0] - scores[-1]
    if spread <= ROUNDING:
        return len(scores)
    height = (scores - scores[-1]) / spread - np.linspace(1, 0, len(scores))
    farthest = int(np.abs(np.round(height, 9)).argmax())
    # Above the chord it is the last of the good ones, below it the first of the others. A straight
    # line has no bend: of unequal scores the best stays.
    return farthest + 1 if height[farthest] > 0 else max(farthest, 1)


_CUTS: dict[str, Callable[[Floats, float], int]] = {
    "cumulative": _cumulative,
    "knee": _knee,
    "mean": _above_mean,
    "median": _above_median,
}
