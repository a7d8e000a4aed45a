import pickle

import numpy as np
import pandas as pd
import pytest
import sklearn
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_validate
from sklearn.pipeline import make_pipeline

from fusion import BlockScaler, BlockSelector, BoostedTrees

NAMES = np.array(["akiec", "mel", "nv"])


@pytest.fixture(scope="module")
def toy():
    X, y = make_classification(
        300, 10, n_informative=4, n_classes=3, n_clusters_per_class=1, random_state=0
    )
    return X, NAMES[y], np.arange(300) // 3


def small(**parameters):
    return BoostedTrees(**({"n_estimators": 15, "random_state": 0} | parameters))


def assert_disjoint(model, groups):
    aside = np.isin(np.arange(len(groups)), model.validation_indices_)
    assert aside.any()
    assert not set(groups[aside]) & set(groups[~aside])


@pytest.mark.parametrize("n_classes", [2, 3])
def test_labels_are_strings_and_columns_follow_classes(toy, n_classes):
    X, y, _ = toy
    rows = np.isin(y, NAMES[:n_classes])
    model = small().fit(X[rows], pd.Series(y[rows]))
    probabilities = model.predict_proba(X[rows])
    assert_array_equal(model.classes_, NAMES[:n_classes])
    assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
    assert_array_equal(model.predict(X[rows]), NAMES[probabilities.argmax(axis=1)])
    assert model.score(X[rows], y[rows]) > 0.9


def test_the_same_seed_gives_the_same_bits(toy):
    X, y, groups = toy
    models = [
        small(random_state=seed, early_stopping_rounds=3).fit(X, y, groups=groups)
        for seed in (0, 0, 1)
    ]
    first, again, other = (model.predict_proba(X) for model in models)
    assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    assert_array_equal(pickle.loads(pickle.dumps(models[0])).predict_proba(X), first)


def test_all_rows_are_used_without_early_stopping(toy):
    X, y, groups = toy
    model = small().fit(X, y, groups=groups)
    assert model.validation_indices_ is None
    assert model.n_rounds_ == 15
    assert_array_equal(model.predict_proba(X), small().fit(X, y).predict_proba(X))


def test_early_stopping_groups_are_disjoint(toy):
    X, y, groups = toy
    model = small(n_estimators=500, early_stopping_rounds=3).fit(X, y, groups=groups)
    assert_disjoint(model, groups)
    assert len(model.validation_indices_) == pytest.approx(0.15 * 300, abs=9)
    assert model.n_rounds_ < 500


@pytest.mark.parametrize("wrapped", [False, True])
def test_early_stopping_groups_are_disjoint_under_cross_validate(toy, wrapped):
    X, y, groups = toy
    model = small(early_stopping_rounds=3)
    model = make_pipeline(BlockScaler(), model) if wrapped else model
    with sklearn.config_context(enable_metadata_routing=True):
        result = cross_validate(
            model,
            X,
            y,
            cv=GroupKFold(3),
            params={"groups": groups},
            return_estimator=True,
            return_indices=True,
        )
    for fitted, train in zip(result["estimator"], result["indices"]["train"], strict=True):
        assert_disjoint(fitted[-1] if wrapped else fitted, groups[train])


def test_early_stopping_groups_are_disjoint_under_nested_search(toy):
    X, y, groups = toy
    model = make_pipeline(BlockScaler(), small(early_stopping_rounds=3))
    with sklearn.config_context(enable_metadata_routing=True):
        search = GridSearchCV(model, {"boostedtrees__max_depth": [2, 3]}, cv=GroupKFold(2))
        result = cross_validate(
            search,
            X,
            y,
            cv=GroupKFold(2),
            params={"groups": groups},
            return_estimator=True,
            return_indices=True,
        )
    for fitted, train in zip(result["estimator"], result["indices"]["train"], strict=True):
        assert_disjoint(fitted.best_estimator_[-1], groups[train])


def test_weights_shift_probabilities_towards_their_class(toy):
    X, y, _ = toy
    plain = small().fit(X, y).predict_proba(X)[:, 1].mean()
    assert small(class_weight={"mel": 5}).fit(X, y).predict_proba(X)[:, 1].mean() > plain
    weighted = small().fit(X, y, sample_weight=np.where(y == "mel", 5, 1))
    same = small(class_weight={"mel": 5, "nv": 1, "akiec": 1}).fit(X, y)
    assert_array_equal(weighted.predict_proba(X), same.predict_proba(X))


def test_balanced_weights_favour_rare_classes(toy):
    X, y, _ = toy
    kept = np.flatnonzero((y != "mel") | (np.arange(300) % 10 == 0))
    plain = small().fit(X[kept], y[kept])
    balanced = small(class_weight="balanced").fit(X[kept], y[kept])
    assert balanced.predict_proba(X)[:, 1].mean() > plain.predict_proba(X)[:, 1].mean()


def test_importances_are_gains(toy):
    X, y, _ = toy
    informative = np.column_stack([np.zeros(300), y == "mel", X[:, :2]])
    importances = small(colsample_bytree=1.0).fit(informative, y == "mel").feature_importances_
    assert importances.argmax() == 1
    assert importances[0] == 0
    assert importances.sum() == pytest.approx(1)


def test_more_parameters_override(toy):
    X, y, _ = toy
    model = small(params={"n_estimators": 4, "gamma": 1.0}).fit(X, y)
    assert model.n_rounds_ == 4
    assert model.model_.gamma == 1.0


def test_column_names_may_hold_any_character(toy):
    X, y, _ = toy
    frame = pd.DataFrame(X, columns=[f"hog__[{i}]<" for i in range(10)])
    model = small().fit(frame, y)
    assert model.feature_names_in_[0] == "hog__[0]<"
    assert model.predict(frame).shape == (300,)


def test_missing_values_are_allowed_and_infinite_ones_are_not(toy):
    X, y, _ = toy
    holes = X.copy()
    holes[::7, 3] = np.nan
    assert np.isfinite(small().fit(holes, y).predict_proba(holes)).all()
    holes[0, 0] = np.inf
    with pytest.raises(ValueError, match="infinity"):
        small().fit(holes, y)


def test_one_class_only(toy):
    with pytest.raises(ValueError, match="at least two classes, got one class: nv"):
        small().fit(np.eye(4), ["nv"] * 4)


def test_clones_have_the_same_parameters():
    model = BoostedTrees(7, class_weight={"a": 2}, params={"gamma": 1})
    assert clone(model).get_params() == model.get_params()


class TestInit:
    @pytest.mark.parametrize("n_classes", [2, 3])
    def test_no_trees_leave_its_probabilities(self, n_classes):
        X, y = make_classification(
            120, n_informative=4, n_classes=n_classes, n_clusters_per_class=1, random_state=0
        )
        first = LogisticRegression(max_iter=500)
        model = BoostedTrees(1, learning_rate=1e-9, init=first, random_state=0).fit(X, y)
        expected = first.fit(X, y).predict_proba(X)
        np.testing.assert_allclose(model.predict_proba(X), expected, atol=1e-4)

    def test_good_columns_are_not_lost_among_many(self):
        rng = np.random.default_rng(0)
        y = rng.integers(0, 3, 1200)
        logits = 2 * np.eye(3)[y] + rng.normal(size=(1200, 3))
        names = [f"lbp__{i}" for i in range(200)] + [f"cnn__{i}" for i in range(3)]
        table = pd.DataFrame(np.hstack([rng.normal(size=(1200, 200)), logits]), columns=names)
        first = make_pipeline(BlockSelector(["cnn"]), LogisticRegression())
        train, test = table[:600], table[600:]
        scores = {}
        for name, init in (("plain", None), ("started", first)):
            model = BoostedTrees(60, colsample_bytree=0.2, init=init, random_state=0)
            scores[name] = log_loss(y[600:], model.fit(train, y[:600]).predict_proba(test))
        alone = log_loss(y[600:], first.fit(train, y[:600]).predict_proba(test))
        assert scores["started"] < scores["plain"] - 0.02
        assert scores["started"] < alone + 0.1

    def test_early_stopping_starts_from_it_too(self):
        X, y = make_classification(200, n_informative=4, random_state=0)
        model = BoostedTrees(
            50, init=LogisticRegression(), early_stopping_rounds=5, random_state=0
        ).fit(X, y)
        assert model.n_rounds_ <= 50
        assert model.validation_indices_ is not None
        assert not set(model.get_params()) ^ set(clone(model).get_params())
