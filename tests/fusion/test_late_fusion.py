import pickle

import numpy as np
import pandas as pd
import pytest
import sklearn
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GridSearchCV, GroupKFold
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.utils.estimator_checks import parametrize_with_checks

from fusion import BoostedTrees, GroupedStacking, LateFusion, block_members

WEIGHTS = (
    "check_sample_weight_equivalence_on_dense_data",
    "check_sample_weight_equivalence_on_sparse_data",
)


@parametrize_with_checks(
    [
        LateFusion([("one", LogisticRegression()), ("two", LogisticRegression(C=0.1))]),
        LateFusion([("one", LogisticRegression())], rule="rank", n_splits=3),
    ],
    expected_failed_checks=lambda estimator: (
        dict.fromkeys(WEIGHTS, "repeated rows change the inner folds")
        if estimator.rule == "rank"
        else {}
    ),
)
def test_sklearn_contract(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def toy():
    """Three blocks, each with a part of the signal; two images a lesion, three classes."""
    rng = np.random.default_rng(0)
    codes = rng.permutation(np.arange(240) % 3).repeat(2)
    signal = np.eye(3)[codes].repeat(2, axis=1)
    columns = [f"{block}__{i}" for block in ("color", "deep", "hog") for i in range(2)]
    table = pd.DataFrame(signal + rng.normal(size=signal.shape), columns=columns)
    return table, np.array(["bkl", "mel", "nv"])[codes], np.arange(240).repeat(2)


def by_block(rule, classifier=None):
    members = block_members(classifier or LogisticRegression(), ["color", "deep", "hog"])
    return LateFusion(members, rule, n_splits=3, random_state=0)


def macro_auc(y, probabilities):
    return roc_auc_score(y, probabilities, multi_class="ovr")


@pytest.mark.parametrize("rule", ["mean", "rank"])
def test_fusion_beats_its_members(toy, rule):
    X, y, groups = toy
    rows, others = np.arange(240), np.arange(240, 480)
    model = by_block(rule).fit(X.iloc[rows], y[rows], groups=groups[rows])
    fused = macro_auc(y[others], model.predict_proba(X.iloc[others]))
    alone = [
        macro_auc(y[others], member.predict_proba(X.iloc[others])) for member in model.estimators_
    ]
    assert fused > max(alone) + 0.05
    assert_array_equal(model.feature_names_in_, X.columns)


def test_mean_is_the_mean_and_needs_no_folds(toy):
    X, y, groups = toy
    model = by_block("mean").fit(X, y, groups=groups)
    members = [member.predict_proba(X) for member in model.estimators_]
    assert_allclose(model.predict_proba(X), np.mean(members, axis=0))
    assert not hasattr(model, "splits_")


def test_another_rule_leaves_nothing_of_the_first(toy):
    X, y, groups = toy
    model = by_block("rank").fit(X, y, groups=groups)
    model.set_params(rule="mean").fit(X, y, groups=groups)
    assert not {"splits_", "out_of_fold_"} & set(vars(model))


def test_ranks_are_against_rows_and_groups_not_seen(toy):
    X, y, groups = toy
    # One neighbour remembers its training rows, hence their lesions: out of fold it does not.
    model = by_block("rank", KNeighborsClassifier(1)).fit(X, y, groups=groups)
    for train, test in model.splits_:
        assert not set(groups[train]) & set(groups[test])
        for member, scores in zip(model.estimators, model.out_of_fold_, strict=True):
            fitted = clone(member[1]).fit(X.iloc[train], y[train])
            assert_array_equal(scores[test], fitted.predict_proba(X.iloc[test]))
    hits = model.out_of_fold_.argmax(axis=2) == np.searchsorted(model.classes_, y)
    assert hits.mean() < 0.8 < model.estimators_[0].score(X, y)


def test_members_of_a_stack_and_of_a_mean_are_the_same(toy):
    X, y, groups = toy
    mean = by_block("mean").fit(X, y, groups=groups)
    stack = GroupedStacking(mean.estimators, n_splits=3, random_state=0).fit(X, y, groups=groups)
    for ours, theirs in zip(mean.estimators_, stack.estimators_, strict=True):
        assert_array_equal(ours.predict_proba(X), theirs.predict_proba(X))


@pytest.mark.parametrize("routing", [False, True])
@pytest.mark.parametrize("rule", ["mean", "rank"])
def test_groups_reach_the_members(toy, rule, routing):
    X, y, groups = toy
    model = by_block(rule, BoostedTrees(5, early_stopping_rounds=2, random_state=0))
    with sklearn.config_context(enable_metadata_routing=routing):
        model.fit(X, y, groups=groups)
    for member in model.estimators_:
        aside = np.isin(np.arange(len(y)), member[-1].validation_indices_)
        assert aside.any()
        assert not set(groups[aside]) & set(groups[~aside])


def test_the_rule_is_searched_under_groups(toy):
    X, y, groups = toy
    grid = {"rule": ["mean", "rank"], "deep__classify__C": [0.1, 1.0]}
    search = GridSearchCV(by_block("mean"), grid, cv=GroupKFold(2), error_score="raise")
    search.fit(X, y, groups=groups)
    assert set(search.best_params_) == set(grid)


def test_pickles_and_repeats(toy):
    X, y, groups = toy
    model = by_block("rank").fit(X, y, groups=groups)
    expected = model.predict_proba(X)
    assert_array_equal(pickle.loads(pickle.dumps(model)).predict_proba(X), expected)
    assert_array_equal(clone(model).fit(X, y, groups=groups).predict_proba(X), expected)
    assert_array_equal(model.predict_proba(X.iloc[[7]])[0], expected[7])


def test_weights_count_in_the_members(toy):
    X, y, groups = toy
    members = [("bayes", GaussianNB()), ("logistic", LogisticRegression())]
    for rule in ("mean", "rank"):
        model = LateFusion(members, rule, n_splits=3, random_state=0)
        plain = clone(model).fit(X, y, groups=groups).predict_proba(X)
        heavy = clone(model).fit(X, y, np.where(y == "mel", 9.0, 1.0), groups).predict_proba(X)
        assert heavy[:, 1].mean() > plain[:, 1].mean() + 0.1


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (LateFusion([("one", GaussianNB())], "median"), "`rule` must be one of .*got 'median'"),
        (LateFusion([]), "`estimators` is empty"),
        (LateFusion([("one", GaussianNB()), ("one", GaussianNB())]), "not unique"),
    ],
)
def test_what_cannot_be_fused(toy, model, message):
    X, y, _ = toy
    with pytest.raises(ValueError, match=message):
        model.fit(X, y)


def test_members_see_their_own_blocks_by_name(toy):
    X, y, _ = toy
    members = block_members(LogisticRegression(), {"hand": ["color", "hog"], "deep": ["deep"]})
    model = LateFusion(members).fit(X, y)
    seen = [list(member[-1].feature_names_in_) for member in model.estimators_]
    assert seen == [[n for n in X if "deep" not in n], [n for n in X if "deep" in n]]
