import numpy as np
import pytest
from scipy import stats

from pipelines.evaluation.design.detectable import (
    auc_variance,
    detectable_difference,
    paired_auc_error,
)
from pipelines.evaluation.scoring import metrics


def test_power_is_as_stated():
    """A normal estimate of that true difference is significant with the stated chance."""
    error = 0.004
    for power, alpha in ((0.8, 0.05), (0.9, 0.01)):
        difference = detectable_difference(error, power, alpha)
        found = stats.norm.sf(stats.norm.ppf(1 - alpha / 2) - difference / error)
        assert found == pytest.approx(power, abs=1e-3)


def test_variance_of_one_row_a_side_is_that_of_a_coin():
    assert auc_variance(0.7, 1, 1) == pytest.approx(0.7 * 0.3)


def test_variance_of_chance_is_that_of_the_rank_sum():
    # Under no separation Var(U) = m n (m + n + 1) / 12.
    assert auc_variance(0.5, 20, 30) == pytest.approx(51 / (12 * 20 * 30))


def test_variance_of_exponential_scores():
    rng = np.random.default_rng(0)
    positive = np.arange(200) < 60
    # An exponential of mean r beats one of mean 1 with chance r / (1 + r).
    mean = np.where(positive, 4.0, 1.0)
    ones = np.ones((200, 1))
    areas = [metrics.auc(rng.exponential(mean), positive, ones)[0] for _ in range(4000)]
    assert np.mean(areas) == pytest.approx(0.8, abs=0.003)
    assert np.std(areas) == pytest.approx(np.sqrt(auc_variance(0.8, 60, 140)), rel=0.05)


def test_paired_error_of_a_class_and_of_all():
    counts = {"a": 50, "b": 100, "c": 850}
    single = paired_auc_error(counts, auc=0.8, correlation=0.0, positive="a")
    assert single == pytest.approx(np.sqrt(2 * auc_variance(0.8, 50, 950)))
    assert paired_auc_error(counts, 0.8, 0.75, "a") == pytest.approx(single / 2)
    parts = [paired_auc_error(counts, 0.8, 0.0, name) for name in counts]
    assert paired_auc_error(counts, 0.8, 0.0) == pytest.approx(np.linalg.norm(parts) / 3)


def test_the_two_areas_of_two_classes_are_one():
    counts = {"mel": 30, "nv": 90}
    # The assumed distribution is not the same from both sides.
    ends = sorted(paired_auc_error(counts, positive=name) for name in counts)
    assert ends[0] <= paired_auc_error(counts) <= ends[1]


def test_macro_error_errs_on_the_safe_side():
    """Against the spread of the macro AUC over samples with classes as unequal as HAM10000's."""
    rng = np.random.default_rng(0)
    counts = {"nv": 540, "bkl": 73, "mel": 61, "bcc": 33, "akiec": 23, "vasc": 10}
    truth = np.repeat(np.arange(len(counts)), list(counts.values()))
    ones = np.ones((len(truth), 1))
    areas = []
    for _ in range(200):
        logits = 2 * np.eye(len(counts))[truth] + rng.normal(size=(len(truth), len(counts)))
        values = np.exp(logits)
        values /= values.sum(axis=1, keepdims=True)
        areas.append(metrics.one_vs_rest_auc(values, truth, ones).mean())
    # Of one model: a paired error without correlation is the square root of 2 as large.
    expected = paired_auc_error(counts, float(np.mean(areas)), correlation=0.0) / np.sqrt(2)
    assert 1 < expected / np.std(areas) < 2


def test_bad_arguments():
    with pytest.raises(ValueError, match=r"`auc` must be in \(0, 1\), got 1"):
        auc_variance(1, 10, 10)
    with pytest.raises(ValueError, match="Both sides need a row, got 0 positive"):
        auc_variance(0.8, 0, 10)
    with pytest.raises(ValueError, match=r"`correlation` must be in \[0, 1\), got 1"):
        paired_auc_error({"a": 5, "b": 5}, correlation=1)
    with pytest.raises(ValueError, match="at least 2 classes, got"):
        paired_auc_error({"a": 5})
