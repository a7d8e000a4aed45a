"""Where to look for good parameters of the boosted trees: for a grid, at random, or by Optuna."""

from typing import Any, NamedTuple

import numpy as np
from scipy.stats import loguniform, randint, uniform


class Range(NamedTuple):
    """Values of a number, both ends included.

    Attributes
    ----------
    low, high : float
        Ends; two ints for whole numbers.
    log : bool
        Whether equal ratios, not equal steps, are equally likely.
    """

    low: float
    high: float
    log: bool = False


# The rounds go with the learning rate: fewer of them where each learns more.
BOOSTING_RANGES: dict[str, Range] = {
    "n_estimators": Range(200, 1000),
    "learning_rate": Range(0.02, 0.2, log=True),
    "max_depth": Range(2, 7),
    "min_child_weight": Range(0.5, 20.0, log=True),
    "subsample": Range(0.5, 1.0),
    "colsample_bytree": Range(0.05, 0.8, log=True),
    "reg_lambda": Range(0.1, 30.0, log=True),
}


def boosting_distributions(prefix: str = "") -> dict[str, Any]:
    """Distributions of the parameters of `BoostedTrees`, for `RandomizedSearchCV`.

    Parameters
    ----------
    prefix : str, default=""
        Where the trees are in the model: "classify__estimator__" in a fused one.

    Returns
    -------
    dict of str to frozen distribution of `scipy.stats`
        Over `BOOSTING_RANGES`.

    Examples
    --------
    >>> space = boosting_distributions("classify__estimator__")
    >>> space["classify__estimator__subsample"].rvs(100, random_state=0).max() <= 1
    np.True_
    """
    return {prefix + name: _distribution(values) for name, values in BOOSTING_RANGES.items()}


def boosting_grid(*names: str, n_values: int = 3, prefix: str = "") -> dict[str, list[float]]:
    """Evenly spaced values of some parameters of `BoostedTrees`, for `GridSearchCV`.

    Parameters
    ----------
    *names : str
        Of `BOOSTING_RANGES`. Few: a grid of all seven has thousands of points.
    n_values : int, default=3
        Values of each, at least 2: the ends of its range, and some between.
    prefix : str, default=""
        Where the trees are in the model: "classify__estimator__" in a fused one.

    Returns
    -------
    dict of str to list
        A parameter grid.

    Raises
    ------
    ValueError
        If a name is none of `BOOSTING_RANGES`, or none is given.

    Examples
    --------
    >>> boosting_grid("max_depth", "learning_rate")
    {'max_depth': [2, 4, 7], 'learning_rate': [0.02, 0.0632, 0.2]}
    """
    unknown = sorted(set(names) - set(BOOSTING_RANGES))
    if unknown or not names:
        raise ValueError(f"Expected names of {list(BOOSTING_RANGES)}, got {unknown or 'none'}.")
    return {prefix + name: _grid(BOOSTING_RANGES[name], n_values) for name in names}


def suggest_boosting(trial: Any, prefix: str = "") -> dict[str, float]:
    """Parameters of `BoostedTrees` that a trial of Optuna proposes.

    Parameters
    ----------
    trial : optuna.Trial
        Asked for each parameter by its name in `BOOSTING_RANGES`.
    prefix : str, default=""
        Where the trees are in the model: "classify__estimator__" in a fused one.

    Returns
    -------
    dict of str to float or int
        For `set_params` of the model.

    Examples
    --------
    An objective under lesion groups, of columns `table`, labels `y` and groups `lesion`::

        def objective(trial):
            model = BoostedTrees(random_state=0).set_params(**suggest_boosting(trial))
            folds = grouped_folds(y, lesion, 5, random_state=0)
            return cross_val_score(model, table, y, cv=folds, scoring="roc_auc_ovr").mean()


        optuna.create_study(direction="maximize").optimize(objective, n_trials=50)
    """
    proposed: dict[str, float] = {}
    for name, (low, high, log) in BOOSTING_RANGES.items():
        suggest = trial.suggest_int if isinstance(low, int) else trial.suggest_float
        proposed[prefix + name] = suggest(name, low, high, log=log)
    return proposed


def _distribution(values: Range) -> Any:
    low, high, log = values
    if isinstance(low, int):
        return randint(low, high + 1)
    return loguniform(low, high) if log else uniform(low, high - low)


def _grid(values: Range, n_values: int) -> list[float]:
    low, high, log = values
    spaced = (np.geomspace if log else np.linspace)(low, high, n_values)
    if isinstance(low, int):
        return [int(value) for value in spaced]
    return [float(f"{value:.3g}") for value in spaced]
