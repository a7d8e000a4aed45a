import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fusion.selection import selection_stability


def subsets(rng, n_folds, n_columns, k):
    """Folds that choose k columns at random."""
    return np.array([rng.permutation(n_columns) < k for _ in range(n_folds)])


def test_equal_selections_are_perfectly_stable():
    index, low, high = selection_stability([[True, False, True, False]] * 5)
    assert index == pytest.approx(1)
    assert low == pytest.approx(1)
    assert high == pytest.approx(1)


def test_known_answer():
    # Shares 1, 1/3, 2/3, 0: unbiased variances 0, 1/3, 1/3, 0; mean 1/6; chance 1/2 * 1/2.
    folds = [[1, 0, 1, 0], [1, 1, 0, 0], [1, 0, 1, 0]]
    assert selection_stability(folds).index == pytest.approx(1 - (1 / 6) / (1 / 4))
    # Two opposite halves: variances 1/2 against 1/4.
    assert selection_stability([[1, 0], [0, 1]]).index == pytest.approx(-1)


def test_random_selections_have_none_on_average():
    rng = np.random.default_rng(0)
    indices = [selection_stability(subsets(rng, 5, 40, 8)).index for _ in range(400)]
    assert abs(np.mean(indices)) < 3 * np.std(indices) / 20


def test_for_constant_sizes_it_is_kunchevas_index():
    rng = np.random.default_rng(1)
    folds = subsets(rng, 4, 30, 6) | np.eye(1, 30, dtype=bool)
    folds = np.array([fold & (np.cumsum(fold) <= 6) for fold in folds])
    k, n = 6, 30
    pairs = [
        ((a & b).sum() - k * k / n) / (k - k * k / n)
        for i, a in enumerate(folds)
        for b in folds[:i]
    ]
    assert set(folds.sum(axis=1)) == {6}
    assert selection_stability(folds).index == pytest.approx(np.mean(pairs))


def test_interval_is_that_of_the_jackknife():
    rng = np.random.default_rng(2)
    wanted = rng.random(60) ** 3
    folds = rng.random((400, 60)) < wanted
    index, low, high = selection_stability(folds)
    left_out = [selection_stability(np.delete(folds, i, axis=0)).index for i in range(400)]
    spread = np.sqrt(399 / 400 * np.square(left_out - np.mean(left_out)).sum())
    assert (high - low) / 2 / 1.959964 == pytest.approx(spread, rel=0.02)
    assert low < index < high


def test_interval_covers_the_population_value():
    rng = np.random.default_rng(3)
    wanted = rng.random(50) ** 2
    population = 1 - (wanted * (1 - wanted)).mean() / (wanted.mean() * (1 - wanted.mean()))
    inside = []
    for _ in range(300):
        _, low, high = selection_stability(rng.random((50, 50)) < wanted)
        inside.append(low <= population <= high)
    assert 0.88 < np.mean(inside) <= 1


@given(st.integers(0, 10**6), st.floats(0.1, 0.9))
def test_order_of_folds_and_columns_does_not_matter(seed, share):
    rng = np.random.default_rng(seed)
    folds = rng.random((4, 12)) < share
    folds[0, :2] = [True, False]
    moved = rng.permutation(rng.permutation(folds, axis=0), axis=1)
    assert selection_stability(moved) == pytest.approx(selection_stability(folds))


def test_wider_confidence_is_a_wider_interval():
    folds = subsets(np.random.default_rng(0), 5, 20, 5)
    narrow, wide = selection_stability(folds, 0.5), selection_stability(folds, 0.99)
    assert wide.low < narrow.low < narrow.high < wide.high


def test_nothing_or_everything_has_no_stability():
    for value in (False, True):
        assert np.isnan(selection_stability(np.full((3, 4), value))).all()


@pytest.mark.parametrize("supports", [[[True, False]], [True, False], [[0.5, 1], [1, 0]]])
def test_what_is_no_table_of_selections(supports):
    with pytest.raises(ValueError, match="`supports` must be a boolean table"):
        selection_stability(supports)


def test_confidence_out_of_range():
    with pytest.raises(ValueError, match="`confidence` must be in"):
        selection_stability([[True, False], [False, True]], confidence=95)
