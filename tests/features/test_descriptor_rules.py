"""What holds for every hand-crafted descriptor."""

import re
from dataclasses import replace

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
    SkinTypology,
    ZonalColor,
)

COLUMNS = {
    ABCD: 73,
    ColorHistogram: 32,
    ColorMoments: 60,
    ColorQuantiles: 30,
    DetailBands: 36,
    GLCM: 42,
    HOG: 1764,
    Haralick: 13,
    JointColorHistogram: 512,
    LBP: 54,
    SkinContrast: 11,
    SkinTypology: 4,
    ZonalColor: 42,
}
# Columns that no pixel outside the lesion may move. HOG and SkinContrast look at the skin too.
LESION_COLUMNS = {
    **dict.fromkeys((ColorHistogram, ColorMoments, DetailBands, GLCM, Haralick), ""),
    **dict.fromkeys((JointColorHistogram, LBP), ""),
    # The skin decides how abruptly the border ends, and what is lighter than it and so white.
    ABCD: "asymmetry|border_(?!abruptness|contrast|score)|diameter|structure",
    ColorQuantiles: "lesion",
    ZonalColor: "core|middle|rim_._(mean|std)",
}
TURNS_WITH_THE_LESION = (*LESION_COLUMNS, SkinContrast, SkinTypology)
EXACTLY = {"rtol": 0, "atol": 0, "equal_nan": True}

properties = settings(max_examples=10, deadline=None)
seeds = st.integers(0, 10_000)
shapes = st.tuples(st.integers(24, 96), st.integers(24, 96))

every = pytest.mark.parametrize("descriptor", COLUMNS, ids=lambda cls: cls.__name__)


def each(descriptors):
    return pytest.mark.parametrize("descriptor", descriptors, ids=lambda cls: cls.__name__)


def changed(batch, pixels):
    return replace(batch, pixels=pixels, original=pixels)


def cut_out(make_lesion_batch, make_batch, seeds, shape):
    """Random lesions in the middle of a canvas of some shape, whose border may cut them."""
    side = max(shape)
    batch = make_lesion_batch(*seeds, size=side)
    top, left = ((side - length) // 2 for length in shape)
    box = slice(top, top + shape[0]), slice(left, left + shape[1])
    return make_batch(batch.pixels[..., *box].contiguous(), batch.mask[:, *box].contiguous())


def window_of(planes, edges):
    """True but for strips of some widths at the top, bottom, left and right."""
    (height, width), (top, bottom, left, right) = planes.shape[1:], edges
    window = torch.zeros_like(planes)
    window[:, top : height - bottom, left : width - right] = True
    return window


def noise_like(pixels, seed):
    rng = torch.Generator().manual_seed(seed)
    return torch.randint(256, pixels.shape, dtype=torch.uint8, generator=rng)


@every
def test_shape_names_and_type(descriptor, random_batch):
    values = descriptor().describe(random_batch)
    assert values.shape == (4, COLUMNS[descriptor])
    assert values.dtype == torch.float32
    assert len(set(descriptor().feature_names())) == COLUMNS[descriptor]


def known(descriptor, values):
    """Columns that may not be NaN."""
    nullable = descriptor().nullable_names()
    return values[:, [name not in nullable for name in descriptor().feature_names()]]


@every
def test_finite_whatever_the_lesion(descriptor, odd_batch):
    values = known(descriptor, descriptor().describe(odd_batch))
    assert values.shape[1]
    assert torch.isfinite(values).all()


@every
@given(rows=st.lists(seeds, min_size=2, max_size=5, unique=True), shape=shapes, data=st.data())
@properties
def test_a_row_does_not_depend_on_its_batch(
    descriptor, make_lesion_batch, make_batch, rows, shape, data
):
    chosen = data.draw(st.integers(0, len(rows) - 1))
    together = descriptor().describe(cut_out(make_lesion_batch, make_batch, rows, shape))
    alone = descriptor().describe(
        cut_out(make_lesion_batch, make_batch, rows[chosen : chosen + 1], shape)
    )
    assert_close(alone, together[chosen : chosen + 1], **EXACTLY)


@each(LESION_COLUMNS)
@given(seed=seeds, shape=shapes, other=seeds)
@properties
def test_only_the_lesion_counts(descriptor, make_lesion_batch, make_batch, seed, shape, other):
    batch = cut_out(make_lesion_batch, make_batch, [seed], shape)
    noise = noise_like(batch.pixels, other)
    pixels = torch.where(batch.mask[:, None], batch.pixels, noise)
    counts = re.compile(LESION_COLUMNS[descriptor])
    columns = [counts.match(name) is not None for name in descriptor().feature_names()]
    assert any(columns)
    moved, before = (
        descriptor().describe(some)[:, columns] for some in (changed(batch, pixels), batch)
    )
    assert_close(moved, before, **EXACTLY)


@every
@given(seed=seeds, shape=shapes, other=seeds, edges=st.tuples(*[st.integers(0, 9)] * 4))
@properties
def test_invalid_pixels_do_not_count(
    descriptor, make_lesion_batch, make_batch, seed, shape, other, edges
):
    batch = cut_out(make_lesion_batch, make_batch, [seed], shape)
    valid = window_of(batch.valid, edges)
    batch = replace(batch, valid=valid, mask=batch.mask & valid)
    pixels = torch.where(valid[:, None], batch.pixels, noise_like(batch.pixels, other))
    moved = descriptor().describe(changed(batch, pixels))
    assert_close(moved, descriptor().describe(batch), rtol=1e-5, atol=1e-5, equal_nan=True)


@each(TURNS_WITH_THE_LESION)
@given(seed=seeds, turns=st.integers(0, 3), mirror=st.booleans())
@properties
def test_turning_or_mirroring_changes_nothing(
    descriptor, make_lesion_batch, make_batch, seed, turns, mirror
):
    batch = make_lesion_batch(seed, size=64)
    pixels, mask = batch.pixels.rot90(turns, (2, 3)), batch.mask.rot90(turns, (1, 2))
    if mirror:
        pixels, mask = pixels.flip(3), mask.flip(2)
    before, after = (descriptor().describe(b)[0] for b in (batch, make_batch(pixels, mask)))
    for name, value, moved in zip(descriptor().feature_names(), before, after, strict=True):
        assert_close(moved, value, rtol=1e-4, atol=1e-4, equal_nan=True, msg=name)


@every
def test_real_lesions_are_finite_and_differ(descriptor, real_batch):
    values = descriptor().describe(real_batch)
    assert torch.isfinite(known(descriptor, values)).all()
    assert not torch.equal(values[0], values[1])
