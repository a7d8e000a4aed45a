import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.feature_selection import SelectKBest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedGroupKFold
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import Pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

from fusion import BoltzmannSelector, ScoreSelector
from fusion.selection import OneStandardError
from pipelines.pipeline import LesionPipeline
from pipelines.recipes.select_beside import SelectBeside

Y = np.repeat(["a", "b"], 60)
GROUPS = np.arange(120) // 2


@pytest.fixture
def table():
    values = np.random.default_rng(0).normal(size=(120, 6))
    values[:, 1] += 3 * (Y == "b")
    names = ["hog__0", "hog__1", "hog__2", "cnn__a", "metadata__age", "plain"]
    return pd.DataFrame(values, columns=names)


@pytest.mark.filterwarnings("ignore:k=")
@pytest.mark.filterwarnings("ignore:[0-9]+ samples allow")
@parametrize_with_checks([SelectBeside(ScoreSelector(k=0.5)), SelectBeside(BoltzmannSelector())])
def test_sklearn_contract(estimator, check):
    check(estimator)


def test_blocks_stay_beside_what_is_selected(table):
    select = SelectBeside(BoltzmannSelector(k=1), ["cnn", "metadata"])
    kept = select.fit(table, Y).get_feature_names_out()
    assert list(kept) == ["hog__1", "cnn__a", "metadata__age"]
    assert select.offered_.tolist() == [True, True, True, False, False, True]
    alone = BoltzmannSelector(k=1).fit(table.drop(columns=["cnn__a", "metadata__age"]), Y)
    assert list(select.selector_.feature_names_in_[select.selector_.get_support()]) == list(
        alone.get_feature_names_out()
    )


def test_nothing_to_choose_from(table):
    few = table[["cnn__a", "metadata__age"]]
    select = SelectBeside(BoltzmannSelector(k=1), ["cnn", "metadata"]).fit(few, Y)
    assert select.selector_ is None
    assert select.get_support().all()


def test_a_selector_without_missing_values_sees_medians_and_passes_holes_on(table):
    table.iloc[::7, 1] = np.nan
    table["plain"] = np.nan
    with pytest.raises(ValueError, match="contains NaN"):
        ScoreSelector("anova_f", k=1).fit(table, Y)
    select = SelectBeside(ScoreSelector("anova_f", k=1)).set_output(transform="pandas")
    found = select.fit(table, Y).transform(table)
    pd.testing.assert_frame_equal(found, table[["hog__1"]])
    filled = table.fillna({"hog__1": table["hog__1"].median(), "plain": 0.0})
    direct = ScoreSelector("anova_f", k=1).fit(filled, Y)
    np.testing.assert_allclose(select.selector_.scores_, direct.scores_)


@pytest.mark.parametrize("routing", [False, True])
def test_groups_reach_a_selector_that_splits(table, routing, monkeypatch):
    seen = []
    fit = OneStandardError.fit

    def watch(self, X, y, groups=None):
        seen.append(groups)
        return fit(self, X, y, groups)

    monkeypatch.setattr(OneStandardError, "fit", watch)
    inner = OneStandardError(BoltzmannSelector(), GaussianNB(), [1, 0.5], random_state=0)
    model = LesionPipeline([("select", SelectBeside(inner)), ("classify", GaussianNB())])
    with config_context(enable_metadata_routing=routing):
        model.fit(table, Y, groups=GROUPS)
    np.testing.assert_array_equal(seen[0], GROUPS)


def test_search_clone_and_pickle(table):
    model = Pipeline(
        [("select", SelectBeside(SelectKBest(), ["cnn"])), ("c", LogisticRegression())]
    )
    grid = {"select__selector__k": [1, 3]}
    search = GridSearchCV(model, grid, cv=StratifiedGroupKFold(3)).fit(table, Y, groups=GROUPS)
    copy = pickle.loads(pickle.dumps(search))
    np.testing.assert_array_equal(copy.predict(table), search.predict(table))
    assert not hasattr(clone(search.best_estimator_["select"]), "selector_")
