"""One model fitted on the training part of one split, and all that is asked of it there."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn import get_config
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
from sklearn.utils import check_random_state

from fusion import grouped_folds
from fusion.fitting import fit_parameters
from pipelines.evaluation.design.folds import Split
from pipelines.evaluation.fitting.selections import Selection, kept_columns
from pipelines.evaluation.predictions import encode
from pipelines.evaluation.scoring.metrics import one_vs_rest_auc
from pipelines.explanation.contributions import column_contributions


class Task(NamedTuple):
    """What every split of every model shares.

    Attributes
    ----------
    labels, groups, lesions : ndarray of shape (n,)
        Of the rows of the manifest.
    random_state : int or None
        Fills each `random_state` that a model leaves at None.
    inner_splits : int
        Inner folds whose predictions of the training rows are kept, in the first repeat; 0 for
        none.
    train_scores : bool
        Whether the training rows are scored too.
    """

    labels: np.ndarray
    groups: np.ndarray
    lesions: np.ndarray
    random_state: Any = 0
    inner_splits: int = 0
    train_scores: bool = False


@dataclass
class FoldRun:
    """What fitting one model on one split gave.

    Attributes
    ----------
    repeat, fold : int
        The split.
    classes : list of str
        Order of the columns of probabilities.
    rows : ndarray of int
        Test rows, positions in the manifest.
    probabilities : ndarray of shape (n_rows, n_classes)
        Of the test rows.
    inner_rows, inner_probabilities : ndarray
        The same of training rows, by models of inner folds; empty where none were asked for.
    training : dict of str to int
        Training images of each class.
    train_lesions : int
        Training lesions.
    fit_seconds, predict_seconds : float
        On the clock.
    train_auc : float
        Macro AUC per lesion of the training rows themselves; NaN where not asked for.
    kept : Selection or None
        Columns that the model selected.
    contributions : DataFrame or None
        What each column moved the test rows by, where the model is of boosted trees.
    """

    repeat: int
    fold: int
    classes: list[str]
    rows: np.ndarray
    probabilities: np.ndarray
    training: dict[str, int]
    train_lesions: int
    fit_seconds: float
    predict_seconds: float
    train_auc: float = np.nan
    kept: Selection | None = None
    contributions: pd.DataFrame | None = None
    inner_rows: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=int))
    inner_probabilities: np.ndarray = field(default_factory=lambda: np.empty((0, 0)))


def fit_fold(name: str, model: Any, X: Any, task: Task, split: Split) -> FoldRun:
    """Fit a model on the training part of a split, and predict the test part.

    Parameters
    ----------
    name : str
        Of the model, for messages.
    model : classifier
        Fitted in place.
    X : DataFrame or ndarray of n rows
        What it takes: a manifest, or a table of columns.
    task : Task
        Labels and groups of all rows, and what is asked for.
    split : Split
        Which rows are trained on and which are tested.

    Returns
    -------
    FoldRun
        Predictions, seconds, and what else was asked for.

    Raises
    ------
    RuntimeError
        If the model fails; names it and the fold.
    """
    try:
        fill_seeds(model, task.random_state)
        unfitted = clone(model)
        start = time.perf_counter()
        _fit(model, X, task, split.train)
        fitted = time.perf_counter()
        probabilities = np.asarray(model.predict_proba(_take(X, split.test)), dtype=float)
        predicted = time.perf_counter()
        run = FoldRun(
            repeat=split.repeat,
            fold=split.fold,
            classes=[str(name) for name in model.classes_],
            rows=split.test,
            probabilities=probabilities,
            training=_count(task.labels[split.train]),
            train_lesions=len(np.unique(task.lesions[split.train])),
            fit_seconds=fitted - start,
            predict_seconds=predicted - fitted,
            kept=kept_columns(model),
            contributions=_contributions(model, _take(X, split.test)),
        )
        if task.train_scores:
            run.train_auc = _train_auc(model, X, task, split.train)
        # Thresholds need no more than one repeat, and these fits are most of the work.
        if task.inner_splits and split.repeat == 0:
            run.inner_rows, run.inner_probabilities = _inner(unfitted, X, task, split, run.classes)
    except Exception as error:
        raise RuntimeError(f"Model {name!r} failed on fold {split.fold}: {error}") from error
    return run


def _fit(model: Any, X: Any, task: Task, rows: np.ndarray) -> None:
    model.fit(_take(X, rows), task.labels[rows], **_group_parameters(model, task.groups[rows]))


def _inner(
    model: Any, X: Any, task: Task, split: Split, classes: list[str]
) -> tuple[np.ndarray, np.ndarray]:
    """Predict each training row by a model of the other inner folds."""
    rng = check_random_state(task.random_state)
    train = split.train
    values = np.zeros((len(train), len(classes)))
    parts = grouped_folds(task.labels[train], task.groups[train], task.inner_splits, rng)
    for fitted_on, held_out in parts:
        inner = clone(model)
        _fit(inner, X, task, train[fitted_on])
        columns = encode(np.array(inner.classes_, dtype=str), classes)
        values[np.ix_(held_out, columns)] = inner.predict_proba(_take(X, train[held_out]))
    return train, values


def _contributions(model: Any, rows: Any) -> pd.DataFrame | None:
    """Columns that moved the test rows, if they have names."""
    found = column_contributions(model, rows) if isinstance(rows, pd.DataFrame) else None
    return None if found is None else found[found["contribution"] > 0].reset_index(drop=True)


def _train_auc(model: Any, X: Any, task: Task, rows: np.ndarray) -> float:
    table = pd.DataFrame(np.asarray(model.predict_proba(_take(X, rows)), dtype=float))
    lesions = task.lesions[rows]
    means = table.groupby(lesions, sort=False).mean().to_numpy()
    labels = pd.Series(task.labels[rows]).groupby(lesions, sort=False).first()
    truth = encode(labels, list(model.classes_))
    return float(one_vs_rest_auc(means, truth, np.ones((len(truth), 1))).mean())


def _count(labels: np.ndarray) -> dict[str, int]:
    names, counts = np.unique(labels.astype(str), return_counts=True)
    return dict(zip(names.tolist(), counts.tolist(), strict=True))


def _group_parameters(model: Any, groups: np.ndarray) -> Mapping[str, Any]:
    # A search hands groups to its splitter, though its `fit` does not name them.
    searches = isinstance(model, (GridSearchCV, RandomizedSearchCV))
    if searches and not get_config()["enable_metadata_routing"]:
        return {"groups": groups}
    return fit_parameters(model, "groups", groups)


def _take(X: Any, rows: np.ndarray) -> Any:
    return X.iloc[rows] if hasattr(X, "iloc") else X[rows]


def fill_seeds(model: Any, random_state: int | None) -> None:
    """Seed whatever in a model has no seed of its own, in place.

    Parameters
    ----------
    model : estimator
        Each of its parameters called `random_state` that is None gets a number.
    random_state : int or None
        What the numbers are drawn from.
    """
    rng = check_random_state(random_state)
    parameters = model.get_params()
    seeds = {
        name: int(rng.randint(np.iinfo(np.int32).max))
        for name in sorted(parameters)
        if name.split("__")[-1] == "random_state" and parameters[name] is None
    }
    model.set_params(**seeds)
