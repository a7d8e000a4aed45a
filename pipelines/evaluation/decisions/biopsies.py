"""What a model saves: biopsies at equal sensitivity, and the cases that change sides."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.evaluation.predictions import PREFIX
from pipelines.evaluation.scoring.bootstrap import resample
from pipelines.evaluation.scoring.drawn import interval, score_models_on
from pipelines.evaluation.scoring.ranking import at_sensitivity, cut

Floats = NDArray[np.float64]
SCORES = ("sensitivity", "specificity", "biopsies_per_case", "biopsies_per_1000")
_ENDS = ("", "_low", "_high")
COLUMNS = [
    *("model", "reference", "target_sensitivity", "prevalence"),
    *(name + end for name in (*SCORES, "saved_per_1000") for end in _ENDS),
    *("only_model", "only_reference"),
]


def biopsies_table(
    lesions: pd.DataFrame,
    counts: np.ndarray,
    positive: str | None,
    sensitivity: float = 0.95,
    prevalence: float = 0.05,
) -> pd.DataFrame:
    """Biopsies that each model asks for, and saves against each other one.

    Every model is put on the highest threshold that reaches the sensitivity on these very lesions
    (and again on each draw), so models are compared at equal sensitivity. A threshold for use must
    be set on other lesions: see `operating_table`.

    Parameters
    ----------
    lesions : DataFrame
        Predictions per lesion, from `aggregate_lesions`.
    counts : ndarray of shape (n_lesions, n_draws)
        From `draw_lesions`, in the order in which lesions first appear.
    positive : str or None
        Class of concern; None gives no rows.
    sensitivity : float, default=0.95
        Share of cases to be found, in (0, 1].
    prevalence : float, default=0.05
        Share of the class of concern among the lesions that will be seen, in (0, 1). The default
        is an assumption for a clinic, not a finding: state your own.

    Returns
    -------
    DataFrame
        One row a model, `reference` being "", then one row a model and reference in both
        directions. `model`, `reference`, `target_sensitivity`, `prevalence`; `sensitivity` and
        `specificity` as achieved, `biopsies_per_case` (for each case found) and
        `biopsies_per_1000` (lesions seen), of the model; `saved_per_1000`, the biopsies of other
        lesions that the reference asks for in 1,000 and the model does not; all with `_low` and
        `_high`. `only_model` and `only_reference`: cases in these data that one finds and the
        other misses. Scores are of predictions pooled over folds; repeats are averaged.

    Raises
    ------
    ValueError
        If the sensitivity or the prevalence is out of its range.
    """
    if not 0 < sensitivity <= 1:
        raise ValueError(f"`sensitivity` must be in (0, 1], got {sensitivity!r}.")
    if not 0 < prevalence < 1:
        raise ValueError(f"`prevalence` must be in (0, 1), got {prevalence!r}.")
    if positive is None or not 0 < (lesions["label"] == positive).mean() < 1:
        return pd.DataFrame(columns=COLUMNS)

    def score(part: pd.DataFrame, weights: np.ndarray) -> dict[tuple, Floats]:
        return _at_threshold(part, weights, positive, sensitivity)

    drawn = dict(score_models_on(score, lesions, counts))
    found = {
        str(model): _found(part, positive, sensitivity)
        for model, part in lesions.groupby("model", sort=False)
    }
    stated = {"target_sensitivity": sensitivity, "prevalence": prevalence}
    alone = {model: stated | _costs(scores, prevalence) for model, scores in drawn.items()}
    rows: list[dict[str, Any]] = [
        {"model": model, "reference": ""} | row for model, row in alone.items()
    ]
    for model, ours in drawn.items():
        for reference, theirs in drawn.items():
            if model == reference:
                continue
            gain = ours[("specificity",)] - theirs[("specificity",)]
            saved = interval("saved_per_1000", 1000 * (1 - prevalence) * gain)
            sides = _changed_sides(found[model], found[reference])
            names: dict[str, Any] = {"model": model, "reference": reference}
            rows.append(names | alone[model] | saved | sides)
    return pd.DataFrame(rows, columns=COLUMNS)


def biopsies_per_case(sensitivity: Floats, specificity: Floats, prevalence: float) -> Floats:
    """Lesions cut out for each case found.

    Parameters
    ----------
    sensitivity, specificity : ndarray of the same shape
        Of calling a lesion to be cut out.
    prevalence : float
        Share of cases among the lesions seen, in (0, 1).

    Returns
    -------
    ndarray of that shape
        At least 1; NaN where no case is found.

    Examples
    --------
    >>> biopsies_per_case(np.array([0.9, 0.0]), np.array([0.8, 1.0]), 0.1).round(6)
    array([ 3., nan])
    """
    cases = prevalence * sensitivity
    alarms = (1 - prevalence) * (1 - specificity)
    ratio = np.divide(alarms, cases, out=np.full_like(cases, np.nan), where=cases > 0)
    return 1 + ratio


def _at_threshold(
    part: pd.DataFrame, weights: np.ndarray, positive: str, sensitivity: float
) -> dict[tuple, Floats]:
    values = part[PREFIX + positive].to_numpy(float)
    truth = (part["label"] == positive).to_numpy()

    def score(weights: Floats) -> dict[tuple, Floats]:
        achieved = at_sensitivity(cut(values, truth, weights), sensitivity)
        return dict(zip((("sensitivity",), ("specificity",)), achieved, strict=True))

    return resample(score, weights, np.arange(len(part)))


def _costs(scores: dict[tuple, Floats], prevalence: float) -> dict[str, float]:
    reached, spared = scores[("sensitivity",)], scores[("specificity",)]
    each = biopsies_per_case(reached, spared, prevalence)
    seen = 1000 * (prevalence * reached + (1 - prevalence) * (1 - spared))
    row: dict[str, float] = {}
    for name, values in zip(SCORES, (reached, spared, each, seen), strict=True):
        row |= interval(name, values)
    return row


def _found(part: pd.DataFrame, positive: str, sensitivity: float) -> pd.DataFrame:
    """Whether each case is found at the threshold; one row a case, one column a repeat."""
    cases = part[part["label"] == positive]
    table = cases.pivot(index="lesion", columns="repeat", values=PREFIX + positive)
    needed = int(np.ceil(sensitivity * len(table) * (1 - 1e-12)))
    return table >= np.sort(table.to_numpy(), axis=0)[-needed]


def _changed_sides(model: pd.DataFrame, reference: pd.DataFrame) -> dict[str, float]:
    theirs = reference.loc[model.index].to_numpy()
    ours = model.to_numpy()
    return {
        "only_model": float((ours & ~theirs).sum(axis=0).mean()),
        "only_reference": float((~ours & theirs).sum(axis=0).mean()),
    }
