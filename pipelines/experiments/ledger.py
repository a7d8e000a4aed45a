"""The inflation ledger: one model, scored honestly and under each common sin of evaluation."""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_consistent_length

from fusion import BlockScaler, BoltzmannSelector
from pipelines.comparison import class_of_concern
from pipelines.data import validate_manifest
from pipelines.evaluation import make_folds
from pipelines.experiments.entries import Ledger, Progress, commit_sins
from pipelines.experiments.saved_columns import extract_columns, join_columns
from pipelines.experiments.sins import SINS
from pipelines.experiments.study import Study, check_steps
from pipelines.recipes import make_model


def ledger(
    manifest: pd.DataFrame,
    model: Any = None,
    *,
    sins: Sequence[str] | None = None,
    network: Any = None,
    n_splits: int = 5,
    n_tries: int = 10,
    positive: str | None = None,
    n_bootstrap: int = 1000,
    random_state: int = 0,
    n_jobs: int | None = None,
    on_error: Literal["raise", "skip"] = "raise",
    progress: Progress | None = None,
) -> Ledger:
    """Score a model of images honestly and under each sin.

    Parameters
    ----------
    manifest : DataFrame
        One row an image, with `image`, `label` and, where known, `lesion` and `patient`.
    model : LesionPipeline, optional
        Steps `features`, `scale`, `select` and `classify`, as `make_fusion_classifier` gives them,
        which is the default. Features are extracted once.
    sins : sequence of str, optional
        Of `SINS`; by default all, "network" only where there is a `network`.
    network : classifier of images, optional
        A small `CNNClassifier`, say; trained once on all images and once a fold.
    n_splits : int, default=5
        Number of folds.
    n_tries : int, default=10
        Models tried where the best of many is reported, each on a random half of the columns.
    positive : str or None, default=None
        Class whose threshold is scored; None means melanoma where the labels have it, else the
        second of two classes, else the mean over classes.
    n_bootstrap : int, default=1000
        Draws of the lesion bootstrap behind each interval.
    random_state : int, default=0
        Seed of folds, bootstrap, models that have none, and of what a sin draws.
    n_jobs : int or None, default=None
        Folds fitted at a time, and threads that read.
    on_error : {"raise", "skip"}, default="raise"
        What an unreadable image does: stop, or be left out.
    progress : callable, optional
        Called with the name of each sin before it is committed.

    Returns
    -------
    Ledger
        One entry a sin.

    Raises
    ------
    ValueError
        If a sin is unknown, or the model's image step learns or its steps are others.
    """
    validate_manifest(manifest)
    model = make_model("fusion", random_state=random_state) if model is None else model
    steps = check_steps(model.table_steps() if hasattr(model, "table_steps") else model)
    names = _choose_sins(sins, network)
    concern = class_of_concern(manifest["label"], positive)
    make_folds(manifest, n_splits, random_state)
    extracted = extract_columns(
        model, manifest, on_error=on_error, n_jobs=n_jobs, progress=progress is not None
    )
    study = Study(
        extracted.manifest,
        extracted.columns,
        steps,
        make_folds(extracted.manifest, n_splits, random_state),
        random_state=random_state,
        n_tries=n_tries,
        network=network,
        n_jobs=n_jobs,
    )
    found = commit_sins(study, names, concern, n_bootstrap, progress)
    found.failures = extracted.failures
    return found


def ledger_of_table(
    X: NDArray | pd.DataFrame,
    y: ArrayLike,
    groups: ArrayLike | None = None,
    model: Pipeline | None = None,
    *,
    sins: Sequence[str] | None = None,
    n_splits: int = 5,
    n_tries: int = 10,
    positive: str | None = None,
    n_bootstrap: int = 1000,
    random_state: int = 0,
    n_jobs: int | None = None,
    progress: Progress | None = None,
) -> Ledger:
    """Score a model of a table honestly and under each sin.

    Parameters
    ----------
    X : DataFrame or ndarray of shape (n, n_columns)
        Features; columns named ``block__feature`` are scaled by blocks.
    y : array-like of shape (n,)
        Class labels, which are taken as strings.
    groups : array-like of shape (n,), optional
        Lesion of each row; each row is one of its own by default.
    model : Pipeline, optional
        Steps `scale`, `select` and `classify`; by default `BlockScaler`, `BoltzmannSelector` and
        logistic regression.
    sins, n_splits, n_tries, positive, n_bootstrap, random_state, n_jobs, progress
        As in `ledger`; "network" needs images.

    Returns
    -------
    Ledger
        One entry a sin.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X, y = rng.normal(size=(100, 500)), np.repeat(["melanoma", "nevus"], 50)
    >>> found = ledger_of_table(X, y, sins=["selection"], n_bootstrap=100)
    >>> bool(found.entries["sinful"][0] > 0.75 > found.entries["honest"][0])
    True
    """
    check_consistent_length(X, y, groups)
    table, named = pd.DataFrame(X).reset_index(drop=True), isinstance(X, pd.DataFrame)
    if not named:
        table.columns = [f"x__{column}" for column in table.columns]
    rows = pd.DataFrame({"image": [f"row {i}" for i in range(len(table))]})
    rows["label"] = np.asarray(y).astype(str).astype(object)
    if groups is not None:
        rows["lesion"] = np.asarray(groups).astype(str).astype(object)
    study = Study(
        join_columns(rows, table),
        list(table.columns),
        check_steps(_default_steps() if model is None else model),
        make_folds(rows, n_splits, random_state),
        random_state=random_state,
        named=named,
        n_tries=n_tries,
        n_jobs=n_jobs,
    )
    concern = class_of_concern(rows["label"], positive)
    return commit_sins(study, _choose_sins(sins, None), concern, n_bootstrap, progress)


def _default_steps() -> Pipeline:
    return Pipeline(
        [
            ("scale", BlockScaler()),
            ("select", BoltzmannSelector()),
            ("classify", LogisticRegression(max_iter=1000)),
        ]
    )


def _choose_sins(sins: Sequence[str] | None, network: Any) -> list[str]:
    if sins is None:
        return [name for name in SINS if name != "network" or network is not None]
    unknown = sorted(set(sins) - set(SINS))
    if unknown or not sins:
        raise ValueError(
            f"Unknown sin {', '.join(unknown) or sins!r}; expected some of {', '.join(SINS)}."
        )
    return list(dict.fromkeys(sins))
