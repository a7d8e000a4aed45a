import pickle

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import config_context
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, GroupKFold
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import Pipeline

from fusion.selection import BoltzmannSelector, OneStandardError, ScoreSelector, selection_stability
from fusion.selection.scores import anova_f

CALLS = []


def counted(X, y, **wanted):
    CALLS.append(X.shape)
    return anova_f(X, y, **wanted)


@pytest.fixture
def toy():
    """Two columns do all that ten can."""
    rng = np.random.default_rng(0)
    y = np.arange(200) % 2
    table = rng.normal(size=(200, 10))
    table[:, :2] += 1.5 * y[:, None]
    return table, y


def make_rule(candidates=(1, 2, 5, 10), **parameters):
    parameters = {"random_state": 0} | parameters
    return OneStandardError(ScoreSelector(), GaussianNB(), candidates, **parameters)


def test_the_fewest_columns_within_one_corrected_error_are_taken(toy):
    rule = make_rule().fit(*toy)
    scores = rule.fold_scores_
    assert scores.shape == (4, 5)
    mean = scores.mean(axis=1)
    # Five folds: the test part is a quarter of the training part.
    error = np.sqrt((1 / 5 + 1 / 4) * scores.var(axis=1, ddof=1))
    assert_allclose(rule.results_["mean"], mean)
    assert_allclose(rule.results_["standard_error"], error)
    enough = mean >= mean.max() - error[mean.argmax()]
    assert rule.k_ == [1, 2, 5, 10][np.flatnonzero(enough)[0]] == 2
    assert_array_equal(rule.get_support(indices=True), [0, 1])


@pytest.mark.parametrize(("n_errors", "k"), [(0, 5), (1.0, 2), (100.0, 1)])
def test_more_errors_mean_fewer_columns(toy, n_errors, k):
    def score(classifier, X, y):
        # Folds differ by up to 0.1, candidates by 0.05 a step.
        return {1: 0.5, 2: 0.9, 5: 0.92, 10: 0.6}[X.shape[1]] + 0.1 * abs(np.sin(X[0, 0]))

    assert make_rule(scoring=score, n_errors=n_errors).fit(*toy).k_ == k


def test_every_fold_is_ranked_once(toy):
    CALLS.clear()
    OneStandardError(ScoreSelector(counted), GaussianNB(), [1, 2, 5, 10], random_state=0).fit(*toy)
    assert len(CALLS) == 5 + 1


def test_supports_of_folds_measure_stability(toy):
    rule = make_rule([2]).fit(*toy)
    assert rule.supports_.shape == (5, 10)
    assert_array_equal(rule.supports_.sum(axis=1), 2)
    assert selection_stability(rule.supports_).index > 0.5


class Watched(GaussianNB):
    """Remembers the first column of the rows of every fit."""

    def fit(self, X, y):
        CALLS.append(set(np.asarray(X)[:, 0].tolist()))
        return super().fit(X, y)


def test_groups_are_not_parted(toy):
    table, y = toy
    groups = np.arange(200) // 4
    table = np.column_stack([groups.astype(float) * (1 + 1e-9), table])
    CALLS.clear()
    rule = OneStandardError(ScoreSelector("random", random_state=0), Watched(), [1.0])
    rule.fit(table, y, groups=groups)
    assert len(CALLS) == 5
    # Forty of the fifty groups train, each of them whole.
    assert [len(values) for values in CALLS] == [40] * 5


def test_repeats_deal_rows_out_anew(toy):
    rule = make_rule([2], n_repeats=3).fit(*toy)
    assert rule.fold_scores_.shape == (1, 15)
    assert len(np.unique(rule.fold_scores_[0])) > 5


def test_no_column_at_all_is_a_candidate(toy):
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(200, 5))
    rule = OneStandardError(
        BoltzmannSelector(random_state=0), GaussianNB(), ["fdr", 1.0], random_state=0
    ).fit(noise, toy[1])
    assert rule.results_["mean"][0] == pytest.approx(0.5, abs=0.1)


def test_the_order_of_candidates_does_not_matter(toy):
    candidates = [1, ("fdr", 0.05), 0.2, 2, "mean", 1.0]
    fitted = []
    for order in (candidates, candidates[::-1], candidates[1:] + candidates[:1]):
        selector = BoltzmannSelector(n_permutations=10, random_state=0)
        rule = OneStandardError(selector, GaussianNB(), order, random_state=0).fit(*toy)
        table = rule.results_.assign(k=rule.results_["k"].map(repr)).set_index("k")
        fitted.append((rule, table.loc[[repr(k) for k in candidates]]))
    first, results = fitted[0]
    for rule, others in fitted[1:]:
        assert rule.k_ == first.k_
        assert_allclose(others.to_numpy(), results.to_numpy())
        assert_array_equal(rule.get_support(), first.get_support())


def test_a_rule_that_needs_p_values_may_come_last(toy):
    selector = BoltzmannSelector(random_state=0)
    rule = OneStandardError(selector, GaussianNB(), [10, "fdr"], random_state=0).fit(*toy)
    assert rule.k_ == "fdr"
    assert_array_equal(rule.get_support(indices=True), [0, 1])


def test_a_search_under_groups(toy):
    table, y = toy
    groups = np.arange(200) // 4
    table = np.column_stack([groups * (1 + 1e-9), table])
    model = Pipeline(
        [
            ("select", make_rule([2, 10], n_splits=3)),
            ("classify", GaussianNB()),
        ]
    )
    # Of the two settings only the first can choose few columns.
    grid = {"select__candidates": [[2], [11]], "select__selector__score_func": ["anova_f"]}
    with config_context(enable_metadata_routing=True):
        search = GridSearchCV(model, grid, cv=GroupKFold(3), error_score="raise")
        search.fit(table, y, groups=groups)
        seen = search.best_estimator_["select"]
        alone = clone(seen).fit(table, y, groups=groups)
        without = clone(seen).fit(table, y)
    assert_allclose(seen.fold_scores_, alone.fold_scores_)
    assert (seen.fold_scores_ != without.fold_scores_).any()
    direct = GridSearchCV(seen, {"candidates": [[2], [11]]}, cv=GroupKFold(3), scoring=n_kept)
    assert direct.fit(table, y, groups=groups).best_params_ == {"candidates": [11]}


def n_kept(rule, X, y):
    return rule.get_support().sum()


def test_names_clone_and_pickle(toy):
    table, y = toy
    frame = pd.DataFrame(table, columns=[f"a__{j}" for j in range(10)])
    rule = make_rule().set_output(transform="pandas")
    out = rule.fit(frame, y).transform(frame)
    assert out.columns.tolist() == ["a__0", "a__1"]
    assert pickle.loads(pickle.dumps(rule)).transform(frame).equals(out)
    assert clone(rule).fit(frame, y).k_ == rule.k_


def test_many_jobs_give_the_same(toy):
    alone = make_rule().fit(*toy)
    assert_array_equal(make_rule(n_jobs=2).fit(*toy).fold_scores_, alone.fold_scores_)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"candidates": ()}, "`candidates` must hold at least one"),
        ({"candidates": (0,)}, "`k` must be an int >= 1"),
        ({"n_repeats": 0}, "`n_repeats` must be an int >= 1, got 0"),
        ({"n_errors": -1}, "`n_errors` must be >= 0, got -1"),
    ],
)
def test_parameters_out_of_range(toy, parameters, message):
    with pytest.raises(ValueError, match=message):
        make_rule(**parameters).fit(*toy)


def test_too_few_groups(toy):
    with pytest.raises(ValueError, match="groups"):
        make_rule().fit(*toy, groups=np.arange(200) % 3)


def test_scoring_by_name(toy):
    rule = OneStandardError(
        ScoreSelector(), LogisticRegression(), [2, 10], scoring="neg_log_loss", random_state=0
    ).fit(*toy)
    assert (rule.fold_scores_ < 0).all()
