import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pipelines.evaluation.weighing import Criterion, DecisionMatrix, pareto_table
from pipelines.evaluation.weighing.pareto import dominance

AUC = Criterion("auc", "reliability", "AUC", True)
MS = Criterion("ms", "time", "ms", False, np.log(1.25), logarithmic=True)


def make_matrix(**models):
    values = pd.DataFrame.from_dict(models, orient="index", columns=["auc", "ms"])
    return DecisionMatrix(values, (AUC, MS), {})


def dominated_by(matrix, draws=None):
    table = pareto_table(matrix, draws)
    return dict(zip(table["model"], table["dominated_by"], strict=True))


def test_a_dominated_model_is_found():
    found = dominated_by(make_matrix(good=(0.95, 100), fast=(0.90, 10), poor=(0.88, 50)))
    assert found == {"good": "", "fast": "", "poor": "fast"}


def test_all_who_dominate_are_named_in_order():
    found = dominated_by(make_matrix(poor=(0.5, 900), second=(0.9, 100), first=(0.95, 50)))
    assert found == {"poor": "second, first", "second": "first", "first": ""}


def test_differences_within_the_margin_neither_help_nor_harm():
    # A little less reliable, but within 0.01; a third of the time.
    assert dominated_by(make_matrix(a=(0.900, 30), b=(0.905, 90))) == {"a": "", "b": "a"}
    # Beyond the margin it is another choice.
    assert dominated_by(make_matrix(a=(0.900, 30), b=(0.915, 90))) == {"a": "", "b": ""}
    # Better by less than the margin is not better.
    assert dominated_by(make_matrix(a=(0.905, 30), b=(0.900, 33))) == {"a": "", "b": ""}


def test_a_difference_of_just_the_margin_is_not_beyond_it():
    assert dominated_by(make_matrix(a=(0.91, 30), b=(0.90, 30))) == {"a": "", "b": ""}


def test_ties_do_not_dominate_each_other():
    assert dominated_by(make_matrix(a=(0.9, 30), b=(0.9, 30))) == {"a": "", "b": ""}


def test_one_model_is_the_front():
    table = pareto_table(make_matrix(only=(0.9, 30)))
    assert table.to_dict(orient="records") == [
        {"model": "only", "auc": 0.9, "ms": 30, "dominated_by": ""}
    ]


def test_without_criteria_there_is_no_table():
    empty = pareto_table(DecisionMatrix(pd.DataFrame(index=["a"]), (), {}))
    assert empty.empty
    assert list(empty) == ["model", "dominated_by"]


def test_uncertain_differences_do_not_dominate():
    matrix = make_matrix(a=(0.93, 30), b=(0.90, 30))
    noise = np.random.default_rng(0).normal(size=(2, 500))
    paired = np.array([[0.93], [0.90]]) + 0.05 * noise[:1]
    assert dominated_by(matrix, {"auc": paired}) == {"a": "", "b": "a"}
    unpaired = np.array([[0.93], [0.90]]) + 0.02 * noise
    assert dominated_by(matrix, {"auc": unpaired}) == {"a": "", "b": ""}


def test_a_loss_that_may_be_large_prevents_dominance():
    matrix = make_matrix(a=(0.90, 10), b=(0.90, 90))
    assert dominated_by(matrix) == {"a": "", "b": "a"}
    noise = 0.03 * np.random.default_rng(0).normal(size=(2, 500))
    assert dominated_by(matrix, {"auc": 0.9 + noise}) == {"a": "", "b": ""}


def test_a_score_without_draws_speaks_against_a_model_but_not_for_it():
    ece = Criterion("ece", "error", "ECE", False)
    draws = {"auc": np.full((2, 20), 0.9)}

    def front(first, second, criterion):
        values = pd.DataFrame({"auc": 0.9, criterion.name: [first, second]}, index=["a", "b"])
        return dominated_by(DecisionMatrix(values, (AUC, criterion), {}), draws)

    assert front(0.02, 0.09, ece) == {"a": "", "b": ""}
    assert front(10, 90, MS) == {"a": "", "b": "a"}
    # Faster and as good, were it not for what may be chance.
    values = pd.DataFrame({"auc": 0.9, "ms": [10, 90], "ece": [0.09, 0.02]}, index=["a", "b"])
    assert dominated_by(DecisionMatrix(values, (AUC, MS, ece), {}), draws) == {"a": "", "b": ""}


def test_margins_do_not_go_in_circles():
    # Each is better than the next by two margins in one thing, and within one in the others.
    values = np.array([[0.0, 0, 0], [-2, 1, 1], [-1, -1, 2]])
    steps = values - np.roll(values, -1, axis=0)
    assert steps.tolist() == [[2, -1, -1], [-1, 2, -1], [-1, -1, 2]]
    assert not dominance(values, margins=np.ones(3)).any()


scores = arrays(float, st.tuples(st.integers(1, 7), st.integers(1, 4)), elements=st.integers(0, 5))


@given(scores, st.sampled_from([0.5, 1.0, 2.0]))
def test_some_model_is_always_on_the_front(values, margin):
    dominates = dominance(values, np.full(values.shape[1], margin))
    assert not dominates.diagonal().any()
    assert not (dominates & dominates.T).any()
    assert not dominates.any(axis=0).all()


@given(scores)
def test_tiny_margins_give_the_textbook_front(values):
    found = dominance(values, np.full(values.shape[1], 1e-6))
    for i, a in enumerate(values):
        for j, b in enumerate(values):
            assert found[i, j] == (all(a >= b) and any(a > b))


def test_draws_are_as_many_as_models():
    with pytest.raises(ValueError, match="expected a row for each of 2 models"):
        pareto_table(make_matrix(a=(0.9, 3), b=(0.8, 2)), {"auc": np.zeros((3, 9))})
