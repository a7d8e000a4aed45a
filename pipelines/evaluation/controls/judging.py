"""Controls that ought to fail: how much of a model's score they reach, and what that says."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from pipelines.evaluation.design.folds import Split
from pipelines.evaluation.fitting.cross_validation import out_of_fold
from pipelines.evaluation.predictions import COUNT, PREFIX, aggregate_lesions, class_names
from pipelines.evaluation.scoring.bootstrap import DRAWS_AT_ONCE, draw_lesions
from pipelines.evaluation.scoring.drawn import Floats, interval, lesion_index, score_models_on
from pipelines.evaluation.scoring.fold_areas import fold_areas, mean_of_folds
from pipelines.recipes.self_deception import SHUFFLED, Control

# A control that reaches so much of a model's excess over 0.5 is flagged.
SHARE = 0.9
_COLUMNS = [
    *("control", "model", "macro_auc", "macro_auc_low", "macro_auc_high"),
    *("share_of_excess", "flagged", "reason"),
]
# What a control that scores as well as the model says of it.
_MEANING = {
    "lesion blanked out": "without the lesion nearly all of the score is left, so that something "
    "around it tells the diagnosis",
    "skin border only": "the rim of the picture alone gives nearly all of the score, so that "
    "light, camera or marks tell the diagnosis",
    "file properties only": "size and compression of the files alone give nearly all of the "
    "score, so that the archive tells the diagnosis",
    "source only": "the source's name alone gives nearly all of the score, so that the model "
    "need know no more than the source",
}


def predict_controls(
    controls: Iterable[Control],
    folds: np.ndarray | Sequence[Split],
    *,
    n_jobs: int | None = None,
    random_state: int | None = 0,
    progress: Callable[[str, int], object] | None = None,
) -> pd.DataFrame:
    """Cross-validate controls on the folds of the models.

    Parameters
    ----------
    controls : iterable of Control
        From `pipelines.recipes.self_deception.make_controls`.
    folds : ndarray of shape (n,), int, or sequence of Split
        Of one repeat.
    n_jobs, random_state
        As for `out_of_fold`.
    progress : callable, optional
        Called as `progress(control, fold)` after each fold.

    Returns
    -------
    DataFrame
        Predictions per lesion, as `aggregate_lesions` gives them, with a column `control`;
        `model` is "" where the control has a model of its own, and `label` the one that was
        dealt out under shuffled labels.

    Raises
    ------
    RuntimeError
        When a control fails; names it and the fold.
    """
    tables = []
    for control in controls:
        name = control.control if not control.model else f"{control.control}: {control.model}"
        found = out_of_fold(
            {name: control.estimator},
            control.manifest,
            folds,
            n_jobs=n_jobs,
            random_state=random_state,
            progress=progress,
        )
        lesions = aggregate_lesions(found.predictions, found.training)
        columns = [PREFIX + name for name in class_names(lesions)]
        # The mean of three equal numbers may differ from them, which would break ties.
        lesions[columns] = lesions[columns].round(12)
        tables.append(lesions.assign(control=control.control, model=control.model))
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()


def controls_table(
    controls: pd.DataFrame,
    lesions: pd.DataFrame,
    counts: np.ndarray,
    random_state: int | None = 0,
) -> pd.DataFrame:
    """Compare controls with the models that they control.

    Parameters
    ----------
    controls : DataFrame
        From `predict_controls`; other controls of the same folds may be appended.
    lesions : DataFrame
        Predictions per lesion of the models, of one repeat, from `aggregate_lesions`.
    counts : ndarray of shape (n_lesions, n_draws)
        From `draw_lesions`, in the order in which lesions first appear.
    random_state : int or None, default=0
        Seed of the draws under shuffled labels, which have classes of their own.

    Returns
    -------
    DataFrame
        One row a control and model: `control`, `model`, `macro_auc` with ends, `share_of_excess`
        (of the control over 0.5, in that of the model; NaN where the model itself is not above
        chance), `flagged` and `reason`, a sentence.

    Notes
    -----
    AUCs are the primary score, means over classes and folds. Shuffled labels are flagged where
    their interval excludes 0.5, any other control where it reaches nine tenths of the model's
    excess. Under shuffled labels the interval is widened as Nadeau and Bengio widen a variance:
    folds share training rows, so that their AUCs err together. It still excludes 0.5 in about one
    of fifteen clean runs: shuffle again with another seed before anything is concluded.

    References
    ----------
    Nadeau & Bengio (2003), Machine Learning 52, 239-281.
    """
    models, order = _areas(lesions, counts), lesion_index(lesions)
    rows = []
    for (control, model), part in controls.groupby(["control", "model"], sort=False):
        if control == SHUFFLED:
            labels = part["label"].to_numpy()
            drawn = draw_lesions(labels, counts.shape[1], random_state)
        else:
            drawn = counts[order.get_indexer(lesion_index(part))]
        values = _areas(part, drawn)[str(model)]
        for name in [str(model)] if model else models:
            found = (
                _shuffled(values, part["fold"].nunique())
                if control == SHUFFLED
                else _share(str(control), values, models[name])
            )
            rows.append({"control": control, "model": name} | found)
    return pd.DataFrame(rows, columns=_COLUMNS)


def _areas(lesions: pd.DataFrame, counts: np.ndarray) -> dict[str, Floats]:
    """Primary score of each model, on its lesions and on every draw."""

    def score(part: pd.DataFrame, weights: np.ndarray) -> dict[tuple, Floats]:
        starts = range(0, weights.shape[1], DRAWS_AT_ONCE)
        known = _known_classes(part)
        return {
            (): np.concatenate(
                [
                    mean_of_folds(fold_areas(part, known, weights[:, at : at + DRAWS_AT_ONCE]))
                    for at in starts
                ]
            )
        }

    return {model: found[()] for model, found in score_models_on(score, lesions, counts)}


def _known_classes(part: pd.DataFrame) -> pd.DataFrame:
    """Which classes the models of each fold know, as a training table: the others get 0."""
    columns = {PREFIX + name: COUNT + name for name in class_names(part)}
    largest = part.groupby(["repeat", "fold"])[list(columns)].max()
    return largest.gt(0).astype(int).rename(columns=columns).reset_index()


def _shuffled(values: Floats, n_folds: int) -> dict[str, Any]:
    """Row of shuffled labels: flagged where 0.5 is outside the widened interval."""
    row = interval("macro_auc", values)
    if n_folds > 1:
        # From a variance of 1 / k of a fold's to one of 1 / k + n_test / n_train.
        wider = np.sqrt(1 + n_folds / (n_folds - 1))
        for end in ("macro_auc_low", "macro_auc_high"):
            row[end] = row["macro_auc"] + wider * (row[end] - row["macro_auc"])
    flagged = not row["macro_auc_low"] <= 0.5 <= row["macro_auc_high"]
    verdict = (
        "0.5 is outside: either chance (about one clean run of fifteen), or something carries the "
        "labels of test rows into training"
        if flagged
        else "0.5 is inside, as it should be"
    )
    ends = f"{row['macro_auc_low']:.3f} to {row['macro_auc_high']:.3f}"
    reason = f"With shuffled labels the macro AUC is {row['macro_auc']:.3f} ({ends}); {verdict}."
    return row | {"share_of_excess": np.nan, "flagged": bool(flagged), "reason": reason}


def _share(control: str, values: Floats, model: Floats) -> dict[str, Any]:
    """Row of any other control: flagged where it reaches most of the model's excess over 0.5."""
    row: dict[str, Any] = dict(interval("macro_auc", values))
    of_model = interval("model", model)
    scores = f"The control's macro AUC is {row['macro_auc']:.3f}, the model's {model[0]:.3f}"
    if not of_model["model_low"] > 0.5:
        reason = f"{scores}, which is not above chance: there is nothing to compare with."
        return row | {"share_of_excess": np.nan, "flagged": False, "reason": reason}
    share = float((values[0] - 0.5) / (model[0] - 0.5))
    flagged = share >= SHARE
    meaning = _MEANING.get(control, "the control gives nearly all of the score")
    told = f" {meaning[0].upper()}{meaning[1:]}." if flagged else ""
    reason = f"{scores}: {max(share, 0):.0%} of its excess over 0.5.{told}"
    return row | {"share_of_excess": share, "flagged": flagged, "reason": reason}
