"""Decision curves: what acting on a model is worth, over the thresholds at which one would act."""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.evaluation.predictions import PREFIX
from pipelines.evaluation.scoring.bootstrap import resample
from pipelines.evaluation.scoring.drawn import interval, lesion_index, with_point

Floats = NDArray[np.float64]
COLUMNS = ["model", "threshold", "net_benefit", "net_benefit_low", "net_benefit_high"]
# One would rather not biopsy below 1 %, and hardly wait above 50 %.
THRESHOLDS = tuple(np.arange(1, 51) / 100)


def decision_curve_table(
    lesions: pd.DataFrame,
    counts: np.ndarray,
    positive: str | None,
    thresholds: Sequence[float] = THRESHOLDS,
    prevalence: float | None = None,
) -> pd.DataFrame:
    """Net benefit of biopsying what a model finds probable enough.

    Parameters
    ----------
    lesions : DataFrame
        Predictions per lesion, from `aggregate_lesions`.
    counts : ndarray of shape (n_lesions, n_draws)
        From `draw_lesions`, in the order in which lesions first appear.
    positive : str or None
        Class of concern; None gives no rows.
    thresholds : sequence of float
        Probabilities from which one would act, in (0, 1); 0.01 to 0.50 by default.
    prevalence : float, optional
        Share of the class of concern where the model will be used, in (0, 1): probabilities are
        moved to it. By default its share in these lesions.

    Returns
    -------
    DataFrame
        One row a model and threshold: `model`, `threshold`, and `net_benefit` with `_low` and
        `_high`, in cases found for each lesion, less the false alarms that weigh as much; repeats
        are averaged. The last models are "treat all" and "treat none".

    Raises
    ------
    ValueError
        If a threshold or the prevalence is not in (0, 1).

    References
    ----------
    Vickers & Elkin (2006), Med. Decis. Making 26, 565-574.
    """
    if positive is None or not 0 < (lesions["label"] == positive).mean() < 1:
        return pd.DataFrame(columns=COLUMNS)
    cutoffs = np.sort(np.asarray(thresholds, dtype=np.float64))
    share = float((lesions.drop_duplicates("lesion")["label"] == positive).mean())
    target = share if prevalence is None else prevalence
    for name, given in (("thresholds", cutoffs), ("prevalence", np.array([target]))):
        if not ((given > 0) & (given < 1)).all():
            raise ValueError(f"`{name}` must be in (0, 1), got {given.tolist()}.")
    order, weights = lesion_index(lesions), with_point(counts)
    rows = []
    for model, part in lesions.groupby("model", sort=False):
        values = part[PREFIX + positive].to_numpy(float)
        if prevalence is not None:
            values = _shift(values, share, prevalence)
        truth = (part["label"] == positive).to_numpy()
        places = order.get_indexer(pd.Index(part["lesion"]))
        drawn = _net_benefit(values, truth, cutoffs, target, weights, places)
        rows += [
            {"model": model, "threshold": threshold} | interval("net_benefit", drawn[place])
            for place, threshold in enumerate(cutoffs)
        ]
    return pd.DataFrame([*rows, *_without_a_model(cutoffs, target)], columns=COLUMNS)


def _shift(probabilities: Floats, share: float, target: float) -> Floats:
    """Probabilities of a class where it is as frequent as `target` instead of `share`."""
    theirs = probabilities * target / share
    return theirs / (theirs + (1 - probabilities) * (1 - target) / (1 - share))


def _net_benefit(
    values: Floats,
    truth: np.ndarray,
    cutoffs: Floats,
    prevalence: float,
    weights: np.ndarray,
    places: np.ndarray,
) -> dict[int, Floats]:
    # Row k of each side: lesions between threshold k - 1 and threshold k.
    bins = np.searchsorted(cutoffs, values, side="right")
    members = (bins == np.arange(len(cutoffs) + 1)[:, None]).astype(float)
    odds = (cutoffs / (1 - cutoffs))[:, None]

    def score(weights: Floats) -> dict[int, Floats]:
        sides = [members[:, side] @ weights[side] for side in (truth, ~truth)]
        found, alarms = (np.cumsum(side[::-1], axis=0)[-2::-1] / side.sum(axis=0) for side in sides)
        return dict(enumerate(prevalence * found - (1 - prevalence) * odds * alarms))

    return resample(score, weights, places)


def _without_a_model(cutoffs: Floats, prevalence: float) -> Iterator[dict]:
    # Draws keep the number of lesions of each class, so there is no chance in these.
    everyone = prevalence - (1 - prevalence) * cutoffs / (1 - cutoffs)
    for model, values in (("treat all", everyone), ("treat none", np.zeros_like(cutoffs))):
        for threshold, value in zip(cutoffs, values, strict=True):
            ends = dict.fromkeys(COLUMNS[2:], float(value))
            yield {"model": model, "threshold": threshold} | ends
