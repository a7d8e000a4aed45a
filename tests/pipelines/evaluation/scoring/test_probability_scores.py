import numpy as np
import pytest
from sklearn import metrics as reference

from pipelines.evaluation.scoring import probability_scores as scores

N, K = 200, 4


@pytest.fixture
def scored():
    rng = np.random.default_rng(0)
    truth = rng.integers(K, size=N)
    values = rng.gamma(1 + 2 * np.eye(K)[truth])
    values /= values.sum(axis=1, keepdims=True)
    weights = np.c_[np.ones(N), rng.integers(0, 4, size=(N, 2))]
    return values, truth, weights


def ece(*args):
    return np.abs(scores.calibration_gaps(*args)).sum(axis=0)


def test_proper_scores_are_those_of_scikit_learn(scored):
    values, truth, weights = scored
    for draw, weight in enumerate(weights.T):
        args = {"sample_weight": weight, "labels": np.arange(K)}
        assert scores.log_loss(values, truth, weights)[draw] == pytest.approx(
            reference.log_loss(truth, values, **args), abs=1e-12
        )
        assert scores.brier(values, truth, weights)[draw] == pytest.approx(
            reference.brier_score_loss(truth, values, scale_by_half=False, **args), abs=1e-12
        )


def test_impossible_classes_cost_as_in_scikit_learn():
    values, truth = np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([1, 1])
    ours = scores.log_loss(values, truth, np.ones((2, 1)))[0]
    assert ours == pytest.approx(reference.log_loss(truth, values, labels=[0, 1]), abs=1e-12)


def test_calibration_error_is_that_of_a_loop_over_bins(scored):
    values, truth, weights = scored
    confidence, right = values.max(axis=1), values.argmax(axis=1) == truth
    for n_bins in (1, 10, 15):
        found = ece(values, truth, weights, n_bins)
        for draw, weight in enumerate(weights.T):
            expected = 0.0
            for edge in range(n_bins):
                inside = (confidence > edge / n_bins) & (confidence <= (edge + 1) / n_bins)
                mass = weight[inside]
                if mass.sum():
                    gap = np.average(right[inside], weights=mass) - np.average(
                        confidence[inside], weights=mass
                    )
                    expected += mass.sum() / weight.sum() * abs(gap)
            assert found[draw] == pytest.approx(expected, abs=1e-12)


def test_certain_and_right_is_perfect():
    values, truth = np.eye(3), np.arange(3)
    for score in (scores.brier, scores.log_loss, ece):
        assert score(values, truth, np.ones((3, 1)))[0] == pytest.approx(0, abs=1e-12)


def test_weights_repeat_rows(scored):
    values, truth, weights = scored
    rows = np.repeat(np.arange(N), weights[:, 1].astype(int))
    ones = np.ones((len(rows), 1))
    for score in (scores.brier, scores.log_loss, ece):
        repeated = score(values[rows], truth[rows], ones)[0]
        assert score(values, truth, weights)[1] == pytest.approx(repeated, abs=1e-12)
