import numpy as np
import pytest
from sklearn.metrics import auc, precision_recall_curve, roc_curve

from pipelines.reporting.curve_points import (
    GRID,
    counts_above,
    precision_points,
    roc_points,
)


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    positive = rng.random(2000) < 0.2
    # Rounded, so that scores are tied.
    return np.round(positive + rng.normal(size=2000), 1), positive


def test_roc_is_that_of_scikit_learn(data):
    scores, positive = data
    points = roc_points(*counts_above(scores, positive, np.ones((2000, 1))))[:, 0]
    false, true, _ = roc_curve(positive, scores)
    np.testing.assert_allclose(points, np.interp(GRID, false, true), atol=1e-12)


def test_precision_is_that_of_scikit_learn_at_its_thresholds(data):
    _, positive = data
    scores = positive + np.random.default_rng(2).normal(size=2000)
    points = precision_points(*counts_above(scores, positive, np.ones((2000, 1))))[:, 0]
    precision, recall, _ = precision_recall_curve(positive, scores)
    # The last of the thresholds at each recall, where false alarms are the most.
    found = [precision[recall >= at][-1] for at in GRID[20:-1]]
    assert np.abs(points[20:-1] - found).max() < 0.03
    assert np.abs(points[20:-1] - found).mean() < 0.005


def test_weights_are_copies_of_rows(data):
    scores, positive = data
    times = np.random.default_rng(1).integers(0, 4, 2000)
    weighted = counts_above(scores, positive, times[:, None])
    copied = np.repeat(scores, times), np.repeat(positive, times)
    plain = counts_above(*copied, np.ones((times.sum(), 1)))
    np.testing.assert_allclose(roc_points(*weighted), roc_points(*plain))


def test_fewer_thresholds_hardly_change_a_curve():
    rng = np.random.default_rng(0)
    positive = rng.random(20_000) < 0.1
    scores = 1.5 * positive + rng.normal(size=20_000)
    all_of_them, few = (
        roc_points(*counts_above(scores, positive, np.ones((20_000, 1)), n))[:, 0]
        for n in (None, 400)
    )
    assert np.abs(all_of_them - few).max() < 0.005
    assert abs(auc(GRID, all_of_them) - auc(GRID, few)) < 0.0005


def test_a_perfect_ranking():
    counts = counts_above(np.array([3.0, 2.0, 1.0]), np.array([True, True, False]), np.ones((3, 1)))
    assert (roc_points(*counts) == 1).all()
    assert precision_points(*counts)[-2, 0] == 1
