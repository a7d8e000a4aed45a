"""Predictions of every model for images it was not trained on."""

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from joblib import Parallel, delayed, effective_n_jobs
from sklearn import get_config
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
from sklearn.utils import check_random_state

from fusion.fitting import fit_parameters
from pipelines.data import group_ids, lesion_ids
from pipelines.evaluation.predictions import PREFIX, add_decisions, training_priors
from pipelines.evaluation.selections import Selection, kept_columns, selection_table

Progress = Callable[[str, int], object]


class OutOfFold(NamedTuple):
    """What `out_of_fold` returns.

    Attributes
    ----------
    predictions : DataFrame
        One row a model and image, see `pipelines.evaluation.predictions`.
    timings : DataFrame
        One row a model and fold: `model`, `fold`, `fit_seconds`, `predict_seconds`, and
        `extract_seconds`, which is spent once a model and repeated in each of its rows.
    selections : DataFrame
        Columns kept by the models that select any, see `pipelines.evaluation.selections`.
    """

    predictions: pd.DataFrame
    timings: pd.DataFrame
    selections: pd.DataFrame


class _Task(NamedTuple):
    """What every fold of every model shares."""

    labels: np.ndarray
    groups: np.ndarray
    folds: np.ndarray
    random_state: Any


class _Run(NamedTuple):
    """What fitting one model on one fold gave."""

    fold: int
    classes: np.ndarray
    probabilities: np.ndarray
    fit_seconds: float
    predict_seconds: float
    kept: Selection | None


def out_of_fold(
    models: Mapping[str, Any],
    manifest: pd.DataFrame,
    folds: np.ndarray,
    *,
    n_jobs: int | None = None,
    random_state: int | None = 0,
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
    folds : ndarray of shape (n,), int
        Test fold of each row, from `make_folds`.
    n_jobs : int or None, default=None
        Folds fitted at a time, through joblib. Only models with an `image_step` that does not
        learn are spread, and each job is then single-threaded; the others run one after the
        other in this process.
    random_state : int or None, default=0
        Fills each `random_state` that a model leaves at None, the same for every fold.
    progress : callable, optional
        Called as `progress(model, fold)` after each fold.

    Returns
    -------
    OutOfFold
        Predictions, timings and selections.

    Raises
    ------
    RuntimeError
        When a model fails; names the model and the fold.
    """
    labels = manifest["label"].to_numpy(dtype=object)
    task = _Task(labels, group_ids(manifest), np.asarray(folds), random_state)
    rows = _rows(manifest, task)
    predictions, timings, kept = [], [], []
    for name, model in models.items():
        extract_seconds, runs = _start(name, model, manifest, task, n_jobs)
        finished = []
        for run in runs:
            finished.append(run)
            timings.append((name, run.fold, run.fit_seconds, run.predict_seconds, extract_seconds))
            if run.kept is not None:
                kept.append((name, run.fold, run.kept))
            if progress is not None:
                progress(name, run.fold)
        predictions.append(_collect(name, finished, rows))
    table = pd.concat(predictions, ignore_index=True)
    priors = training_priors(labels, task.folds, sorted(set(labels)))
    columns = ["model", "fold", "fit_seconds", "predict_seconds", "extract_seconds"]
    return OutOfFold(
        add_decisions(table, priors),
        pd.DataFrame(timings, columns=columns),
        selection_table(kept),
    )


def _rows(manifest: pd.DataFrame, task: _Task) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "row": np.arange(len(manifest)),
            "image": manifest["image"].astype(str).to_numpy(dtype=object),
            "label": task.labels,
            "lesion": lesion_ids(manifest),
            "fold": task.folds,
        }
    )


def _collect(name: str, runs: list[_Run], rows: pd.DataFrame) -> pd.DataFrame:
    classes = sorted(set(rows["label"]))
    # Classes absent from the training rows of a fold keep probability 0.
    values = np.zeros((len(rows), len(classes)))
    for run in runs:
        tested = np.flatnonzero(rows["fold"] == run.fold)
        values[np.ix_(tested, pd.Index(classes).get_indexer(run.classes))] = run.probabilities
    columns = pd.DataFrame(values, columns=[PREFIX + c for c in classes])
    table = pd.concat([rows, columns], axis=1)
    table.insert(0, "model", name)
    return table


def _start(
    name: str, model: Any, manifest: pd.DataFrame, task: _Task, n_jobs: int | None
) -> tuple[float, Iterable[_Run]]:
    folds = np.unique(task.folds)
    step = getattr(model, "image_step", None)
    # A step that learns from images must not see those of the test fold.
    if step is None or getattr(step, "learns", False):
        return 0.0, (_fit_fold(name, clone(model), manifest, task, fold) for fold in folds)
    start = time.perf_counter()
    table = clone(step).fit(manifest).transform(manifest)
    seconds = time.perf_counter() - start
    crowded = effective_n_jobs(n_jobs) > 1
    # Arrays are fanned out and networks never are: a forked or copied torch does not end well.
    runs = Parallel(n_jobs=n_jobs, return_as="generator")(
        delayed(_fit_fold)(name, _prepared(model.table_steps(), crowded), table, task, fold)
        for fold in folds
    )
    return seconds, runs


def _prepared(model: Any, single_threaded: bool) -> Any:
    # Two thread pools on the same cores wait for each other longer than they work. None already
    # means one thread, and some estimators warn when it is set.
    threads = {
        name: 1
        for name, value in model.get_params().items()
        if name.split("__")[-1] == "n_jobs" and value is not None
    }
    return model.set_params(**threads) if single_threaded else model


def _fit_fold(name: str, model: Any, X: Any, task: _Task, fold: int) -> _Run:
    train, test = np.flatnonzero(task.folds != fold), np.flatnonzero(task.folds == fold)
    try:
        groups = _group_parameters(model, task.groups[train])
        _seed(model, task.random_state)
        start = time.perf_counter()
        model.fit(_take(X, train), task.labels[train], **groups)
        fitted = time.perf_counter()
        probabilities = np.asarray(model.predict_proba(_take(X, test)), dtype=float)
        predicted = time.perf_counter()
    except Exception as error:
        raise RuntimeError(f"Model {name!r} failed on fold {fold}: {error}") from error
    return _Run(
        fold=int(fold),
        classes=model.classes_,
        probabilities=probabilities,
        fit_seconds=fitted - start,
        predict_seconds=predicted - fitted,
        kept=kept_columns(model),
    )


def _group_parameters(model: Any, groups: np.ndarray) -> dict[str, Any]:
    # A search hands groups to its splitter, though its `fit` does not name them.
    searches = isinstance(model, (GridSearchCV, RandomizedSearchCV))
    if searches and not get_config()["enable_metadata_routing"]:
        return {"groups": groups}
    return fit_parameters(model, "groups", groups)


def _take(X: Any, rows: np.ndarray) -> Any:
    return X.iloc[rows] if hasattr(X, "iloc") else X[rows]


def _seed(model: Any, random_state: int | None) -> None:
    rng = check_random_state(random_state)
    parameters = model.get_params()
    seeds = {
        name: int(rng.randint(np.iinfo(np.int32).max))
        for name in sorted(parameters)
        if name.split("__")[-1] == "random_state" and parameters[name] is None
    }
    model.set_params(**seeds)
