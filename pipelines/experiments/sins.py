"""The sins of evaluation, each as what an honest and a sinful run predict for the same lesions."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline
from sklearn.utils import check_random_state

from fusion import fit_with_groups, grouped_folds
from pipelines.evaluation.scoring.metrics import one_vs_rest_auc
from pipelines.experiments.network_sin import FineTunedColumns
from pipelines.experiments.oversampling import Oversampled, draw_copies
from pipelines.experiments.saved_columns import join_columns
from pipelines.experiments.study import (
    Floats,
    Steps,
    Study,
    lesion_folds,
    lesion_scores,
    lesion_truth,
)
from pipelines.experiments.thresholds import best_thresholds
from pipelines.pipeline import LesionPipeline


class Outcome(NamedTuple):
    """What two runs say of each lesion, (n_lesions, n_classes): probabilities, or decisions."""

    honest: NDArray
    sinful: NDArray


class NotApplicableError(ValueError):
    """The data or the model leave no room for this sin."""


class Sin(NamedTuple):
    """One way to score too high.

    Attributes
    ----------
    title : str
        What is wrong, in a few words.
    practice : str
        What people do.
    remedy : str
        What the honest run does.
    metric : {"macro AUC", "balanced accuracy"}
        What is inflated; balanced accuracy is that of each class against the others at a
        threshold of its own.
    commit : callable
        From a `Study` to the `Outcome`.
    """

    title: str
    practice: str
    remedy: str
    metric: str
    commit: Callable[[Study], Outcome]


def split_images(study: Study) -> Outcome:
    """Put images of one lesion on both sides of a split."""
    if len(np.unique(study.groups)) == len(study.groups):
        raise NotApplicableError("no two images share a lesion or a patient")
    folds = np.empty(len(study.labels), dtype=int)
    n_splits = int(study.folds.max()) + 1
    for fold, (_, test) in enumerate(
        grouped_folds(study.labels, None, n_splits, study.random_state)
    ):
        folds[test] = fold
    sinful = study.predict(study.with_steps(study.model.steps), folds=folds)
    return Outcome(lesion_scores(study.honest), lesion_scores(sinful))


def select_before_split(study: Study) -> Outcome:
    """Choose columns by the labels of all rows, those of the test fold too."""
    scale, select, classify = study.model.steps
    if not hasattr(select[1], "get_support"):
        raise NotApplicableError("the model selects no columns")
    upstream = study.with_steps([scale, select])
    fitted = fit_with_groups(upstream, study.manifest, study.labels, study.groups)
    kept = fitted[-1].get_support(indices=True)
    fixed = ColumnTransformer([("kept", "passthrough", kept)], verbose_feature_names_out=False)
    sinful = study.predict(study.with_steps([scale, ("select", fixed), classify]))
    return Outcome(lesion_scores(study.honest), lesion_scores(sinful))


def scale_before_split(study: Study) -> Outcome:
    """Take means and deviations from all rows."""
    scale, *rest = study.model.steps
    if not hasattr(scale[1], "fit"):
        raise NotApplicableError("the model scales no columns")
    scaler = study.with_steps([scale]).fit(study.manifest, study.labels)
    names = list(scaler.get_feature_names_out())
    scaled = pd.DataFrame(np.asarray(scaler.transform(study.manifest)), columns=names)
    plain = study.manifest.drop(columns=study.columns)
    model = study.with_steps(rest, columns=names)
    sinful = study.predict(model, manifest=join_columns(plain, scaled))
    return Outcome(lesion_scores(study.honest), lesion_scores(sinful))


def oversample_before_split(study: Study) -> Outcome:
    """Add copies of rare rows first, and let the split scatter them.

    The honest twin copies too, training rows only; both are scored on the rows themselves. These
    keep their honest folds, so that nothing but the copies crosses a split.
    """
    copies = draw_copies(study.labels, study.random_state)
    if not len(copies):
        raise NotApplicableError("all classes are equally frequent")
    rng = check_random_state(study.random_state)
    folds = np.r_[study.folds, rng.randint(study.folds.max() + 1, size=len(copies))]
    rows = np.r_[np.arange(len(study.labels)), copies]
    sinful = study.predict(
        study.with_steps(study.model.steps), manifest=study.manifest.take(rows), folds=folds
    )
    inside = Oversampled(Pipeline(study.model.steps))
    honest = study.predict(study.with_steps([("model", inside)]))
    return Outcome(lesion_scores(honest), lesion_scores(sinful.iloc[: len(study.labels)]))


def read_threshold_off_test(study: Study) -> Outcome:
    """Choose each class's threshold on the lesions that it is scored on.

    The honest twin chooses it on out-of-fold predictions within the training rows.
    """
    truth, scores = lesion_truth(study.honest), lesion_scores(study.honest)
    fold = lesion_folds(study.honest)
    honest, sinful = np.empty_like(truth), np.empty_like(truth)
    for number in np.unique(fold):
        test, inner = fold == number, study.inside(number).honest
        thresholds = best_thresholds(lesion_scores(inner), lesion_truth(inner))
        honest[test] = scores[test] >= thresholds
        sinful[test] = scores[test] >= best_thresholds(scores[test], truth[test])
    return Outcome(honest, sinful)


def best_try(scores: Floats, truth: NDArray[np.bool_]) -> int:
    """Position of the try with the largest macro AUC, over the classes that are present.

    Parameters
    ----------
    scores : ndarray of shape (n_tries, n_lesions, n_classes)
        Probabilities.
    truth : ndarray of shape (n_lesions, n_classes), bool
        Class of each lesion.

    Returns
    -------
    int
        The first of equals.
    """
    ones = np.ones((len(truth), 1))
    areas = [np.nanmean(one_vs_rest_auc(s, truth.argmax(axis=1), ones)) for s in scores]
    return int(np.argmax(areas))


def choose_on_test(study: Study) -> Outcome:
    """Try the model on several halves of the columns, and keep the one that tests best.

    The honest twin keeps the one that does best out-of-fold within the training rows.
    """
    rng = check_random_state(study.random_state)
    half = len(study.columns) // 2
    if not half:
        raise NotApplicableError("there is a single column")
    drawn = [np.sort(rng.permutation(len(study.columns))[:half]) for _ in range(study.n_tries)]
    steps = _keep_at_most(half, study.model.steps)
    tries = [
        study.with_steps(steps, columns=[study.columns[c] for c in columns]) for columns in drawn
    ]
    scores = np.stack([lesion_scores(study.predict(model)) for model in tries])
    truth, fold = lesion_truth(study.honest), lesion_folds(study.honest)
    honest, sinful = np.empty_like(scores[0]), np.empty_like(scores[0])
    for number in np.unique(fold):
        test, inner = fold == number, study.inside(number)
        within = [inner.predict(model) for model in tries]
        chosen = best_try(np.stack([lesion_scores(p) for p in within]), lesion_truth(within[0]))
        honest[test] = scores[chosen, test]
        sinful[test] = scores[best_try(scores[:, test], truth[test]), test]
    return Outcome(honest, sinful)


def _keep_at_most(n_columns: int, steps: Steps) -> Steps:
    """Lower the number of columns that selection keeps, which would warn of too few otherwise."""
    scale, (name, select), classify = steps
    k = getattr(select, "k", None)
    if isinstance(k, int) and k > n_columns:
        select = clone(select).set_params(k=n_columns)
    return [scale, (name, select), classify]


def fine_tune_before_split(study: Study) -> Outcome:
    """Fine-tune a network on all rows, and cross-validate what learns from its embedding.

    The honest twin fine-tunes the same network anew in each fold, on the training rows.
    """
    if study.network is None:
        raise NotApplicableError("no network was given")
    step = FineTunedColumns(study.network, study.columns, random_state=study.random_state)
    inside = LesionPipeline([("features", step), *study.model.steps]).set_output(transform="pandas")
    honest = study.predict(inside)
    columns = clone(step).fit(study.manifest, study.labels, study.groups).transform(study.manifest)
    plain = study.manifest.drop(columns=study.columns)
    model = study.with_steps(study.model.steps, columns=list(columns.columns))
    sinful = study.predict(model, manifest=join_columns(plain, columns))
    return Outcome(lesion_scores(honest), lesion_scores(sinful))


SINS = {
    "images": Sin(
        "Images split, not lesions",
        "Photographs are dealt to folds one by one, so the model is tested on lesions that it was "
        "trained on.",
        "All images of a lesion or patient stay in one fold.",
        "macro AUC",
        split_images,
    ),
    "selection": Sin(
        "Selection before the split",
        "Columns are chosen by the labels of all images; only then comes the cross-validation.",
        "Columns are chosen anew in each fold, by its training rows.",
        "macro AUC",
        select_before_split,
    ),
    "scaling": Sin(
        "Scaling before the split",
        "Columns are standardised over all images before the cross-validation.",
        "Means and deviations come from the training rows.",
        "macro AUC",
        scale_before_split,
    ),
    "oversampling": Sin(
        "Oversampling before the split",
        "Images of rare classes are copied until the classes are balanced; copies of test images "
        "are then among the training rows.",
        "Training rows alone are copied, inside each fold.",
        "macro AUC",
        oversample_before_split,
    ),
    "threshold": Sin(
        "Threshold read off the test set",
        "The operating point is where sensitivity and specificity are best on the test lesions.",
        "Thresholds come from out-of-fold predictions of the training rows.",
        "balanced accuracy",
        read_threshold_off_test,
    ),
    "best": Sin(
        "Best of many on the test fold",
        "Several models are tried, and the score of the one that does best on the test fold is "
        "the one reported.",
        "The model is chosen by its out-of-fold score within the training rows.",
        "macro AUC",
        choose_on_test,
    ),
    "network": Sin(
        "Network fine-tuned on rows it embeds",
        "A network is fine-tuned on all images; its embedding of them is then cross-validated.",
        "The network is fine-tuned anew in each fold, on the training rows.",
        "macro AUC",
        fine_tune_before_split,
    ),
}
