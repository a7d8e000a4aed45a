"""Which columns each fold's model kept, and whether the folds agree."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from fusion.selection import selection_stability

SELECT = "select"
_PARTS = ("best_estimator_", "estimator_", "classifier_", "estimators_")


class Selection(NamedTuple):
    """Columns that a fitted model kept.

    Attributes
    ----------
    columns : list of str
        Their names.
    n_offered : int
        Columns that it chose from.
    """

    columns: list[str]
    n_offered: int


def kept_columns(model: Any) -> Selection | None:
    """Read which columns the first step called "select" of a fitted model kept.

    Parameters
    ----------
    model : classifier
        Fitted; steps are looked for below meta-estimators, in members of ensembles too.

    Returns
    -------
    Selection or None
        None where no such step selects. Columns that a step keeps in any case do not count, and
        random choice does not either: seeded alike in every fold, its columns agree by design.

    Examples
    --------
    >>> from sklearn.feature_selection import SelectKBest
    >>> from sklearn.pipeline import Pipeline
    >>> from sklearn.naive_bayes import GaussianNB
    >>> X = pd.DataFrame({"a": [0, 1, 0, 1], "b": [0, 0, 5, 6]})
    >>> model = Pipeline([("select", SelectKBest(k=1)), ("classify", GaussianNB())])
    >>> kept_columns(model.fit(X, [0, 0, 1, 1]))
    Selection(columns=['b'], n_offered=2)
    """
    select = next((step for step in _selecting(model) if hasattr(step, "get_support")), None)
    if select is None or select.get_params().get("score_func") == "random":
        return None
    support = select.get_support()
    names = getattr(select, "feature_names_in_", [f"x{i}" for i in range(len(support))])
    return Selection([str(name) for name in np.asarray(names)[support]], len(support))


def summarise_selections(selections: pd.DataFrame) -> pd.DataFrame:
    """Count the columns that models kept, and tell how stable their choice was over folds.

    Parameters
    ----------
    selections : DataFrame
        From `out_of_fold`.

    Returns
    -------
    DataFrame
        One row a model that selects: `model`, `columns` (mean number over folds),
        `columns_offered` (of how many), and Nogueira's index `stability`, NaN where all folds kept
        all columns or none; see `fusion.selection.selection_stability`. NaN too for a single fold.

    Notes
    -----
    The index has no interval here: its own supposes independent selections, and folds share most
    of their rows. In simulated cross-validations of five folds, and of five times five, its 95 %
    interval held the mean index over data sets about half of the time.
    """
    rows = []
    for model, part in selections.groupby("model", sort=False):
        offered = int(part["offered"].max())
        kept = [set(names.dropna()) for _, names in part.groupby(["repeat", "fold"])["column"]]
        names = sorted(set().union(*kept))
        supports = np.zeros((len(kept), max(offered, len(names))), dtype=bool)
        for fold, chosen in enumerate(kept):
            supports[fold, : len(names)] = [name in chosen for name in names]
        # One fold has none to agree with.
        index = selection_stability(supports).index if len(kept) > 1 else np.nan
        rows.append((model, supports.sum(axis=1).mean(), offered, index))
    return pd.DataFrame(rows, columns=["model", "columns", "columns_offered", "stability"])


def selection_table(rows: list[tuple[str, int, int, Selection]]) -> pd.DataFrame:
    """Table of what models kept in each fold.

    Parameters
    ----------
    rows : list of (str, int, int, Selection)
        Model, repeat, fold, and what it kept.

    Returns
    -------
    DataFrame
        One row a model, repeat, fold and column: `model`, `repeat`, `fold`, `offered`, `column`.
        A fold that kept nothing has one row without a column.
    """
    table = [(*where, kept.n_offered, kept.columns) for *where, kept in rows]
    columns = ["model", "repeat", "fold", "offered", "column"]
    return pd.DataFrame(table, columns=columns).explode("column", ignore_index=True)


def _selecting(model: Any) -> Iterator[Any]:
    """Fitted selectors of steps called "select", from the outside in."""
    for name, step in getattr(model, "steps", ()):
        if name == SELECT:
            yield _innermost(step)
        else:
            yield from _selecting(step)
    for name in _PARTS:
        found = getattr(model, name, ())
        for part in found if isinstance(found, list | tuple | np.ndarray) else [found]:
            yield from _selecting(part)


def _innermost(step: Any) -> Any:
    """Go below what keeps some columns in any case, or tries how many, to what chooses."""
    inner = getattr(step, "selector_", None)
    return step if inner is None else _innermost(inner)
