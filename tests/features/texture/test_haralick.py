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


# To the right, and downwards to the right, straight and to the left.
DIRECTIONS = ((0, 1), (1, 1), (1, 0), (1, -1))


def counts_by_hand(levels, inside, step, n_levels):
    """Symmetric counts of the pairs one step apart, both inside."""
    counts = np.zeros((n_levels, n_levels))
    places = {(int(y), int(x)) for y, x in np.argwhere(inside)}
    for y, x in places:
        there = y + step[0], x + step[1]
        if there in places:
            near, far = levels[y, x], levels[there]
            counts[near, far] += 1
            counts[far, near] += 1
    return counts


@pytest.mark.parametrize(
    ("shape", "n_directions"),
    [("row", 1), ("column", 1), ("falling", 1), ("rising", 1), ("corner", 3), ("square", 4)],
)
@given(seed=st.integers(0, 10_000))
@settings(max_examples=10, deadline=None)
def test_directions_without_a_pair_are_left_out(shape, n_directions, seed):
    inside = np.zeros((12, 12), dtype=bool)
    diagonal = np.eye(12, dtype=bool)
    inside[4] = shape in ("row", "corner")
    inside[:, 4] |= shape == "column"
    inside |= {"falling": diagonal, "rising": diagonal[:, ::-1]}.get(shape, False)
    inside[5, 0] |= shape == "corner"  # below the row's end: pairs downwards and to one side
    inside |= shape == "square"
    gray = np.random.default_rng(seed).random((12, 12), dtype=np.float32)
    levels = gray_levels(torch.from_numpy(gray), 8).numpy().astype(int)
    # The difference variance counts the levels up to the brightest.
    n_levels = levels[inside].max() + 1
    counts = [counts_by_hand(levels, inside, step, n_levels) for step in DIRECTIONS]
    paired = np.stack([matrix for matrix in counts if matrix.any()])
    assert len(paired) == n_directions
    found = haralick(torch.from_numpy(gray)[None], torch.from_numpy(inside)[None], levels=8)
    np.testing.assert_allclose(
        found[0], haralick_features(paired).mean(axis=0), rtol=1e-5, atol=1e-6
    )


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


@pytest.mark.parametrize("side", [4, 7, 36, 43, 75, 81])
def test_a_constant_lesion_has_no_information(side):
    mask = torch.ones(1, side, side, dtype=torch.bool)
    values = haralick(torch.full((1, side, side), 0.2), mask)[0]
    assert values[NAMES.index("information_1")] == 0
    assert values[NAMES.index("information_2")] == 0
