import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from pipelines.evaluation import draw_lesions, resample
from pipelines.evaluation.scoring import metrics
from pipelines.evaluation.significance.delong import delong_test


def toy(n=300, seed=0, decimals=1):
    """Two models with a shared part, ties, and a third of the rows positive."""
    rng = np.random.default_rng(seed)
    positive = np.arange(n) % 3 == 0
    shared = rng.normal(size=n) + positive
    good, poor = ((shared + s * rng.normal(size=n)).round(decimals) for s in (0.5, 1.0))
    return good, poor, positive


def by_pairs(scores, reference, positive):
    """DeLong as printed: every pair of a positive and a negative row, in two loops."""
    components = []
    for values in (scores, reference):
        ours, theirs = values[positive], values[~positive]
        psi = np.array([[(x > y) + 0.5 * (x == y) for y in theirs] for x in ours])
        components.append((psi.mean(axis=1), psi.mean(axis=0)))
    s10 = np.cov([component[0] for component in components])
    s01 = np.cov([component[1] for component in components])
    covariance = s10 / positive.sum() + s01 / (~positive).sum()
    areas = [component[0].mean() for component in components]
    contrast = np.array([1, -1])
    return areas, np.sqrt(contrast @ covariance @ contrast)


def test_equal_to_the_sum_over_all_pairs():
    scores, reference, positive = toy(90)
    areas, error = by_pairs(scores, reference, positive)
    result = delong_test(scores, reference, positive)
    assert (result.auc, result.reference_auc) == pytest.approx(areas, abs=1e-12)
    assert result.standard_error == pytest.approx(error, abs=1e-12)
    z = (areas[0] - areas[1]) / error
    assert result.p_value == pytest.approx(2 * stats.norm.cdf(-abs(z)))
    assert result.high - result.difference == pytest.approx(1.959964 * error, rel=1e-6)


def test_equal_to_mlstatkit():
    mlstatkit = pytest.importorskip("MLstatkit")
    scores, reference, positive = toy()
    # Its sign is that of the second model minus the first.
    theirs = mlstatkit.Delong_test(positive.astype(int), reference, scores)
    ours = delong_test(scores, reference, positive)
    assert ours.difference / ours.standard_error == pytest.approx(theirs[0], abs=1e-9)
    assert ours.p_value == pytest.approx(theirs[1], abs=1e-9)


def test_areas_are_those_of_the_metrics():
    scores, reference, positive = toy()
    ones = np.ones((len(positive), 1))
    result = delong_test(scores, reference, positive)
    assert result.auc == pytest.approx(metrics.auc(scores, positive, ones)[0], abs=1e-12)
    assert result.reference_auc == pytest.approx(metrics.auc(reference, positive, ones)[0])


def test_standard_error_is_near_that_of_the_bootstrap():
    scores, reference, positive = toy()
    counts = draw_lesions(positive.astype(str), 2000, 0)
    draws = resample(
        lambda w: {
            "gap": metrics.auc(scores, positive, w) - metrics.auc(reference, positive, w),
        },
        counts,
        np.arange(len(positive)),
    )["gap"]
    result = delong_test(scores, reference, positive)
    assert result.standard_error == pytest.approx(draws.std(ddof=1), rel=0.1)


@settings(max_examples=30)
@given(st.integers(0, 1000))
def test_exchange_and_monotone_maps(seed):
    scores, reference, positive = toy(40, seed)
    ours = delong_test(scores, reference, positive)
    other = delong_test(np.exp(reference), 3 * scores - 1, positive)
    assert other.difference == pytest.approx(-ours.difference, abs=1e-12)
    assert other.p_value == pytest.approx(ours.p_value)


def test_a_model_does_not_differ_from_itself():
    scores, _, positive = toy()
    result = delong_test(scores, scores, positive)
    assert result[2:] == (0, 0, 0, 1, 0)


def test_p_values_are_uniform_without_a_difference():
    rng, trials = np.random.default_rng(0), 1000
    positive = np.arange(120) % 2 == 0
    rejected = 0
    for _ in range(trials):
        shared = rng.normal(size=120) + positive
        models = shared + rng.normal(size=(2, 120))
        rejected += delong_test(*models, positive).p_value < 0.05
    assert 0.035 <= rejected / trials <= 0.068


def test_bad_arguments():
    with pytest.raises(ValueError, match="needs 2 positive and 2 negative rows, got 1 and 3"):
        delong_test([1, 2, 3, 4], [1, 2, 3, 4], [True, False, False, False])
    with pytest.raises(ValueError, match=r"one score a row, got \(3,\) for 4 labels"):
        delong_test([1, 2, 3], [1, 2, 3], [True, False, False, True])
