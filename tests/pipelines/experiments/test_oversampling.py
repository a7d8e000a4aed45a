import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.utils.estimator_checks import parametrize_with_checks

from fusion import BoostedTrees
from pipelines.experiments.oversampling import Oversampled, draw_copies


@parametrize_with_checks([Oversampled(LogisticRegression(), random_state=0)])
def test_sklearn_contract(estimator, check):
    check(estimator)


def test_copies_balance_classes():
    y = np.array(["a", "b", "b", "b", "c", "c"])
    rows = np.r_[np.arange(6), draw_copies(y, random_state=0)]
    assert np.unique(y[rows], return_counts=True)[1].tolist() == [3, 3, 3]


def test_copies_count_as_weights_do():
    X, y = np.arange(12.0)[:, None], np.repeat(["a", "b"], [3, 9])
    model = Oversampled(LogisticRegression(), random_state=0).fit(X, y)
    weighted = LogisticRegression(class_weight="balanced").fit(X, y)
    assert model.predict([[5.0]]) == weighted.predict([[5.0]])
    assert model.classes_.tolist() == ["a", "b"]


def test_a_copy_stays_in_the_group_of_its_row():
    rng = np.random.default_rng(0)
    y = np.repeat(["a", "b"], [20, 60])
    trees = BoostedTrees(n_estimators=5, early_stopping_rounds=2, validation_fraction=0.3)
    model = Oversampled(trees, random_state=0)
    model.fit(rng.normal(size=(80, 2)), y, groups=np.arange(80) // 2)
    rows = np.r_[np.arange(80), draw_copies(y, 0)]
    aside = model.estimator_.validation_indices_
    inside = np.setdiff1d(np.arange(len(rows)), aside)
    assert not set(rows[aside] // 2) & set(rows[inside] // 2)
