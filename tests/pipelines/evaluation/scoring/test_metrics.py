import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as reference

from pipelines.evaluation.scoring import metrics

N, K = 200, 4


@pytest.fixture(params=["smooth", "tied"])
def scored(request):
    rng = np.random.default_rng(0)
    truth = rng.integers(K, size=N)
    values = rng.gamma(1 + 2 * np.eye(K)[truth])
    values /= values.sum(axis=1, keepdims=True)
    if request.param == "tied":
        values = values.round(1)
    return truth, values, rng.integers(0, 4, size=(N, 3)).astype(float)


def test_auc_with_unit_weights_is_that_of_scikit_learn(scored):
    truth, values, _ = scored
    ours = metrics.one_vs_rest_auc(values, truth, np.ones((N, 1)))[:, 0]
    expected = [reference.roc_auc_score(truth == c, values[:, c]) for c in range(K)]
    np.testing.assert_allclose(ours, expected, atol=1e-12)


def test_macro_auc_is_that_of_scikit_learn(scored):
    truth, values, _ = scored
    smoothed = values + 1e-9
    smoothed /= smoothed.sum(axis=1, keepdims=True)
    ours = metrics.one_vs_rest_auc(smoothed, truth, np.ones((N, 1))).mean()
    expected = reference.roc_auc_score(truth, smoothed, multi_class="ovr", average="macro")
    assert ours == pytest.approx(expected, abs=1e-12)


def test_weighted_auc_is_that_of_scikit_learn(scored):
    truth, values, weights = scored
    ours = metrics.auc(values[:, 1], truth == 1, weights)
    expected = [
        reference.roc_auc_score(truth == 1, values[:, 1], sample_weight=w) for w in weights.T
    ]
    np.testing.assert_allclose(ours, expected, atol=1e-12)


def test_decision_scores_are_those_of_scikit_learn(scored):
    truth, values, weights = scored
    predicted = values.argmax(axis=1)
    matrix = metrics.confusion(truth, predicted, K, weights)
    for draw, weight in enumerate(weights.T):
        expected = reference.confusion_matrix(truth, predicted, sample_weight=weight)
        np.testing.assert_array_equal(matrix[..., draw], expected)
        args = {"sample_weight": weight}
        assert metrics.accuracy(matrix)[draw] == pytest.approx(
            reference.accuracy_score(truth, predicted, **args)
        )
        assert metrics.balanced_accuracy(matrix)[draw] == pytest.approx(
            reference.balanced_accuracy_score(truth, predicted, **args)
        )
        for c in range(K):
            recall = reference.recall_score(truth != c, predicted != c, **args)
            assert metrics.specificity(matrix)[c, draw] == pytest.approx(recall)
        expected = reference.f1_score(truth, predicted, average=None, **args)
        np.testing.assert_allclose(metrics.f1(matrix)[:, draw], expected, atol=1e-12)


def test_a_class_that_is_not_there_does_not_count():
    # Of class 2 there is no row, and a draw may lack class 1 too.
    truth, predicted = np.array([0, 0, 1, 1]), np.array([0, 0, 1, 2])
    weights = np.array([[1.0, 1.0], [1.0, 1.0], [1.0, 0.0], [1.0, 0.0]])
    matrix = metrics.confusion(truth, predicted, 3, weights)
    assert metrics.balanced_accuracy(matrix).tolist() == [0.75, 1.0]


def test_weights_repeat_rows(scored):
    truth, values, weights = scored
    repeated = np.repeat(np.arange(N), weights[:, 0].astype(int))
    ones = np.ones((len(repeated), 1))
    expected = metrics.one_vs_rest_auc(values[repeated], truth[repeated], ones)
    np.testing.assert_array_equal(metrics.one_vs_rest_auc(values, truth, weights[:, :1]), expected)


def test_auc_without_negatives_is_undefined():
    area = metrics.auc(np.array([0.1, 0.9]), np.array([True, True]), np.ones((2, 1)))
    assert np.isnan(area).all()


@given(st.lists(st.tuples(st.floats(-5, 5), st.booleans()), min_size=2, max_size=30))
def test_auc_of_reversed_scores_is_the_complement(rows):
    scores = np.array([score for score, _ in rows])
    positive = np.array([truth for _, truth in rows])
    if positive.any() and not positive.all():
        ones = np.ones((len(rows), 1))
        both = metrics.auc(scores, positive, ones) + metrics.auc(-scores, positive, ones)
        assert both[0] == pytest.approx(1)
