import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.evaluation.significance.equivalence import verdict


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.02, 0.05, "better"),
        (0.001, 0.02, "better"),
        (-0.05, -0.02, "worse"),
        (-0.02, -0.001, "worse"),
        (-0.009, 0.009, "equivalent"),
        (-0.01, 0.01, "equivalent"),
        (0.001, 0.005, "equivalent"),
        (-0.005, 0.02, "undecided"),
        (-0.03, 0.03, "undecided"),
        (0.0, 0.03, "undecided"),
        (np.nan, np.nan, "undecided"),
    ],
)
def test_verdicts(low, high, expected):
    assert verdict(low, high) == expected


@given(st.floats(-1, 1), st.floats(0, 1), st.floats(1e-3, 0.5))
def test_exchanging_the_models_exchanges_the_verdict(low, width, margin):
    mirror = {"better": "worse", "worse": "better"}
    ours = verdict(low, low + width, margin)
    assert verdict(-low - width, -low, margin) == mirror.get(ours, ours)


@given(st.floats(-0.5, 0.5), st.floats(0, 1))
def test_a_wider_margin_never_takes_equivalence_away(low, width):
    if verdict(low, low + width, 0.01) == "equivalent":
        assert verdict(low, low + width, 0.02) == "equivalent"


def test_bad_arguments():
    with pytest.raises(ValueError, match="`margin` must be > 0, got 0"):
        verdict(0.0, 0.1, 0)
    with pytest.raises(ValueError, match=r"from low to high, got 0.2 to 0.1"):
        verdict(0.2, 0.1)
