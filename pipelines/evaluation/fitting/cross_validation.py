"""Predictions of every model for images it was not trained on."""

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

import joblib
import numpy as np
import pandas as pd
from joblib import Parallel, delayed, effective_n_jobs
from sklearn.base import clone

from pipelines.cnn import CNNClassifier
from pipelines.data import group_ids, lesion_ids
from pipelines.evaluation.design.fingerprints import data_fingerprint, model_fingerprint
from pipelines.evaluation.design.folds import Split, as_splits
from pipelines.evaluation.fitting.collected import Collected, OutOfFold
from pipelines.evaluation.fitting.fold_run import FoldRun, Task, fit_fold
from pipelines.evaluation.fitting.parts import Parts
from pipelines.evaluation.predictions import training_table
from pipelines.events import Event

_LOGGER = logging.getLogger(__name__)

Progress = Callable[[str, int], object]


def out_of_fold(
    models: Mapping[str, Any],
    manifest: pd.DataFrame,
    folds: np.ndarray | Sequence[Split],
    *,
    n_jobs: int | None = None,
    random_state: int | None = 0,
    inner_splits: int = 0,
    train_scores: bool = False,
    parts: Parts | None = None,
    on_failure: str = "raise",
    progress: Progress | None = None,
) -> OutOfFold:
    """Predict each image by models that were fitted on the other folds.

    Parameters
    ----------
    models : mapping of str to estimator
        Unfitted classifiers of a manifest; they are cloned. One that has an `image_step` computes
        its features once for the whole manifest, and only the rest is fitted on each fold; where
        that step `learns`, the whole model is, and its store spares it the decoding.
    manifest : DataFrame of n rows
        One row an image, with `image`, `label` and, where known, `lesion` and `patient`.
    folds : ndarray of shape (n,), int, or sequence of Split
        Test fold of each row, from `make_folds`, or splits, from `make_splits`.
    n_jobs : int or None, default=None
        Folds fitted at a time, through joblib. Only models with an `image_step` that does not
        learn are spread, and each job is then single-threaded; the others run one after the
        other in this process.
    random_state : int or None, default=0
        Fills each `random_state` that a model leaves at None, the same for every fold.
    inner_splits : int, default=0
        Inner folds by which training rows of the first repeat are predicted too, for thresholds.
        Models that train networks are not trained again for it.
    train_scores : bool, default=False
        Whether training rows are scored too.
    parts : Parts or None, default=None
        Where finished folds are kept and found again.
    on_failure : {"raise", "report"}, default="raise"
        What a failing model does: stop, or be left out and listed.
    progress : callable, optional
        Called as `progress(model, fold)` after each fold.

    Returns
    -------
    OutOfFold
        Predictions, timings and more.

    Raises
    ------
    RuntimeError
        When a model fails, or all do under "report"; names the model and the fold.
    """
    labels = manifest["label"].to_numpy(dtype=object)
    lesions = lesion_ids(manifest)
    task = Task(
        labels, group_ids(manifest), lesions, random_state, inner_splits, train_scores=train_scores
    )
    splits = as_splits(folds)
    saved = Parts(None, "") if parts is None else parts
    collected = Collected(manifest["image"].astype(str).to_numpy(dtype=object), task)
    for name, model in models.items():
        try:
            seconds, runs = _runs(name, model, manifest, task, splits, saved, n_jobs)
            finished = []
            for run in runs:
                finished.append(run)
                if progress is not None:
                    progress(name, run.fold)
        except RuntimeError as error:
            if on_failure == "raise" or (not collected.tables and name == list(models)[-1]):
                raise
            _LOGGER.warning(Event("model failed", model=name, error=str(error)))
            collected.failures.append({"model": name, "error": str(error)})
            continue
        collected.add(name, sorted(finished, key=lambda run: (run.repeat, run.fold)), seconds)
    return collected.result(training_table(labels, splits))


def _runs(
    name: str,
    model: Any,
    manifest: pd.DataFrame,
    task: Task,
    splits: list[Split],
    parts: Parts,
    n_jobs: int | None,
) -> tuple[float, Iterable[FoldRun]]:
    """Find or fit the folds of a model, kept ones first, and the seconds of taking its features."""
    if parts.directory is None:
        seconds, fresh = _fit_all(name, model, manifest, task, splits, n_jobs)
        return seconds, _logged("fold finished", name, fresh)
    fingerprint = model_fingerprint(model, manifest)
    found = {place: parts.load(name, fingerprint, split) for place, split in enumerate(splits)}
    lacking = [splits[place] for place, run in found.items() if run is None]
    seconds, fresh = _fit_all(name, model, manifest, task, lacking, n_jobs)

    def saved() -> Iterator[FoldRun]:
        for split, run in zip(lacking, fresh, strict=True):
            parts.save(name, fingerprint, split, run)
            yield run

    again = (run for run in found.values() if run is not None)
    return seconds, chain(
        _logged("fold found again", name, again), _logged("fold finished", name, saved())
    )


def _logged(event: str, name: str, runs: Iterable[FoldRun]) -> Iterator[FoldRun]:
    """Hand folds on, and log each; here, since workers have loggers of their own."""
    for run in runs:
        seconds = run.fit_seconds + run.predict_seconds
        _LOGGER.info(Event(event, model=name, repeat=run.repeat, fold=run.fold, seconds=seconds))
        yield run


def _fit_all(
    name: str,
    model: Any,
    manifest: pd.DataFrame,
    task: Task,
    splits: list[Split],
    n_jobs: int | None,
) -> tuple[float, Iterable[FoldRun]]:
    """Fit a model on each split, features taken once where they do not depend on it."""
    if not splits:
        return 0.0, ()
    step = getattr(model, "image_step", None)
    # A step that learns from images must not see those of the test fold.
    if step is None or getattr(step, "learns", False):
        if step is None or _trains_networks(model):
            task = task._replace(inner_splits=0)
        return 0.0, (fit_fold(name, clone(model), manifest, task, split) for split in splits)
    start = time.perf_counter()
    table = clone(step).fit(manifest).transform(manifest)
    seconds = time.perf_counter() - start
    _LOGGER.info(Event("columns taken", model=name, rows=len(table), seconds=seconds))
    crowded = effective_n_jobs(n_jobs) > 1
    # Arrays are fanned out and networks never are: a forked or copied torch does not end well.
    runs = Parallel(n_jobs=n_jobs, return_as="generator")(
        delayed(fit_fold)(name, _prepared(model.table_steps(), crowded), table, task, split)
        for split in splits
    )
    return seconds, runs


def _trains_networks(model: Any) -> bool:
    """Whether a fit takes so long that it is not done again on inner folds."""
    return any(isinstance(part, CNNClassifier) for part in model.get_params().values())


def task_parts(directory: Any, manifest: pd.DataFrame, **asked: Any) -> Parts:
    """Parts of a manifest, under what is asked of every fold.

    Parameters
    ----------
    directory : Path or None
        Where they are kept.
    manifest : DataFrame
        The images.
    **asked
        Seed, inner folds and the like: plain values.

    Returns
    -------
    Parts
        Folds of other images or other questions are not taken for these.
    """
    return Parts(directory, joblib.hash([data_fingerprint(manifest), asked]))


def _prepared(model: Any, single_threaded: bool) -> Any:
    # Two thread pools on the same cores wait for each other longer than they work. None already
    # means one thread, and some estimators warn when it is set.
    threads = {
        name: 1
        for name, value in model.get_params().items()
        if name.split("__")[-1] == "n_jobs" and value is not None
    }
    return model.set_params(**threads) if single_threaded else model
