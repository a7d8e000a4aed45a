import numpy as np
import pytest
from scipy import stats

from pipelines.evaluation.significance.nadeau_bengio import corrected_t_test


def test_worked_example():
    # d = 1, 2, 3, 4, 5: mean 3, variance 2.5; (1/5 + 1/4) * 2.5 = 1.125.
    result = corrected_t_test([1, 2, 3, 4, 5], test_to_train=0.25)
    assert result.difference == 3
    assert result.standard_error == pytest.approx(np.sqrt(1.125))
    # t with 4 degrees of freedom has 2.7764 as its 97.5 % point, and for it
    # P(T > t) = 1/2 - u (6 + 4 u^2 ... ) has a closed form: u = t / sqrt(4 + t^2).
    u = (3 / np.sqrt(1.125)) / np.sqrt(4 + 9 / 1.125)
    assert result.p_value == pytest.approx(1 - u * (3 - u**2) / 2)
    assert result.high - 3 == pytest.approx(2.776445 * np.sqrt(1.125), abs=1e-5)
    assert result.low + result.high == pytest.approx(6)


def test_without_shared_rows_it_is_the_paired_t_test():
    differences = np.random.default_rng(0).normal(0.3, 1, size=25)
    ours = corrected_t_test(differences, test_to_train=1e-12)
    plain = stats.ttest_1samp(differences, 0)
    interval = plain.confidence_interval()
    assert ours.p_value == pytest.approx(plain.pvalue)
    assert (ours.low, ours.high) == pytest.approx((interval.low, interval.high))


def test_shared_rows_widen_the_interval():
    differences = np.random.default_rng(0).normal(0.3, 1, size=25)
    plain, shared = (corrected_t_test(differences, ratio) for ratio in (1e-12, 0.25))
    widening = np.sqrt((1 / 25 + 1 / 4) / (1 / 25))
    assert shared.standard_error / plain.standard_error == pytest.approx(widening)
    assert shared.p_value > plain.p_value


def test_signs_and_confidence():
    differences = np.array([0.01, 0.02, -0.01, 0.03])
    ours, other = corrected_t_test(differences, 0.25), corrected_t_test(-differences, 0.25)
    assert (other.low, other.high) == pytest.approx((-ours.high, -ours.low))
    assert other.p_value == pytest.approx(ours.p_value)
    narrow = corrected_t_test(differences, 0.25, confidence=0.8)
    assert ours.low < narrow.low < narrow.high < ours.high


@pytest.mark.parametrize(("value", "p_value"), [(0.0, 1.0), (0.1, 0.0)])
def test_equal_differences_leave_no_doubt(value, p_value):
    # The mean of 25 times 0.1 is not 0.1 in floating point.
    result = corrected_t_test(np.full(25, value), 0.25)
    assert result.low == result.high == pytest.approx(value)
    assert (result.p_value, result.standard_error) == (p_value, 0)


@pytest.mark.parametrize("differences", [[], [0.1], [0.1, np.nan], [[0.1, 0.2]]])
def test_too_few_differences(differences):
    with pytest.raises(ValueError, match="at least 2 finite differences"):
        corrected_t_test(differences, 0.25)


def test_ratio_is_positive():
    with pytest.raises(ValueError, match="`test_to_train` must be > 0, got 0"):
        corrected_t_test([0.1, 0.2], 0)


def test_interval_covers_where_folds_correlate_as_assumed():
    """Differences that correlate by n_test / (n_test + n_train) = 1/5, as in 5 folds."""
    rng, trials = np.random.default_rng(0), 1000
    covered = 0
    for _ in range(trials):
        shared, own = rng.normal(), rng.normal(size=25)
        differences = 0.02 + 0.01 * (np.sqrt(0.2) * shared + np.sqrt(0.8) * own)
        result = corrected_t_test(differences, 1 / 4)
        covered += result.low <= 0.02 <= result.high
    assert 0.93 <= covered / trials <= 0.97
