"""What holds for every hand-crafted descriptor."""

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
LESION_ONLY = (
    *(ColorHistogram, ColorMoments, DetailBands, GLCM, Haralick),
    *(JointColorHistogram, LBP),
)
TURNS_WITH_THE_LESION = (*LESION_ONLY, ColorQuantiles, SkinContrast, SkinTypology, ZonalColor)

EXACTLY = {"rtol": 0, "atol": 0, "equal_nan": True}

every = pytest.mark.parametrize("descriptor", COLUMNS, ids=lambda cls: cls.__name__)


def changed(batch, pixels):
    return replace(batch, pixels=pixels, original=pixels)


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
def test_a_row_does_not_depend_on_its_batch(descriptor, random_batch, make_lesion_batch):
    together = descriptor().describe(random_batch)
    assert_close(descriptor().describe(make_lesion_batch(2)), together[2:3], **EXACTLY)


@pytest.mark.parametrize("descriptor", LESION_ONLY, ids=lambda cls: cls.__name__)
def test_only_the_lesion_counts(descriptor, random_batch):
    noise = torch.randint(0, 256, random_batch.pixels.shape, dtype=torch.uint8)
    pixels = torch.where(random_batch.mask[:, None], random_batch.pixels, noise)
    moved = descriptor().describe(changed(random_batch, pixels))
    assert_close(moved, descriptor().describe(random_batch), **EXACTLY)


@every
def test_invalid_pixels_do_not_count(descriptor, random_batch):
    valid = torch.ones_like(random_batch.valid)
    valid[:, :, :10] = False
    batch = replace(random_batch, valid=valid, mask=random_batch.mask & valid)
    dark = torch.where(valid[:, None], batch.pixels, torch.zeros_like(batch.pixels))
    moved = descriptor().describe(changed(batch, dark))
    assert_close(moved, descriptor().describe(batch), rtol=1e-5, atol=1e-5, equal_nan=True)


@pytest.mark.parametrize("descriptor", TURNS_WITH_THE_LESION, ids=lambda cls: cls.__name__)
@given(seed=st.integers(0, 10_000), turns=st.integers(1, 3), mirror=st.booleans())
@settings(max_examples=10, deadline=None)
def test_turning_or_mirroring_changes_nothing(
    descriptor, make_lesion_batch, make_batch, seed, turns, mirror
):
    batch = make_lesion_batch(seed, size=64)
    pixels, mask = batch.pixels.rot90(turns, (2, 3)), batch.mask.rot90(turns, (1, 2))
    if mirror:
        pixels, mask = pixels.flip(3), mask.flip(2)
    moved = descriptor().describe(make_batch(pixels, mask))
    assert_close(moved, descriptor().describe(batch), rtol=1e-4, atol=1e-4, equal_nan=True)


@every
def test_real_lesions_are_finite_and_differ(descriptor, real_batch):
    values = descriptor().describe(real_batch)
    assert torch.isfinite(known(descriptor, values)).all()
    assert not torch.equal(values[0], values[1])
