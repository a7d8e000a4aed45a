import pickle

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.feature_selection import f_classif
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedGroupKFold
from sklearn.pipeline import Pipeline

from fusion.selection import BoltzmannSelector, ScoreSelector, boltzmann_selector

CALLS = []


def counted(X, y, *, random_state, n_jobs):
    """F statistics; remembers that it was called."""
    CALLS.append(X.shape)
    return f_classif(X, y)[0]


@pytest.fixture
def toy():
    rng = np.random.default_rng(0)
    y = np.repeat(["melanoma", "nevus"], 60)
    table = rng.normal(size=(120, 12))
    table[:, 3] += 2 * (y == "nevus")
    table[:, 7] -= y == "nevus"
    return table, y


def test_best_columns_are_kept(toy):
    selector = ScoreSelector(k=2).fit(*toy)
    assert_array_equal(selector.get_support(indices=True), [3, 7])
    assert_array_equal(selector.scores_, f_classif(*toy)[0])


def test_a_callable_gets_codes_and_options(toy):
    def score(X, y, *, random_state, n_jobs, power):
        assert set(y) == {0, 1}
        return np.abs(X[y == 1].mean(axis=0) - X[y == 0].mean(axis=0)) ** power

    selector = ScoreSelector(score, k=1, options={"power": 2}).fit(*toy)
    assert selector.get_support(indices=True).tolist() == [3]


def test_constant_columns_come_last_and_never_reach_the_score(toy):
    table, y = toy
    table[:, 3] = 5.0
    CALLS.clear()
    selector = ScoreSelector(counted, k=11).fit(table, y)
    assert CALLS == [(120, 11)]
    assert not selector.eligible_[3]
    assert selector.scores_[3] == 0
    assert selector.ranking_[-1] == 3
    assert not selector.get_support()[3]


def test_nothing_but_constant_columns(toy):
    selector = ScoreSelector(k=1).fit(np.ones((120, 3)), toy[1])
    assert_array_equal(selector.get_support(), [True, False, False])


def test_a_column_constant_within_classes_is_best(toy):
    table, y = toy
    table[:, 0] = y == "nevus"
    selector = ScoreSelector(k=1).fit(table, y)
    assert np.isfinite(selector.scores_).all()
    assert selector.get_support(indices=True).tolist() == [0]


def test_p_values_serve_fdr_after_fit(toy):
    selector = ScoreSelector(k=1).fit(*toy)
    kept = selector.set_params(k=("fdr", 0.01)).get_support(indices=True)
    assert_array_equal(kept, [3, 7])


def test_scores_without_p_values_cannot_serve_fdr(toy):
    selector = ScoreSelector("random", k="fdr", random_state=0).fit(*toy)
    with pytest.raises(ValueError, match="scores without a null distribution cannot use it"):
        selector.get_support()


def test_errors_at_the_door(toy):
    table, y = toy
    with pytest.raises(ValueError, match=r"`score_func` must be one of \['anova_f'"):
        ScoreSelector("f").fit(table, y)
    with pytest.raises(ValueError, match="all rows are of class 'nevus'"):
        ScoreSelector().fit(table[60:], y[60:])
    with pytest.raises(ValueError, match="`k` must be an int >= 1"):
        ScoreSelector(k=0).fit(table, y)
    table[0, 0] = np.nan
    with pytest.raises(ValueError, match="contains NaN"):
        ScoreSelector().fit(table, y)


@pytest.mark.parametrize("selector", [ScoreSelector(k=3), BoltzmannSelector(k=3)])
def test_a_new_k_needs_no_new_fit(toy, selector):
    selector.fit(*toy)
    for k in (1, 5, 0.5, "mean", "median", "knee", ("cumulative", 0.5)):
        fresh = clone(selector).set_params(k=k).fit(*toy)
        assert_array_equal(selector.set_params(k=k).get_support(), fresh.get_support())


@pytest.mark.parametrize("selector", [ScoreSelector(k=3), BoltzmannSelector(k=3)])
def test_pickles_select_the_same(toy, selector):
    fitted = selector.fit(*toy)
    again = pickle.loads(pickle.dumps(fitted))
    assert_array_equal(again.transform(toy[0]), fitted.transform(toy[0]))


def search_over_k(selector, toy):
    """Four values of k on three folds, and a last fit: 13 fits of 4 tables."""
    model = Pipeline([("select", selector), ("classify", LogisticRegression())])
    search = GridSearchCV(model, {"select__k": [1, 2, 4, 8]}, cv=StratifiedGroupKFold(3))
    return search.fit(*toy, groups=np.arange(120) // 2)


def test_a_search_over_k_scores_each_fold_once(toy, tmp_path):
    CALLS.clear()
    plain = search_over_k(ScoreSelector(counted), toy)
    assert len(CALLS) == 13
    CALLS.clear()
    remembered = search_over_k(ScoreSelector(counted, memory=str(tmp_path)), toy)
    assert len(CALLS) == 4
    assert_array_equal(
        remembered.cv_results_["mean_test_score"], plain.cv_results_["mean_test_score"]
    )


def test_a_search_over_k_counts_each_fold_once(toy, tmp_path, monkeypatch):
    calls, count = [], boltzmann_selector.count_columns

    def counting(*args):
        calls.append(args[0].shape)
        return count(*args)

    monkeypatch.setattr(boltzmann_selector, "count_columns", counting)
    search_over_k(BoltzmannSelector(memory=str(tmp_path)), toy)
    assert len(calls) == 4


def test_memory_knows_other_parameters_and_other_rows(toy, tmp_path):
    table, y = toy
    CALLS.clear()
    selector = ScoreSelector(counted, k=2, memory=str(tmp_path))
    first = selector.fit(table, y).scores_
    selector.set_params(k=3).fit(table, y)
    assert len(CALLS) == 1
    assert (selector.fit(table[::-1] + 1, y).scores_ != first).any()
    selector.set_params(random_state=3).fit(table, y)
    assert len(CALLS) == 3
