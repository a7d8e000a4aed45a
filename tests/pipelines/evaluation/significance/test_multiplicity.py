import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.evaluation.significance.multiplicity import holm

P_VALUES = st.lists(st.floats(0, 1), min_size=1, max_size=8)


def test_worked_examples():
    np.testing.assert_allclose(holm([0.01, 0.02, 0.03, 0.04, 0.05]), [0.05, 0.08, 0.09, 0.09, 0.09])
    np.testing.assert_allclose(holm([0.6, 0.7]), [1, 1])
    np.testing.assert_allclose(holm([0.04, 0.001]), [0.04, 0.002])


def test_what_is_not_in_the_family_does_not_count():
    np.testing.assert_allclose(holm([np.nan, 0.01, np.nan, 0.03]), [np.nan, 0.02, np.nan, 0.03])
    assert np.isnan(holm([np.nan])).all()
    assert holm([]).shape == (0,)


@given(P_VALUES, st.floats(0.001, 0.2))
def test_rejections_are_those_of_the_step_down_procedure(p_values, alpha):
    """Holm's own wording: go up from the smallest until one exceeds alpha / (n - rank)."""
    rejected = np.zeros(len(p_values), dtype=bool)
    for rank, member in enumerate(np.argsort(p_values, kind="stable")):
        if p_values[member] * (len(p_values) - rank) > alpha:
            break
        rejected[member] = True
    np.testing.assert_array_equal(holm(p_values) <= alpha, rejected)


@given(P_VALUES)
def test_between_the_plain_value_and_bonferroni(p_values):
    adjusted = holm(p_values)
    assert (adjusted >= p_values).all()
    assert (adjusted <= np.minimum(np.array(p_values) * len(p_values), 1)).all()


def test_p_values_outside_their_range():
    with pytest.raises(ValueError, match=r"must be in \[0, 1\]"):
        holm([0.1, 1.2])
