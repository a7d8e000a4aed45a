import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import distance_transform_edt

from features.regions import pixels_inside, ring_around


@given(
    seed=st.integers(0, 10_000),
    shape=st.tuples(st.integers(1, 60), st.integers(1, 60)),
    inner=st.one_of(st.integers(0, 8), st.floats(0, 8)),
    width=st.one_of(st.integers(0, 15), st.floats(0, 15)),
    share=st.sampled_from([0.001, 0.01, 0.3]),
)
@settings(max_examples=100, deadline=None)
def test_a_ring_is_two_thresholds_of_the_distance(seed, shape, inner, width, share):
    rng = np.random.default_rng(seed)
    mask = rng.random(shape) < share
    mask[rng.integers(shape[0]), rng.integers(shape[1])] = True
    distance = distance_transform_edt(~mask)
    outer = inner + width
    expected = (distance > inner) & (distance <= outer)
    np.testing.assert_array_equal(ring_around(mask, inner, outer), expected)


def test_the_ring_around_a_pixel_is_a_disk():
    mask = np.zeros((7, 7), dtype=bool)
    mask[3, 3] = True
    rows = ["...#...", ".#####.", ".#####.", "#######", ".#####.", ".#####.", "...#..."]
    expected = np.array([[cell == "#" for cell in row] for row in rows])
    np.testing.assert_array_equal(ring_around(mask, 0, 3), expected & ~mask)
    np.testing.assert_array_equal(ring_around(mask, 2.9, 3), expected & (distances() == 3))


def distances():
    """From the middle of 7 x 7 pixels."""
    return np.hypot(*(np.mgrid[:7, :7] - 3))


@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32])
def test_gathered_pixels_are_those_of_the_mask(dtype, random_batch):
    planes = random_batch.pixels.to(dtype)
    for gathered, plane, mask in zip(
        pixels_inside(planes, random_batch.mask), planes, random_batch.mask, strict=True
    ):
        assert torch.equal(gathered, plane[:, mask])
    assert pixels_inside(planes, torch.zeros_like(random_batch.mask))[0].shape == (3, 0)
