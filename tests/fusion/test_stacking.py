import numpy as np
import pandas as pd
import pytest
import sklearn
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_validate
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline

from fusion import BlockSelector, BoostedTrees, GroupedStacking


@pytest.fixture(scope="module")
def toy():
    """Two blocks of two columns, each with half of the signal; two images a lesion."""
    rng = np.random.default_rng(0)
    y = rng.permutation(np.arange(200) % 2).repeat(2)
    groups = np.arange(200).repeat(2)
    values = 0.8 * y[:, None] * [1, 0, 1, 0] + rng.normal(size=(400, 4))
    columns = ["color__0", "color__1", "deep__0", "deep__1"]
    return pd.DataFrame(values, columns=columns), np.array(["mel", "nv"])[y], groups


def by_block(**parameters):
    members = [
        (block, make_pipeline(BlockSelector([block]), LogisticRegression()))
        for block in ("color", "deep")
    ]
    return GroupedStacking(members, **({"n_splits": 3, "random_state": 0} | parameters))


def assert_disjoint(splits, groups):
    assert splits
    for train, test in splits:
        assert not set(groups[train]) & set(groups[test])


def test_fusion_beats_its_members(toy):
    X, y, groups = toy
    rows, others = np.arange(200), np.arange(200, 400)
    model = by_block().fit(X.iloc[rows], y[rows], groups=groups[rows])
    truth = y[others] == "nv"
    fused = roc_auc_score(truth, model.predict_proba(X.iloc[others])[:, 1])
    alone = [
        roc_auc_score(truth, member.predict_proba(X.iloc[others])[:, 1])
        for member in model.estimators_
    ]
    assert fused > max(alone) + 0.02
    assert_array_equal(model.feature_names_in_, X.columns)


def test_final_classifier_learns_from_rows_and_groups_not_seen(toy):
    X, y, groups = toy
    # One neighbour remembers its training rows, hence their lesions: out of fold it does not.
    memory = GroupedStacking([("memory", KNeighborsClassifier(1))], n_splits=3, random_state=0).fit(
        X, y, groups=groups
    )
    assert np.mean(memory.out_of_fold_[0].argmax(axis=1) == (y == "nv")) < 0.8
    assert memory.estimators_[0].score(X, y) == 1
    assert_disjoint(memory.splits_, groups)
    for train, test in memory.splits_:
        fitted = KNeighborsClassifier(1).fit(X.iloc[train], y[train])
        assert_array_equal(memory.out_of_fold_[0][test], fitted.predict_proba(X.iloc[test]))


def test_lesions_split_over_folds_would_leak():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(100, 5)).repeat(2, axis=0)
    y = rng.permutation(np.arange(100) % 2).repeat(2)
    model = GroupedStacking([("memory", KNeighborsClassifier(1))], n_splits=5, random_state=0)
    honest = clone(model).fit(X, y, groups=np.arange(100).repeat(2)).out_of_fold_[0][:, 1]
    leaky = clone(model).fit(X, y).out_of_fold_[0][:, 1]
    assert roc_auc_score(y, honest) < 0.65
    assert roc_auc_score(y, leaky) > 0.75


@pytest.mark.parametrize("routing", [False, True])
def test_groups_are_disjoint_on_every_level(toy, routing):
    X, y, groups = toy
    trees = BoostedTrees(5, early_stopping_rounds=2, random_state=0)
    members = [("trees", trees), ("deep", make_pipeline(BlockSelector(["deep"]), trees))]
    model = GroupedStacking(members, trees, n_splits=3, random_state=0)
    with sklearn.config_context(enable_metadata_routing=routing):
        model.fit(X, y, groups=groups)
    assert_disjoint(model.splits_, groups)
    for fitted in (model.estimators_[0], model.estimators_[1][-1], model.final_estimator_):
        aside = np.isin(np.arange(len(y)), fitted.validation_indices_)
        assert aside.any()
        assert not set(groups[aside]) & set(groups[~aside])


def test_groups_are_disjoint_under_nested_search(toy):
    X, y, groups = toy
    with sklearn.config_context(enable_metadata_routing=True):
        search = GridSearchCV(
            by_block(n_splits=2), {"deep__logisticregression__C": [0.1, 1]}, cv=GroupKFold(2)
        )
        result = cross_validate(
            search,
            X,
            y,
            cv=GroupKFold(2),
            params={"groups": groups},
            return_estimator=True,
            return_indices=True,
        )
    for fitted, rows in zip(result["estimator"], result["indices"]["train"], strict=True):
        assert_disjoint(fitted.best_estimator_.splits_, groups[rows])


def test_weights_count_in_all_classifiers(toy):
    X, y, groups = toy
    members = [("bayes", GaussianNB()), ("logistic", LogisticRegression())]
    model = GroupedStacking(members, n_splits=3, random_state=0)
    plain = clone(model).fit(X, y, groups=groups).predict_proba(X)
    ones = clone(model).fit(X, y, np.ones(400), groups).predict_proba(X)
    assert_allclose(ones, plain, rtol=1e-4)
    heavy = clone(model).fit(X, y, np.where(y == "mel", 9.0, 1.0), groups).predict_proba(X)
    assert heavy[:, 0].mean() > plain[:, 0].mean() + 0.1


def test_the_same_seed_gives_the_same_bits(toy):
    X, y, groups = toy
    first, again = (by_block().fit(X, y, groups=groups).predict_proba(X) for _ in range(2))
    assert_array_equal(first, again)


def test_certain_members_do_not_break_the_logarithm():
    X = np.r_[np.zeros(20), np.ones(20)][:, None]
    y = np.repeat(["a", "b"], 20)
    model = GroupedStacking([("memory", KNeighborsClassifier(1))], random_state=0).fit(X, y)
    assert_array_equal(model.predict(X), y)


def test_names_of_members_are_unique(toy):
    X, y, _ = toy
    members = [("one", GaussianNB()), ("one", GaussianNB())]
    with pytest.raises(ValueError, match="not unique"):
        GroupedStacking(members).fit(X, y)


def test_parameters_of_members_are_set_by_name():
    model = by_block().set_params(deep__logisticregression__C=3.0)
    assert dict(model.estimators)["deep"][-1].C == 3.0
    assert model.get_params()["color__logisticregression__C"] == 1.0
