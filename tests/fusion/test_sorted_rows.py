import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from fusion._sorted_rows import SortedRows

numbers = st.one_of(st.just(np.nan), st.just(0.0), st.floats(-100, 100, width=32))


@given(st.lists(st.lists(numbers, min_size=9, max_size=9), min_size=1, max_size=5))
def test_counts_are_those_of_plain_loops(rows):
    values = np.array(rows)
    ranked = SortedRows(values, 4)
    for row, given_row in enumerate(values):
        known = given_row[~np.isnan(given_row)]
        assert ranked.n_known[row] == len(known)
        assert ranked.n_zeros[row] == np.count_nonzero(known == 0)
        assert ranked.n_negative[row] == np.count_nonzero(known < 0)
        assert (row in ranked.of_few_levels) == (len(np.unique(known)) <= 4)
        assert_array_equal(ranked.levels(row), np.unique(known))


@pytest.mark.parametrize("share", [0.0, 0.01, 0.37, 0.5, 0.99, 1.0])
def test_quantiles_are_numpys_over_known_values(share):
    rng = np.random.default_rng(0)
    values = rng.normal(size=(3, 101))
    values[1, ::4] = np.nan
    values[2] = np.nan
    found = SortedRows(values, 8).quantile(share)
    assert_allclose(found[:2], np.nanquantile(values[:2], share, axis=1))
    assert np.isnan(found[2])


def test_quantiles_leave_out_zeros_that_have_their_own_bin():
    rng = np.random.default_rng(0)
    rest = rng.normal(size=60)
    ranked = SortedRows(rng.permutation(np.r_[rest, np.zeros(40)])[None], 8)
    assert ranked.zero_inflated.all()
    for share in (0.01, 0.3, 0.5, 0.99):
        assert_allclose(ranked.quantile(share), np.quantile(rest, share))
    with_zeros = np.quantile(np.r_[rest, np.zeros(40)], 0.5)
    assert_allclose(ranked.quantile(0.5, skip_zeros=False), with_zeros)


def test_few_levels_are_found_among_many_values():
    rng = np.random.default_rng(0)
    many = rng.normal(size=5000)
    few = rng.integers(0, 8, size=5000).astype(float)
    # Nearly all values are one: a sample of them shows few levels, all of them do not.
    rare = np.r_[np.zeros(4980), np.arange(20.0)]
    ranked = SortedRows(np.array([many, few, rare], dtype=np.float32), 8)
    assert ranked.of_few_levels.tolist() == [1]


@pytest.mark.parametrize("value", [np.inf, -np.inf])
def test_infinite_values_are_refused_beside_missing_ones(value):
    with pytest.raises(ValueError, match="Infinite values cannot be binned"):
        SortedRows(np.array([[1.0, np.nan, value], [1.0, 2.0, 3.0]]), 4)
