"""What moving, enlarging or brightening a picture changes, and what it must not.

Brightness is followed where a column's definition says what it does: added light moves no local
binary pattern, gradient, hue or shape, and moves means by itself; light by a factor leaves hue and
saturation. CIELAB bends either way, so that columns in it follow no simple rule.
"""

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


def columns(descriptor, *wanted):
    """Positions of the columns whose names begin so."""
    names = descriptor().feature_names()
    return [i for i, name in enumerate(names) if name.startswith(wanted)]


@given(seed=seeds, step=st.integers(-40, 55))
@properties
def test_added_light_moves_the_means(make_lesion_batch, make_batch, seed, step):
    batch = make_lesion_batch(seed)
    pixels = batch.pixels.clamp(40, 200)
    brighter = make_batch((pixels.int() + step).to(torch.uint8), batch.mask)
    before, after = (ColorMoments().describe(b) for b in (make_batch(pixels, batch.mask), brighter))
    still = columns(ColorMoments, "hue")
    assert torch.equal(after[:, still], before[:, still])
    entropies = [f"{channel}_entropy" for channel in ("red", "green", "blue")]
    still = columns(ColorMoments, *entropies)
    assert torch.equal(after[:, still], before[:, still])
    moved = {"red": step, "green": step, "blue": step, "luma": step * 219 / 255, "cb": 0, "cr": 0}
    for channel, by in moved.items():
        mean = columns(ColorMoments, f"{channel}_mean")
        assert_close(after[:, mean], before[:, mean] + by, rtol=1e-5, atol=1e-3)
        shape = columns(ColorMoments, *(f"{channel}_{s}" for s in ("std", "skew", "kurtosis")))
        assert_close(after[:, shape], before[:, shape], rtol=1e-4, atol=1e-4)


@given(seed=seeds)
@properties
def test_half_the_light_leaves_hue_and_saturation(make_lesion_batch, make_batch, seed):
    batch = make_lesion_batch(seed)
    half = batch.pixels // 2
    dark, bright = make_batch(half, batch.mask), make_batch(2 * half, batch.mask)
    for descriptor in (ColorHistogram, ColorMoments):
        still = columns(descriptor, "hue", "saturation")
        before, after = (descriptor().describe(b)[:, still] for b in (bright, dark))
        assert torch.equal(after, before)
    value = columns(ColorMoments, "value_mean", "value_std")
    before, after = (ColorMoments().describe(b)[:, value] for b in (bright, dark))
    assert_close(2 * after, before, rtol=1e-4, atol=1e-6)


@given(seed=seeds, steps=st.integers(-5, 6))
@properties
def test_light_in_whole_levels_keeps_cooccurrence(make_lesion_batch, make_batch, seed, steps):
    batch = make_lesion_batch(seed)
    gray = batch.pixels[:, :1].clamp(40, 200).expand(-1, 3, -1, -1).contiguous()
    brighter = make_batch((gray.int() + 8 * steps).to(torch.uint8), batch.mask)  # 32 levels
    before, after = (GLCM().describe(b) for b in (make_batch(gray, batch.mask), brighter))
    assert_close(after, before, rtol=1e-5, atol=1e-6)


@given(seed=seeds, step=st.integers(-20, 50))
@properties
def test_added_light_keeps_patterns_gradients_and_shape(make_lesion_batch, make_batch, seed, step):
    batch = make_lesion_batch(seed)
    gray = batch.pixels[:, :1].clamp(20, 200).expand(-1, 3, -1, -1).contiguous()
    before = make_batch(gray, batch.mask)
    after = make_batch((gray.int() + step).to(torch.uint8), batch.mask)
    assert_close(LBP().describe(after), LBP().describe(before))
    assert_close(HOG().describe(after), HOG().describe(before), rtol=1e-3, atol=1e-3)
    assert_close(shape_of(after), shape_of(before))
