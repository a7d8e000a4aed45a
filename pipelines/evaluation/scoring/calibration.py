"""Whether probabilities mean what they say."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.evaluation.predictions import PREFIX, class_names, encode, probabilities
from pipelines.evaluation.scoring.bootstrap import resample
from pipelines.evaluation.scoring.drawn import interval, lesion_index, score_models_on, with_point
from pipelines.evaluation.scoring.probability_scores import brier, calibration_gaps, log_loss

Floats = NDArray[np.float64]
SCORES = ("brier", "log_loss", "ece")
COLUMNS = ["model", *(name + end for name in SCORES for end in ("", "_low", "_high"))]
RELIABILITY = ["model", "bin", "predicted", "observed", "observed_low", "observed_high", "n"]


def calibration_table(lesions: pd.DataFrame, counts: np.ndarray) -> pd.DataFrame:
    """Brier score, log loss and calibration error of every model.

    Parameters
    ----------
    lesions : DataFrame
        Predictions per lesion, from `aggregate_lesions`.
    counts : ndarray of shape (n_lesions, n_draws)
        From `draw_lesions`, in the order in which lesions first appear.

    Returns
    -------
    DataFrame
        One row a model: `model`, `brier` (summed over classes), `log_loss` (nats) and `ece` (of
        the most probable class, 15 bins), each with `_low` and `_high`.

    Notes
    -----
    Chance makes a calibration error larger, in the draws more than in the sample, so the percentile
    interval of a well calibrated model never holds its true error. Here the lower end is the error
    less the sum over bins of what chance moves each by (97.5 % of the draws move them by less),
    which is on the safe side by the triangle inequality; the upper end is the percentile.
    """
    rows = []
    for model, drawn in score_models_on(_scores, lesions, counts):
        scores: dict[str, float] = {}
        for name in SCORES:
            scores |= interval(name, drawn[(name,)])
        gaps = np.stack([values for key, values in drawn.items() if key[0] == "gap"])
        scores["ece_low"] = _lower_end(scores["ece"], gaps)
        rows.append({"model": model} | scores)
    return pd.DataFrame(rows, columns=COLUMNS)


def reliability_table(
    lesions: pd.DataFrame, counts: np.ndarray, positive: str | None, n_bins: int = 10
) -> pd.DataFrame:
    """Compare the probability of the class of concern with how often it is there.

    Parameters
    ----------
    lesions : DataFrame
        Predictions per lesion, from `aggregate_lesions`.
    counts : ndarray of shape (n_lesions, n_draws)
        From `draw_lesions`, in the order in which lesions first appear.
    positive : str or None
        Class of concern; None gives no rows.
    n_bins : int, default=10
        Bins of about as many lesions each, for most probabilities of a rare class are small.

    Returns
    -------
    DataFrame
        One row a model and bin: `model`, `bin` (from 0, by rising probability), `predicted` (mean
        probability), `observed` (share of the class), `observed_low`, `observed_high` and `n`, the
        lesions in the bin. Repeats are pooled, `n` is their mean. Models that give many lesions
        one probability have fewer bins.
    """
    rows = []
    if positive is not None and positive in class_names(lesions):
        order, weights = lesion_index(lesions), with_point(counts)
        for model, part in lesions.groupby("model", sort=False):
            rows += [
                {"model": model} | row for row in _bins(part, order, weights, positive, n_bins)
            ]
    return pd.DataFrame(rows, columns=RELIABILITY)


def _scores(part: pd.DataFrame, weights: np.ndarray) -> dict[tuple, Floats]:
    values, truth = probabilities(part), encode(part["label"], class_names(part))

    def score(weights: Floats) -> dict[tuple, Floats]:
        gaps = calibration_gaps(values, truth, weights)
        found: dict[tuple, Floats] = {
            ("brier",): brier(values, truth, weights),
            ("log_loss",): log_loss(values, truth, weights),
            ("ece",): np.abs(gaps).sum(axis=0),
        }
        return found | {("gap", place): gap for place, gap in enumerate(gaps)}

    return resample(score, weights, np.arange(len(part)))


def _lower_end(error: float, gaps: Floats) -> float:
    """Lower end of a calibration error; gaps of shape (n_bins, 1 + n_draws), the point first."""
    moved = np.abs(gaps[:, 1:] - gaps[:, :1]).sum(axis=0)
    return max(0.0, error - float(np.quantile(moved, 0.975)))


def _bins(
    part: pd.DataFrame, order: pd.Index, weights: np.ndarray, positive: str, n_bins: int
) -> list[dict]:
    values = part[PREFIX + positive].to_numpy(float)
    truth = (part["label"] == positive).to_numpy(float)
    inner = np.unique(np.quantile(values, np.linspace(0, 1, n_bins + 1)[1:-1]))
    places = np.unique(np.searchsorted(inner, values, side="left"), return_inverse=True)[1]
    members = (places == np.arange(places.max() + 1)[:, None]).astype(float)

    def observed(weights: Floats) -> dict[int, Floats]:
        with np.errstate(invalid="ignore"):
            return dict(enumerate((members * truth) @ weights / (members @ weights)))

    drawn = resample(observed, weights, order.get_indexer(pd.Index(part["lesion"])))
    repeats = part["lesion"].duplicated().sum() / part["lesion"].nunique() + 1
    return [
        {"bin": place, "predicted": float(values[places == place].mean())}
        | interval("observed", drawn[place])
        | {"n": round((places == place).sum() / repeats)}
        for place in drawn
    ]
