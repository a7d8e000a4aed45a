import numpy as np
import pytest
import sklearn
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_validate
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline

from fusion import BlockScaler, BoostedTrees, GroupedCalibration


@pytest.fixture(scope="module")
def toy():
    X, y = make_classification(400, 8, n_informative=4, n_redundant=4, random_state=0)
    return X, np.array(["mel", "nv"])[y], np.arange(400) // 2


def assert_disjoint(splits, groups):
    assert splits
    for train, test in splits:
        assert not set(groups[train]) & set(groups[test])


@pytest.mark.parametrize("method", ["sigmoid", "isotonic", "temperature"])
def test_overconfident_probabilities_are_tamed(toy, method):
    X, y, groups = toy
    plain = GaussianNB().fit(X[:300], y[:300])
    model = GroupedCalibration(GaussianNB(), method, random_state=0)
    model.fit(X[:300], y[:300], groups=groups[:300])
    calibrated = model.predict_proba(X[300:])
    assert_allclose(calibrated.sum(axis=1), 1)
    assert log_loss(y[300:], calibrated) < log_loss(y[300:], plain.predict_proba(X[300:]))
    assert_array_equal(model.predict(X), model.classes_[model.predict_proba(X).argmax(axis=1)])


@pytest.mark.parametrize("wrapped", [False, True])
@pytest.mark.parametrize("routing", [False, True])
def test_groups_are_disjoint_on_every_level(toy, routing, wrapped):
    X, y, groups = toy
    trees = BoostedTrees(5, early_stopping_rounds=2, random_state=0)
    model = GroupedCalibration(
        make_pipeline(BlockScaler(), trees) if wrapped else trees, n_splits=3, random_state=0
    )
    with sklearn.config_context(enable_metadata_routing=routing):
        model.fit(X, y, groups=groups)
    assert_disjoint(model.splits_, groups)
    for (train, _), fitted in zip(
        model.splits_, model.calibrated_.calibrated_classifiers_, strict=True
    ):
        inner = fitted.estimator[-1] if wrapped else fitted.estimator
        aside = np.isin(np.arange(len(train)), inner.validation_indices_)
        assert not set(groups[train][aside]) & set(groups[train][~aside])


def test_groups_are_disjoint_under_nested_search(toy):
    X, y, groups = toy
    model = GroupedCalibration(LogisticRegression(), n_splits=2, random_state=0)
    with sklearn.config_context(enable_metadata_routing=True):
        search = GridSearchCV(model, {"estimator__C": [0.1, 1]}, cv=GroupKFold(2))
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


def test_fewer_groups_than_folds():
    with pytest.raises(ValueError, match="5 folds need at least as many groups, got 2"):
        GroupedCalibration(GaussianNB()).fit(np.eye(4), list("abab"), groups=[0, 0, 1, 1])
