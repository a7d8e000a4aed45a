import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from fusion.selection.ranking import rank_columns


def spread(*deviations):
    """Two rows whose columns have these standard deviations."""
    return np.array([deviations, deviations]) * np.array([[1.0], [-1.0]])


def ranked(scores, eligible=None, table=None):
    scores = np.array(scores, dtype=float)
    eligible = np.ones(len(scores), dtype=bool) if eligible is None else np.array(eligible)
    return rank_columns(spread(*scores) if table is None else table, scores, eligible).tolist()


def test_best_first():
    assert ranked([0.1, 0.9, -0.2, 0.5]) == [1, 3, 0, 2]


def test_eligible_columns_come_before_better_ones():
    assert ranked([0.1, 0.9, 0.2], [True, False, True]) == [2, 0, 1]


def test_ties_go_to_the_larger_variance_then_to_the_first():
    assert ranked([1, 1, 2, 1], table=spread(1, 3, 0, 3)) == [2, 1, 3, 0]


@pytest.mark.parametrize("size", [1e-3, 1.0, 1e9, 1e30])
def test_rounding_errors_do_not_break_ties(size):
    table = spread(1, 2)
    assert ranked([size * (1 + 1e-14), size], table=table) == [1, 0]
    assert ranked([size * (1 + 1e-6), size], table=table) == [0, 1]


def test_variance_is_that_of_known_values():
    table = np.array([[1.0, 0.0], [np.nan, 3.0], [9.0, 0.0], [np.nan, 3.0]])
    assert ranked([1, 1], table=table) == [0, 1]
    assert ranked([1, 1], table=np.column_stack([np.full(4, np.nan), table[:, 1]])) == [1, 0]


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30))
def test_every_column_once_in_falling_order(scores):
    order = ranked(scores)
    assert_array_equal(np.sort(order), np.arange(len(scores)))
    falling = np.array(scores)[order]
    assert (np.diff(falling) <= 1e-9 * (1 + np.abs(falling[1:]))).all()
