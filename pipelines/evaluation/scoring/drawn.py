"""Scores as arrays of 1 + n_draws numbers: on the lesions themselves, then on each draw.

Scores of all models come from the same bootstrap draws, so they can be subtracted.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.evaluation.scoring.bootstrap import DRAWS_AT_ONCE, percentile_interval, resample
from pipelines.evaluation.scoring.metrics import auc

Floats = NDArray[np.float64]
Drawn = dict[str, tuple[float, Floats]]  # by name: on the lesions themselves, and on the draws

# Of these at most: such scores are many, and the ends of an interval of 2,000 draws differ from
# those of 1,000 by a twentieth of its width.
MOST_DRAWS = 1000


def lesion_index(lesions: pd.DataFrame) -> pd.Index:
    """Lesions in order of first appearance: the rows of the counts of `draw_lesions`."""
    return pd.Index(lesions["lesion"].drop_duplicates())


def with_point(counts: np.ndarray) -> np.ndarray:
    """Put up to `MOST_DRAWS` counts behind a first column that takes every lesion once."""
    return np.column_stack([np.ones(len(counts), dtype=counts.dtype), counts[:, :MOST_DRAWS]])


def auc_in_parts(scores: Floats, positive: np.ndarray, weights: np.ndarray) -> Floats:
    """AUC on each column of `weights`, a few hundred of them at a time.

    Parameters
    ----------
    scores : ndarray of shape (n,)
        Higher means more likely positive.
    positive : ndarray of shape (n,), bool
        Whether a row is of the class.
    weights : ndarray of shape (n, 1 + n_draws)
        Rows of `with_point`.

    Returns
    -------
    ndarray of shape (1 + n_draws,)
        In [0, 1]; NaN on draws that lack either kind.
    """
    starts = range(0, weights.shape[1], DRAWS_AT_ONCE)
    parts = [auc(scores, positive, weights[:, at : at + DRAWS_AT_ONCE]) for at in starts]
    return np.concatenate(parts)


def score_and_draws(
    rows: pd.DataFrame,
    score: Callable[[np.ndarray], dict[str, np.ndarray]],
    counts: np.ndarray,
    order: pd.Index,
) -> Drawn:
    """Each score as its value on the rows themselves and on every draw.

    Parameters
    ----------
    rows : DataFrame
        Predictions of one model and repeat.
    score : callable
        Takes weights of shape (n_rows, n) and returns named scores of shape (n,).
    counts, order
        From `pipelines.evaluation.scores.draws_of`.

    Returns
    -------
    dict of str to (float, ndarray of shape (n_draws,))
        By name.
    """
    plain = score(np.ones((len(rows), 1)))
    draws = resample(score, counts, order.get_indexer(pd.Index(rows["lesion"])))
    return {name: (float(plain[name][0]), draws[name]) for name in plain}


def score_models_on(
    score: Callable[[pd.DataFrame, np.ndarray], Mapping[tuple, Floats]],
    lesions: pd.DataFrame,
    counts: np.ndarray,
) -> Iterator[tuple[str, dict[tuple, Floats]]]:
    """Evaluate scores of every model on the lesions and on every draw.

    Parameters
    ----------
    score : callable
        Takes the predictions of one model and repeat, in the order of `lesion_index`, and weights
        of shape (n_lesions, n); returns named scores of shape (n,).
    lesions : DataFrame
        From `aggregate_lesions`.
    counts : ndarray of shape (n_lesions, n_draws)
        From `draw_lesions`, in the order of `lesion_index`.

    Yields
    ------
    model : str
        Its name.
    scores : dict of tuple to ndarray of shape (1 + n_draws,)
        The scores. With several repeats: the mean over them, and the draws of the first one moved
        by as much as that mean differs from it.
    """
    order, weights = lesion_index(lesions), with_point(counts)
    keys = ["model", "repeat"] if "repeat" in lesions else ["model"]
    for model, part in lesions.groupby("model", sort=False):
        runs = [run.set_index("lesion", drop=False).loc[order] for _, run in part.groupby(keys)]
        scores = dict(score(runs[0], weights))
        if len(runs) > 1:
            # 2,000 draws of every repeat would take minutes and tell nearly the same.
            points = [score(run, weights[:, :1]) for run in runs]
            for name, values in scores.items():
                mean = np.mean([point[name][0] for point in points])
                scores[name] = values + (mean - values[0])
        yield str(model), scores


def interval(name: str, values: Floats) -> dict[str, float]:
    """Columns of a score: its value and, behind `_low` and `_high`, the ends of its interval."""
    ends = (float(values[0]), *percentile_interval(values[1:]))
    return dict(zip((name, f"{name}_low", f"{name}_high"), ends, strict=True))


def weighted_mean(values: Sequence[Floats], weights: Sequence[float]) -> Floats:
    """Mean of scores on each draw, of those that are known there.

    Examples
    --------
    >>> weighted_mean([np.array([0.5, 0.5]), np.array([0.8, np.nan])], [2, 1]).round(3).tolist()
    [0.6, 0.5]
    """
    stacked, mass = np.stack(values), np.asarray(weights, dtype=float)
    known = ~np.isnan(stacked)
    with np.errstate(invalid="ignore"):
        return (mass @ np.where(known, stacked, 0)) / (mass @ known)
