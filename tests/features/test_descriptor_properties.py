"""What moving, enlarging or brightening a picture must not change."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.testing import assert_close

from features import (
    ABCD,
    GLCM,
    HOG,
    LBP,
    ColorHistogram,
    ColorMoments,
    ColorQuantiles,
    DetailBands,
    Haralick,
    JointColorHistogram,
    SkinContrast,
    ZonalColor,
)

SHIFTED = (
    *(ABCD, GLCM, HOG, LBP, ColorHistogram, ColorMoments, ColorQuantiles, DetailBands),
    *(Haralick, JointColorHistogram, SkinContrast, ZonalColor),
)
# Each pixel becomes four: what counts pixels only does not notice.
ENLARGED = (ColorHistogram, ColorMoments, JointColorHistogram)
SHAPE = (
    *("asymmetry_shape_first", "asymmetry_shape_second", "border_compactness", "border_solidity"),
    *("border_convexity", "border_radial_std", "border_eccentricity"),
    *("diameter_equivalent_of_width", "diameter_feret_of_diagonal"),
)

properties = settings(max_examples=8, deadline=None)
seeds = st.integers(0, 10_000)


def shape_of(batch):
    names = ABCD().feature_names()
    return ABCD().describe(batch)[:, [names.index(name) for name in SHAPE]]


def each(descriptors):
    return pytest.mark.parametrize("descriptor", descriptors, ids=lambda cls: cls.__name__)


def placed(make_batch, batch, down, right):
    """The picture somewhere on a larger canvas that is not valid around it."""
    size = batch.mask.shape[1]
    shape, box = (len(batch), 128, 128), (slice(down, down + size), slice(right, right + size))
    pixels = torch.zeros(len(batch), 3, 128, 128, dtype=torch.uint8)
    mask, valid = (torch.zeros(shape, dtype=torch.bool) for _ in range(2))
    pixels[:, :, *box], mask[:, *box], valid[:, *box] = batch.pixels, batch.mask, True
    return make_batch(pixels, mask, valid)


@each(SHIFTED)
@given(seed=seeds, down=st.integers(0, 32), right=st.integers(0, 32))
@properties
def test_moving_the_picture(descriptor, make_lesion_batch, make_batch, seed, down, right):
    batch = make_lesion_batch(seed)
    there, here = (placed(make_batch, batch, *at) for at in ((down, right), (16, 16)))
    before, after = descriptor().describe(here), descriptor().describe(there)
    # OpenCV turns pictures on a grid of 1/32 pixel, on which HOG's patch may move by a step.
    tolerance = 0.02 if descriptor is HOG else 1e-4
    assert_close(after, before, rtol=1e-4, atol=tolerance, equal_nan=True)


@each(ENLARGED)
@given(seed=seeds)
@properties
def test_enlarging_every_pixel(descriptor, make_lesion_batch, make_batch, seed):
    batch = make_lesion_batch(seed, size=48)
    pixels = batch.pixels.repeat_interleave(2, 2).repeat_interleave(2, 3)
    mask = batch.mask.repeat_interleave(2, 1).repeat_interleave(2, 2)
    enlarged = descriptor().describe(make_batch(pixels, mask))
    assert_close(enlarged, descriptor().describe(batch), rtol=1e-5, atol=1e-5)


@given(seed=seeds)
@properties
def test_enlarging_keeps_the_shape(make_lesion_batch, make_batch, seed):
    batch = make_lesion_batch(seed, size=112)
    pixels = batch.pixels.repeat_interleave(2, 2).repeat_interleave(2, 3)
    mask = batch.mask.repeat_interleave(2, 1).repeat_interleave(2, 2)
    assert_close(shape_of(make_batch(pixels, mask)), shape_of(batch), rtol=0.05, atol=0.02)


@given(seed=seeds, step=st.integers(-20, 50))
@properties
def test_brightness(make_lesion_batch, make_batch, seed, step):
    batch = make_lesion_batch(seed)
    gray = batch.pixels[:, :1].clamp(20, 200).expand(-1, 3, -1, -1).contiguous()
    before = make_batch(gray, batch.mask)
    after = make_batch((gray.int() + step).to(torch.uint8), batch.mask)
    assert_close(LBP().describe(after), LBP().describe(before))
    assert_close(HOG().describe(after), HOG().describe(before), rtol=1e-3, atol=1e-3)
    assert_close(shape_of(after), shape_of(before))
