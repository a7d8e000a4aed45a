import mahotas
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from features.regions import gray_levels
from features.texture.haralick import NAMES, Haralick, haralick, haralick_features


def by_mahotas(batch, levels):
    """Levels count from 1: mahotas leaves out zeros, the background."""
    quantised = gray_levels(batch.gray, levels).numpy().astype(int)
    marked = np.where(batch.mask.numpy(), quantised + 1, 0)
    rows = [mahotas.features.haralick(m, ignore_zeros=True, return_mean=True) for m in marked]
    return np.stack(rows)


@pytest.mark.parametrize("source", ["random_batch", "real_batch"])
@pytest.mark.parametrize("levels", [8, 32, 256])
def test_agrees_with_mahotas(source, levels, request):
    batch = request.getfixturevalue(source)
    values = Haralick(levels=levels).describe(batch).numpy()
    np.testing.assert_allclose(values, by_mahotas(batch, levels), rtol=1e-6, atol=1e-7)


def test_two_levels_by_hand():
    # Equal pairs (0, 0) and (1, 1), and none of unequal levels.
    values = haralick_features(np.array([[[3.0, 0.0], [0.0, 3.0]]]))[0]
    expected = {
        "asm": 0.5,
        "contrast": 0,
        "correlation": 1,
        "variance": 0.25,
        "inverse_difference_moment": 1,
        "sum_average": 3,
        "sum_variance": 1,
        "sum_entropy": 1,
        "entropy": 1,
        "difference_variance": 2 / 9,
        "difference_entropy": 0,
        "information_1": -1,
        "information_2": np.sqrt(1 - np.exp(-2)),
    }
    assert dict(zip(NAMES, values, strict=True)) == pytest.approx(expected)


def test_independent_levels_share_no_information():
    margin = np.array([2.0, 3.0, 5.0])
    values = haralick_features(np.outer(margin, margin)[None])[0]
    named = dict(zip(NAMES, values, strict=True))
    assert named["correlation"] == pytest.approx(0, abs=1e-12)
    assert named["information_1"] == pytest.approx(0, abs=1e-12)
    assert named["information_2"] == pytest.approx(0, abs=1e-6)


def test_a_constant_texture(make_batch):
    pixels = torch.full((1, 3, 16, 16), 90, dtype=torch.uint8)
    batch = make_batch(pixels, torch.ones(1, 16, 16, dtype=torch.bool))
    np.testing.assert_allclose(Haralick().describe(batch), by_mahotas(batch, 32), atol=1e-7)


def test_directions_without_a_pair_are_left_out():
    gray = torch.rand(1, 1, 40, generator=torch.Generator().manual_seed(0))
    row = torch.ones(1, 1, 40, dtype=torch.bool)
    alone = haralick(gray, row)
    # Of two equal rows three directions have pairs, so the mean is another.
    assert alone.isfinite().all()
    assert alone[0, NAMES.index("entropy")] > 1
    assert not torch.equal(alone, haralick(gray.expand(1, 2, 40), row.expand(1, 2, 40)))


def test_a_lesion_without_a_pair_has_zeros(odd_batch):
    assert (Haralick().describe(odd_batch)[3] == 0).all()


@given(seed=st.integers(0, 10_000), steps=st.integers(-4, 4))
@settings(max_examples=15, deadline=None)
def test_brightness_moves_the_averages_alone(make_lesion_batch, make_batch, seed, steps):
    batch = make_lesion_batch(seed, size=48)
    gray = batch.pixels[:, :1].clamp(40, 200).expand(-1, 3, -1, -1)
    before = Haralick().describe(make_batch(gray, batch.mask))
    after = Haralick().describe(make_batch(gray + 8 * steps, batch.mask))
    # The difference variance counts the levels up to the brightest.
    moving = [NAMES.index("sum_average"), NAMES.index("difference_variance")]
    still = [i for i in range(len(NAMES)) if i not in moving]
    torch.testing.assert_close(after[:, still], before[:, still], rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(after[:, moving[0]], before[:, moving[0]] + 2 * steps)


def test_levels_out_of_range(random_batch):
    with pytest.raises(ValueError, match="levels"):
        Haralick(levels=257).describe(random_batch)
