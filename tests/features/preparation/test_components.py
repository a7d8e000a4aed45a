import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.ndimage import binary_fill_holes

from features.preparation.components import (
    central_weight,
    fill_holes,
    frame_edge,
    main_component,
)


def chosen(dark, inside=None):
    inside = np.ones_like(dark) if inside is None else inside
    return main_component(dark, inside, central_weight(*dark.shape), frame_edge(inside))


def test_the_central_one_of_two_equals_is_the_lesion():
    dark = np.zeros((90, 120), dtype=bool)
    dark[35:55, 50:70] = True
    central = dark.copy()
    dark[5:25, 5:25] = True
    np.testing.assert_array_equal(chosen(dark)[36:54, 51:69], central[36:54, 51:69])
    assert not chosen(dark)[:30, :30].any()


def test_a_dark_rim_is_no_lesion():
    dark = np.ones((90, 120), dtype=bool)
    dark[12:-12, 12:-12] = False
    dark[38:52, 53:67] = True
    found = chosen(dark)
    assert found[45, 60]
    assert not found[0].any()


def test_nothing_gives_nothing():
    assert not chosen(np.zeros((20, 30), dtype=bool)).any()


@given(arrays(np.uint8, (12, 15), elements=st.integers(0, 1)))
def test_holes_are_filled_as_scipy_fills_them(mask):
    np.testing.assert_array_equal(fill_holes(mask), binary_fill_holes(mask))


def test_the_edge_is_the_rim_of_what_is_seen():
    inside = np.ones((6, 7), dtype=bool)
    inside[:, 0] = False
    edge = frame_edge(inside)
    assert edge[:, 1].all()
    assert edge[0, 1:].all()
    assert not edge[1:-1, 2:-1].any()
    assert not edge[:, 0].any()


def test_the_weight_is_one_in_the_middle_and_the_same_on_every_side():
    weight = central_weight(9, 11)
    assert weight[4, 5] == pytest.approx(1)
    np.testing.assert_allclose(weight, weight[::-1, ::-1])
    assert weight[0, 5] == pytest.approx(weight[4, 0])
