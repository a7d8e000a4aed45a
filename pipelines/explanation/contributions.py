"""What each column moves a model of boosted trees by."""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import is_numeric_dtype
from sklearn.pipeline import Pipeline
from xgboost import DMatrix

from fusion import BoostedTrees, column_blocks
from fusion._probabilities import log_probabilities
from pipelines.cnn import SplitFitEmbedding

__all__ = [
    "Contributions",
    "block_contributions",
    "boosted_contributions",
    "column_contributions",
    "row_contributions",
]

# What a classifier keeps below itself once it is fitted.
_INNER = ("best_estimator_", "estimator_")
# Column for the margin of a classifier that trees start from, where it is not linear.
_START = "init__margin"


class Contributions(NamedTuple):
    """What columns add to the margins of some rows.

    Attributes
    ----------
    values : ndarray of shape (n_rows, n_classes, n_columns), float32
        Added to a row's centred log-probability of each class by each column.
    base : ndarray of shape (n_rows, n_classes), float32
        What the model says without any column. With `values` summed over columns it is the
        logarithm of the class's probability, minus the mean of these logarithms over classes.
    columns : list of str
        Names of the columns that the trees see.
    classes : ndarray of shape (n_classes,)
        Labels.
    table : DataFrame of n_rows rows
        Columns as the model was given them, or as its image step computed them.
    """

    values: NDArray[np.float32]
    base: NDArray[np.float32]
    columns: list[str]
    classes: NDArray
    table: pd.DataFrame


def column_contributions(model: Any, X: Any, *, n_rows: int | None = 256) -> pd.DataFrame | None:
    """Measure what each column moves a model's margins by, on average.

    Parameters
    ----------
    model : fitted classifier
        `BoostedTrees`, alone or below pipelines, decision rules and searches.
    X : DataFrame of n rows
        What the model takes: a table of columns named ``block__feature``, best of rows that it
        was not fitted on; or a manifest.
    n_rows : int or None, default=256
        Rows that are looked at, evenly spread over all; None for all. Shapley values of 600
        rounds in 7 classes take about 0.01 s a row, and hundreds tell what thousands do.

    Returns
    -------
    DataFrame or None
        `block`, `column` and `contribution`: the mean over rows and classes of the absolute
        contribution to the centred log-probability. In the order of the model's columns, 0 for
        those that a selection left out. None for a model that is not of boosted trees alone,
        such as a late fusion.

    Notes
    -----
    Contributions are XGBoost's own (Shapley values along the trees' paths). Of a linear
    classifier that the trees start from, a column's is its coefficient times its value, measured
    from 0, the training mean of a scaled column.

    References
    ----------
    Lundberg et al. (2020), Nature Machine Intelligence 2, 56-67.
    """
    found = boosted_contributions(model, X, n_rows=n_rows)
    if found is None:
        return None
    size = pd.Series(np.abs(found.values).mean(axis=(0, 1)), index=found.columns)
    return _of_all_columns(found, size.to_frame("contribution"))


def row_contributions(model: Any, X: Any) -> pd.DataFrame | None:
    """Tell what each column moves one row by, towards each class or away from it.

    Parameters
    ----------
    model : fitted classifier
        As in `column_contributions`.
    X : DataFrame of one row, or one image
        What the model takes.

    Returns
    -------
    DataFrame or None
        `block`, `column`, `value` (the column's, before scaling), `class` and `contribution`,
        positive where the column speaks for the class. One row a column and class.

    Raises
    ------
    ValueError
        If there is more than one row.
    """
    if len(X) != 1:
        raise ValueError(f"Expected one row to explain, got {len(X)}: pass X.iloc[[i]].")
    found = boosted_contributions(model, X, n_rows=None)
    if found is None:
        return None
    labels = [str(label) for label in found.classes]
    wide = pd.DataFrame(found.values[0].T, index=found.columns, columns=labels)
    named = _of_all_columns(found, wide)
    row = found.table.iloc[0]
    named.insert(2, "value", [row.get(name, np.nan) for name in named["column"]])
    keys = ["block", "column", "value"]
    long = named.melt(keys, labels, var_name="class", value_name="contribution")
    return long.astype({"class": "str"})


def block_contributions(contributions: pd.DataFrame) -> pd.DataFrame:
    """Sum the contributions of each block's columns.

    Parameters
    ----------
    contributions : DataFrame
        From `column_contributions` or `row_contributions`.

    Returns
    -------
    DataFrame
        `block`, `class` where there is one, and `contribution`; blocks in their order.

    Examples
    --------
    >>> columns = pd.DataFrame({"block": ["abcd", "lbp", "abcd"], "contribution": [1.0, 0.5, 2.0]})
    >>> block_contributions(columns)["contribution"].tolist()
    [3.0, 0.5]
    """
    keys = [key for key in ("block", "class") if key in contributions]
    sums = contributions.groupby(keys, sort=False)[["contribution"]].sum()
    return sums.reset_index()


def boosted_contributions(model: Any, X: Any, *, n_rows: int | None = None) -> Contributions | None:
    """Tell what each column adds to the margins of each row.

    Parameters
    ----------
    model : fitted classifier
        As in `column_contributions`.
    X : DataFrame of n rows, or images
        What the model takes.
    n_rows : int, optional
        Rows that are looked at, evenly spread over all.

    Returns
    -------
    Contributions or None
        None for a model that is not of boosted trees alone.
    """
    path = _path_to_trees(model)
    if path is None:
        return None
    *steps, trees = path
    if not _is_table(X):
        if not steps:
            raise TypeError(f"Expected a table of numbers, got {type(X).__name__}.")
        X, steps = _apply(steps[0], X), steps[1:]
    given = X if isinstance(X, pd.DataFrame) else pd.DataFrame(np.asarray(X)).add_prefix("x")
    if n_rows is not None and len(given) > n_rows:
        given = given.iloc[np.linspace(0, len(given) - 1, n_rows).round().astype(int)]
    table = given
    for step in steps:
        table = _apply(step, table)
    values, base = _tree_contributions(trees, table)
    columns = [str(name) for name in table.columns]
    if trees.init_ is not None:
        columns, values, base = _add_start(trees.init_, table, columns, values, base)
    return Contributions(_centred(values), _centred(base), columns, trees.classes_, given)


def _path_to_trees(model: Any) -> list[Any] | None:
    """List the steps on the one way to the trees, and these; None where there is no such way."""
    if isinstance(model, BoostedTrees):
        return [model]
    if isinstance(model, Pipeline):
        below = _path_to_trees(model.steps[-1][1])
        before = [step for _, step in model.steps[:-1] if step not in (None, "passthrough")]
        return None if below is None else [*before, *below]
    if isinstance(model, SplitFitEmbedding):
        below = _path_to_trees(model.classifier_)
        return None if below is None else [model, *below]
    inner = next((getattr(model, name) for name in _INNER if hasattr(model, name)), None)
    return None if inner is None else _path_to_trees(inner)


def _is_table(X: Any) -> bool:
    """Whether rows are numbers already, and no images or manifest."""
    if isinstance(X, pd.DataFrame):
        return all(is_numeric_dtype(dtype) for dtype in X.dtypes)
    return getattr(X, "ndim", 0) == 2 and np.issubdtype(X.dtype, np.number)


def _apply(step: Any, X: Any) -> pd.DataFrame:
    """Transform rows, and name the columns."""
    if isinstance(step, SplitFitEmbedding):
        return step.table(X)
    found = step.transform(X)
    if isinstance(found, pd.DataFrame):
        return found
    offered = list(X.columns) if isinstance(X, pd.DataFrame) and _is_table(X) else None
    return pd.DataFrame(np.asarray(found), columns=step.get_feature_names_out(offered))


def _tree_contributions(
    trees: BoostedTrees, table: pd.DataFrame
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Contributions to the margin of each class, and the margins' base."""
    model = trees.model_
    rows = DMatrix(table.to_numpy(dtype=np.float32), nthread=model.n_jobs)
    if trees.init_ is not None:
        # In place of XGBoost's own start, which rows with margins of their own do not have.
        width = len(trees.classes_) if len(trees.classes_) > 2 else 1
        rows.set_base_margin(np.zeros((len(table), width), dtype=np.float32))
    found = model.get_booster().predict(
        rows,
        pred_contribs=True,
        iteration_range=(0, trees.n_rounds_),
        strict_shape=True,
    )
    found = _of_two(found)
    return found[..., :-1], found[..., -1]


def _add_start(
    init: Any,
    table: pd.DataFrame,
    columns: list[str],
    values: NDArray[np.float32],
    base: NDArray[np.float32],
) -> tuple[list[str], NDArray[np.float32], NDArray[np.float32]]:
    """Add what the classifier says that the trees start from."""
    inner = table
    linear = init
    if isinstance(init, Pipeline):
        for _, step in init.steps[:-1]:
            inner = _apply(step, inner)
        linear = init.steps[-1][1]
    if not hasattr(linear, "coef_") or not set(inner.columns) <= set(columns):
        start = log_probabilities(init.predict_proba(table)).astype(np.float32)
        return [*columns, _START], np.concatenate([values, start[..., None]], axis=2), base
    added = _of_two(inner.to_numpy(dtype=np.float32)[:, None] * linear.coef_[None])
    places = [columns.index(str(name)) for name in inner.columns]
    values[:, :, places] += added
    return columns, values, base + _of_two(linear.intercept_[None, :, None])[..., 0]


def _of_two(margins: NDArray) -> NDArray:
    """Give both classes a margin where one, of the second, stands for both."""
    if margins.shape[1] > 1:
        return margins.astype(np.float32)
    return np.concatenate([-margins / 2, margins / 2], axis=1).astype(np.float32)


def _centred(margins: NDArray[np.float32]) -> NDArray[np.float32]:
    # What moves all classes alike moves no probability.
    return margins - margins.mean(axis=1, keepdims=True)


def _of_all_columns(found: Contributions, values: pd.DataFrame) -> pd.DataFrame:
    """Give numbers of the trees' columns a row each in the order that the model was given them."""
    given = [str(name) for name in found.table.columns]
    if set(found.columns) <= {*given, _START}:
        added = [name for name in found.columns if name not in given]
        values = values.reindex([*given, *added], fill_value=0.0)
    names = list(values.index)
    values = values.reset_index(drop=True)
    values.insert(0, "block", column_blocks(names))
    values.insert(1, "column", names)
    return values
