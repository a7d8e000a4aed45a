import numpy as np
import pandas as pd
import pytest
import sklearn
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, cross_validate
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline

from fusion import (
    BlockScaler,
    BoostedTrees,
    ThresholdRule,
    threshold_at_cost,
    threshold_at_sensitivity,
)

SCORED = st.lists(
    st.tuples(st.integers(0, 6), st.booleans(), st.integers(0, 3)), min_size=1, max_size=25
).filter(lambda rows: any(truth and weight for _, truth, weight in rows))


@pytest.fixture(scope="module")
def toy():
    """Three classes, melanoma rare; two images a lesion."""
    rng = np.random.default_rng(0)
    codes = rng.choice(3, size=400, p=[0.2, 0.15, 0.65]).repeat(2)
    X = 1.2 * np.eye(3)[codes] + rng.normal(size=(800, 3))
    return X, np.array(["bkl", "mel", "nv"])[codes], np.arange(400).repeat(2)


def losses(rows, cost, threshold):
    missed = sum(w for score, truth, w in rows if truth and score < threshold)
    alarms = sum(w for score, truth, w in rows if not truth and score >= threshold)
    return cost * missed + alarms


def unzip(rows):
    return tuple(np.array(column) for column in zip(*rows, strict=True))


@given(SCORED, st.sampled_from([0.5, 0.8, 0.95, 1.0]))
def test_highest_threshold_that_finds_enough(rows, sensitivity):
    scores, positive, weight = unzip(rows)
    threshold = threshold_at_sensitivity(scores, positive, sensitivity, weight)
    total = weight[positive].sum()

    def found(at):
        return weight[positive & (scores >= at)].sum()

    assert found(threshold) >= sensitivity * total - 1e-9
    higher = scores[scores > threshold]
    assert all(found(at) < sensitivity * total for at in higher)


@given(SCORED, st.sampled_from([0.5, 1.0, 3.0, 20.0]))
def test_no_threshold_costs_less(rows, cost):
    scores, positive, weight = unzip(rows)
    threshold = threshold_at_cost(scores, positive, cost, weight)
    best = losses(rows, cost, threshold)
    candidates = [-1, *scores, 99]
    assert best == min(losses(rows, cost, at) for at in candidates)


@given(SCORED)
def test_weights_repeat_rows(rows):
    scores, positive, weight = unzip(rows)
    again = np.repeat(np.arange(len(rows)), weight)
    for rule in (threshold_at_sensitivity, threshold_at_cost):
        assert rule(scores, positive, sample_weight=weight) == rule(scores[again], positive[again])


def test_of_equal_costs_the_lower_threshold_is_taken():
    # One more case found for exactly 20 false alarms.
    scores = np.r_[0.1, np.linspace(0.2, 0.8, 20), 0.9]
    positive = np.r_[True, np.zeros(20, bool), True]
    assert threshold_at_cost(scores, positive, 20) == 0.1
    assert threshold_at_cost(scores, positive, 19) == 0.9


def test_calling_nothing_can_cost_least():
    assert threshold_at_cost([0.9, 0.8, 0.7], [False, False, True], 0.5) == np.inf


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: threshold_at_sensitivity([0.1], [True], 0), r"`sensitivity` must be in \(0, 1\]"),
        (lambda: threshold_at_cost([0.1], [True], 0), "`cost` must be > 0, got 0"),
        (lambda: threshold_at_cost([0.1], [False]), "at least one positive row"),
        (lambda: threshold_at_sensitivity([0.1], [True], 0.9, [0.0]), "at least one positive row"),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_threshold_holds_on_other_lesions(toy):
    X, y, groups = toy
    train = groups < 300
    model = ThresholdRule(LogisticRegression(), "mel", sensitivity=0.9, random_state=0)
    model.fit(X[train], y[train], groups=groups[train])
    labels, test = model.predict(X[~train]), y[~train]
    plain = model.estimator_.predict(X[~train])
    assert np.mean(plain[test == "mel"] == "mel") < 0.5
    assert 0.8 <= np.mean(labels[test == "mel"] == "mel") <= 0.98
    other = labels != "mel"
    values = model.predict_proba(X[~train])[:, [0, 2]]
    assert_array_equal(labels[other], np.array(["bkl", "nv"])[values.argmax(axis=1)][other])


def test_threshold_is_set_on_rows_and_groups_not_seen(toy):
    X, y, groups = toy
    # One neighbour remembers its lesion: seen rows would all have a probability of 0 or 1.
    model = ThresholdRule(KNeighborsClassifier(1), "mel", n_splits=4, random_state=0)
    model.fit(X, y, groups=groups)
    for train, test in model.splits_:
        assert not set(groups[train]) & set(groups[test])
        fitted = KNeighborsClassifier(1).fit(X[train], y[train])
        assert_array_equal(model.out_of_fold_[test], fitted.predict_proba(X[test])[:, 1])
    expected = threshold_at_sensitivity(model.out_of_fold_, y == "mel", 0.95)
    assert model.threshold_ == expected == 0
    assert_array_equal(model.predict(X), "mel")


def test_a_missed_case_costs_more_the_more_is_called(toy):
    X, y, groups = toy
    model = ThresholdRule(LogisticRegression(), "mel", random_state=0)
    called = [
        np.mean(clone(model).set_params(cost=cost).fit(X, y, groups=groups).predict(X) == "mel")
        for cost in (1, 5, 20)
    ]
    assert called == sorted(called)
    assert called[0] < called[-1] - 0.2


def test_the_last_class_is_of_concern_by_default(toy):
    X, y, groups = toy
    assert ThresholdRule(LogisticRegression()).fit(X, y, groups=groups).positive_ == "nv"


def test_unknown_class_of_concern(toy):
    X, y, _ = toy
    with pytest.raises(ValueError, match=r"one of the labels \['bkl', 'mel', 'nv'\], got 'bcc'"):
        ThresholdRule(LogisticRegression(), "bcc").fit(X, y)


def test_weights_move_the_threshold(toy):
    X, y, groups = toy
    model = ThresholdRule(LogisticRegression(), "mel", random_state=0)
    plain = clone(model).fit(X, y, groups=groups)
    ones = clone(model).fit(X, y, np.ones(len(y)), groups)
    assert ones.threshold_ == pytest.approx(plain.threshold_, rel=1e-3)
    heavy = clone(model).fit(X, y, np.where(y == "mel", 9.0, 1.0), groups)
    assert heavy.threshold_ > plain.threshold_


@pytest.mark.parametrize("wrapped", [False, True])
def test_groups_reach_the_classifier(toy, wrapped):
    X, y, groups = toy
    frame = pd.DataFrame(X, columns=[f"a__{i}" for i in range(3)])
    trees = BoostedTrees(5, early_stopping_rounds=2, random_state=0)
    model = ThresholdRule(
        make_pipeline(BlockScaler(), trees) if wrapped else trees, "mel", n_splits=2
    )
    with sklearn.config_context(enable_metadata_routing=True):
        result = cross_validate(
            model,
            frame,
            y,
            cv=GroupKFold(2),
            params={"groups": groups},
            return_estimator=True,
            return_indices=True,
        )
    for fitted, rows in zip(result["estimator"], result["indices"]["train"], strict=True):
        assert_array_equal(fitted.feature_names_in_, frame.columns)
        inner = fitted.estimator_[-1] if wrapped else fitted.estimator_
        aside = np.isin(np.arange(len(rows)), inner.validation_indices_)
        assert aside.any()
        assert not set(groups[rows][aside]) & set(groups[rows][~aside])
