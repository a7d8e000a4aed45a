import numpy as np
import pytest
from sklearn.datasets import make_classification
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    RandomizedSearchCV,
    cross_val_score,
)

from fusion import (
    BoostedTrees,
    boosting_distributions,
    boosting_grid,
    grouped_folds,
    suggest_boosting,
)
from fusion.search_space import BOOSTING_RANGES


@pytest.fixture(scope="module")
def toy():
    X, y = make_classification(120, 6, random_state=0)
    return X, y, np.arange(120) // 2


class Trial:
    """What is asked of a trial of Optuna, answered with the upper ends."""

    def __init__(self):
        self.asked = {}

    def suggest_int(self, name, low, high, *, step=1, log=False):
        self.asked[name] = (low, high, log)
        return high

    suggest_float = suggest_int


def test_every_range_is_of_a_parameter_and_holds_its_default_or_the_recipes():
    defaults = BoostedTrees().get_params()
    assert set(BOOSTING_RANGES) <= set(defaults)
    for name, (low, high, _) in BOOSTING_RANGES.items():
        assert low <= defaults[name] <= high


def test_a_random_search_under_groups(toy):
    X, y, groups = toy
    space = boosting_distributions() | {"n_estimators": [30, 60]}
    search = RandomizedSearchCV(
        BoostedTrees(random_state=0),
        space,
        n_iter=3,
        cv=GroupKFold(2),
        random_state=0,
        error_score="raise",
    )
    search.fit(X, y, groups=groups)
    assert set(search.best_params_) == set(BOOSTING_RANGES)
    assert search.best_score_ > 0.6


def test_draws_stay_in_range():
    for name, distribution in boosting_distributions("a__").items():
        low, high, _ = BOOSTING_RANGES[name.removeprefix("a__")]
        drawn = distribution.rvs(200, random_state=0)
        assert low <= drawn.min() < drawn.max() <= high
        assert isinstance(drawn[0], np.integer) == isinstance(low, int)


def test_a_grid_under_groups(toy):
    X, y, groups = toy
    grid = boosting_grid("max_depth", "subsample", n_values=2)
    assert grid == {"max_depth": [2, 7], "subsample": [0.5, 1.0]}
    model = BoostedTrees(5, random_state=0)
    search = GridSearchCV(model, grid, cv=GroupKFold(2), error_score="raise")
    assert set(search.fit(X, y, groups=groups).best_params_) == set(grid)


@pytest.mark.parametrize("names", [(), ("depth",)])
def test_grid_of_unknown_names(names):
    with pytest.raises(ValueError, match="Expected names of"):
        boosting_grid(*names)


def test_a_trial_is_asked_for_every_range():
    trial = Trial()
    proposed = suggest_boosting(trial, "model__")
    assert trial.asked == {name: tuple(values) for name, values in BOOSTING_RANGES.items()}
    assert proposed == {f"model__{name}": values.high for name, values in BOOSTING_RANGES.items()}


def test_optuna_itself(toy):
    optuna = pytest.importorskip("optuna", reason="optuna is not installed")
    X, y, _ = toy
    trial = optuna.trial.FixedTrial({name: values.low for name, values in BOOSTING_RANGES.items()})
    model = BoostedTrees(random_state=0).set_params(**suggest_boosting(trial))
    assert model.set_params(n_estimators=3).fit(X, y).max_depth == 2


def test_a_study_of_optuna_under_groups(toy):
    optuna = pytest.importorskip("optuna", reason="optuna is not installed")
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    X, y, groups = toy
    folds = grouped_folds(y, groups, 2, random_state=0)
    assert all(not set(groups[train]) & set(groups[test]) for train, test in folds)

    def objective(trial):
        model = BoostedTrees(n_estimators=20, random_state=0).set_params(**suggest_boosting(trial))
        return cross_val_score(model, X, y, cv=folds, scoring="roc_auc").mean()

    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.RandomSampler(seed=0))
    study.optimize(objective, n_trials=4)
    assert len({trial.params["learning_rate"] for trial in study.trials}) == 4
    for trial in study.trials:
        assert set(trial.params) == set(BOOSTING_RANGES)
        for name, (low, high, _) in BOOSTING_RANGES.items():
            assert low <= trial.params[name] <= high
    best = BoostedTrees(n_estimators=20, random_state=0).set_params(**study.best_params)
    again = cross_val_score(best, X, y, cv=folds, scoring="roc_auc").mean()
    assert again == pytest.approx(study.best_value)
    assert study.best_value > 0.6
