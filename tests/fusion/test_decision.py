import numpy as np
import pandas as pd
import pytest
import sklearn
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import GroupKFold, cross_validate
from sklearn.pipeline import make_pipeline

from fusion import BlockScaler, BoostedTrees, DecisionRule, decide

CLASSES = ["bkl", "mel", "nv"]
PROBABILITIES = [[0.2, 0.1, 0.7], [0.05, 0.35, 0.6], [0.3, 0.3, 0.4]]


@pytest.fixture(scope="module")
def toy():
    X, y = make_classification(
        400, 6, n_informative=4, weights=[0.9], class_sep=0.7, random_state=0
    )
    return X, np.array(["nv", "mel"])[y], np.arange(400) // 2


def test_argmax_takes_the_most_probable():
    assert decide(PROBABILITIES, CLASSES).tolist() == ["nv", "nv", "nv"]


def test_prior_correction_divides_by_the_prior():
    # Ratios: 1, 1, 1 -> first of equals; 0.25, 3.5, 0.86; 1.5, 3, 0.57.
    chosen = decide(PROBABILITIES, CLASSES, "prior_corrected", [0.2, 0.1, 0.7])
    assert chosen.tolist() == ["bkl", "mel", "mel"]
    again = decide(PROBABILITIES, CLASSES, "prior_corrected", [2, 1, 7])
    assert_array_equal(chosen, again)


def test_a_flat_prior_changes_nothing():
    flat = decide(PROBABILITIES, CLASSES, "prior_corrected", [1, 1, 1])
    assert_array_equal(flat, decide(PROBABILITIES, CLASSES))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((PROBABILITIES, CLASSES, "cost"), "`rule` must be one of"),
        ((PROBABILITIES, CLASSES[:2]), r"shape \(n_samples, 2\), a column a class, got \(3, 3\)"),
        ((PROBABILITIES, CLASSES, "prior_corrected"), "needs `prior`, 3 numbers > 0"),
        ((PROBABILITIES, CLASSES, "prior_corrected", [1, 0, 1]), "`prior` must be 3 numbers > 0"),
        ((PROBABILITIES, CLASSES, "argmax", [1, 1]), "`prior` must be 3 numbers > 0"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        decide(*arguments)


def test_probabilities_pass_through(toy):
    X, y, _ = toy
    model = DecisionRule(LogisticRegression(), "prior_corrected").fit(X, y)
    assert_array_equal(model.predict_proba(X), LogisticRegression().fit(X, y).predict_proba(X))


def test_priors_are_learnt_and_help_balanced_accuracy(toy):
    X, y, _ = toy
    model = DecisionRule(LogisticRegression()).fit(X, y)
    assert_allclose(model.class_prior_, [np.mean(y == "mel"), np.mean(y == "nv")])
    plain = balanced_accuracy_score(y, model.predict(X))
    assert_array_equal(model.predict(X), model.estimator_.predict(X))
    model.set_params(rule="prior_corrected")
    assert balanced_accuracy_score(y, model.predict(X)) > plain + 0.05


def test_priors_are_weighted_as_the_rows_were(toy):
    X, y, _ = toy
    weight = np.where(y == "mel", 9.0, 1.0)
    prior = DecisionRule(LogisticRegression()).fit(X, y, sample_weight=weight).class_prior_
    assert prior[0] == pytest.approx(weight[y == "mel"].sum() / weight.sum())


def test_a_class_without_weight(toy):
    X, y, _ = toy
    with pytest.raises(ValueError, match="The class mel has no weight"):
        DecisionRule(LogisticRegression()).fit(X, y, sample_weight=(y == "nv").astype(float))


def test_unknown_rule(toy):
    with pytest.raises(ValueError, match="`rule` must be one of"):
        DecisionRule(LogisticRegression(), rule="cost").fit(toy[0], toy[1])


def test_names_of_columns_are_known(toy):
    X, y, _ = toy
    frame = pd.DataFrame(X, columns=[f"a__{i}" for i in range(6)])
    model = DecisionRule(make_pipeline(BlockScaler(), LogisticRegression())).fit(frame, y)
    assert model.n_features_in_ == 6
    assert_array_equal(model.feature_names_in_, frame.columns)


@pytest.mark.parametrize("wrapped", [False, True])
def test_groups_reach_the_classifier(toy, wrapped):
    X, y, groups = toy
    trees = BoostedTrees(10, early_stopping_rounds=2, random_state=0)
    model = DecisionRule(make_pipeline(BlockScaler(), trees) if wrapped else trees)
    with sklearn.config_context(enable_metadata_routing=True):
        result = cross_validate(
            model,
            X,
            y,
            cv=GroupKFold(2),
            params={"groups": groups},
            return_estimator=True,
            return_indices=True,
        )
    fits = [
        *zip(result["estimator"], result["indices"]["train"], strict=True),
        (model.fit(X, y, groups=groups), np.arange(len(y))),
    ]
    for fitted, rows in fits:
        inner = fitted.estimator_[-1] if wrapped else fitted.estimator_
        aside = np.isin(np.arange(len(rows)), inner.validation_indices_)
        assert aside.any()
        assert not set(groups[rows][aside]) & set(groups[rows][~aside])
