import numpy as np
import pytest

from pipelines.evaluation import draw_lesions, percentile_interval, resample
from pipelines.evaluation.scoring import metrics


def test_every_draw_keeps_the_number_of_lesions_of_each_class():
    labels = np.array(["a"] * 5 + ["b"] * 20)
    counts = draw_lesions(labels, n_draws=50, random_state=0)
    assert counts.shape == (25, 50)
    assert (counts[:5].sum(axis=0) == 5).all()
    assert (counts[5:].sum(axis=0) == 20).all()
    assert counts.mean() == pytest.approx(1)


def test_draws_depend_on_the_seed_alone():
    labels = np.array(["a", "b"] * 10)
    np.testing.assert_array_equal(draw_lesions(labels, 9, 1), draw_lesions(labels, 9, 1))
    assert (draw_lesions(labels, 9, 1) != draw_lesions(labels, 9, 2)).any()


def test_images_come_with_their_lesion():
    counts = draw_lesions(np.array(["a", "a", "a"]), n_draws=450, random_state=0)
    seen = resample(lambda weights: {"images": weights.sum(axis=0)}, counts, np.array([0, 0, 1, 2]))
    np.testing.assert_array_equal(seen["images"], 2 * counts[0] + counts[1] + counts[2])


def test_interval_of_known_quantiles():
    assert percentile_interval(np.arange(1001), 0.9) == pytest.approx((50, 950))


def test_intervals_cover_the_true_auc():
    """Of images of lesions whose scores are correlated, at the stated rate."""
    rng = np.random.default_rng(0)
    true_auc, n, covered = 0.7602, 60, 0
    trials = 150
    lesion = np.repeat(np.arange(2 * n), 2)
    truth = (np.arange(2 * n) < n)[lesion]
    for _ in range(trials):
        # A unit of separation against a standard deviation of 1 in each class.
        scores = truth + np.sqrt(0.8) * rng.normal(size=2 * n)[lesion]
        scores = scores + np.sqrt(0.2) * rng.normal(size=4 * n)
        counts = draw_lesions(truth[::2], n_draws=200, random_state=rng.integers(2**31))
        draws = resample(lambda w, s=scores: {"auc": metrics.auc(s, truth, w)}, counts, lesion)
        low, high = percentile_interval(draws["auc"])
        covered += low <= true_auc <= high
    assert 0.88 <= covered / trials <= 0.99
