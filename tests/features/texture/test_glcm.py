import numpy as np
import pytest
import torch
from skimage.feature import graycomatrix, graycoprops

from features.regions import gray_levels
from features.texture.cooccurrence import (
    ANGLES,
    _counts_on_cpu,
    _counts_on_gpu,
    cooccurrence,
    pair_offset,
)
from features.texture.glcm import GLCM, PROPERTIES, glcm, glcm_properties

LEVELS = 32


def by_skimage(quantised, mask, distances, angles=ANGLES):
    """Masked matrices: the background is level 0, which is dropped, the rest renormalised."""
    marked = np.where(mask, quantised.astype(np.uint8) + 1, 0).astype(np.uint8)
    counts = graycomatrix(marked, distances, np.deg2rad(angles), LEVELS + 1, symmetric=True)
    counts = counts[1:, 1:].astype(float)
    return counts / np.maximum(counts.sum(axis=(0, 1)), 1)


def test_matrix_by_hand():
    gray = torch.tensor([[0, 0, 1], [0, 1, 1]]).float()
    mask = torch.tensor([[True, True, True], [False, True, True]])
    counts, darkest = cooccurrence(gray, mask, 2, [(0, 1)])
    np.testing.assert_array_equal(counts[0], [[2, 1], [1, 2]])
    assert darkest == 0


@pytest.mark.parametrize("source", ["random_batch", "real_batch"])
def test_agrees_with_skimage(source, request):
    batch = request.getfixturevalue(source)
    distances = (1, 2, 4)
    values = GLCM().describe(batch).numpy().reshape(len(batch), 3, len(PROPERTIES), 2)
    quantised = gray_levels(batch.gray, LEVELS).numpy()
    for i in range(len(batch)):
        matrices = by_skimage(quantised[i], batch.mask[i].numpy(), distances)
        for p, name in enumerate(PROPERTIES):
            expected = graycoprops(matrices, "ASM" if name == "asm" else name)
            np.testing.assert_allclose(values[i, :, p, 0], expected.mean(1), rtol=1e-5, atol=1e-7)
            np.testing.assert_allclose(
                values[i, :, p, 1], np.ptp(expected, 1), rtol=1e-4, atol=1e-6
            )


def test_some_directions_alone(random_batch):
    values = GLCM(distances=(3,), angles=(0, 90)).describe(random_batch).numpy()
    quantised = gray_levels(random_batch.gray, LEVELS).numpy()
    for row, levels, mask in zip(values, quantised, random_batch.mask.numpy(), strict=True):
        contrast = graycoprops(by_skimage(levels, mask, (3,), (0, 90)), "contrast")
        assert row[0] == pytest.approx(contrast.mean(), rel=1e-5)
        assert row[1] == pytest.approx(np.ptp(contrast), rel=1e-4)


@pytest.mark.parametrize("levels", [2, 32, 256])
@pytest.mark.parametrize("source", ["random_batch", "odd_batch"])
def test_both_ways_of_counting_agree(source, levels, request):
    batch = request.getfixturevalue(source)
    offsets = [pair_offset(distance, angle) for distance in (1, 4, 50) for angle in ANGLES]
    for image in zip(batch.gray, batch.mask, strict=True):
        here, darkest = _counts_on_cpu(*image, levels, offsets)
        there, darkest_there = _counts_on_gpu(*image, levels, offsets)
        assert darkest == darkest_there
        np.testing.assert_array_equal(here, there)


def test_white_is_a_level_of_its_own_at_256_levels():
    gray = torch.tensor([[1.0, 1.0, 0.0], [0.0, 1.0, 1.0]])
    mask = torch.tensor([[True, True, False], [True, False, True]])
    counts, darkest = cooccurrence(gray, mask, 256, [(0, 1)])
    assert darkest == 0
    assert counts.shape == (1, 256, 256)
    assert counts[0, 255, 255] == counts.sum() == 2


def test_levels_are_floor_of_an_eighth():
    gray = torch.arange(256) / 255
    np.testing.assert_array_equal(gray_levels(gray, 32), np.arange(256) // 8)


def test_a_constant_texture(make_batch):
    pixels = torch.full((1, 3, 16, 16), 90, dtype=torch.uint8)
    values = GLCM().describe(make_batch(pixels, torch.ones(1, 16, 16, dtype=torch.bool)))
    means = dict(zip(PROPERTIES, values[0, 0:14:2].tolist(), strict=True))
    assert means == {
        "contrast": 0,
        "dissimilarity": 0,
        "homogeneity": 1,
        "asm": 1,
        "energy": 1,
        "correlation": 1,
        "entropy": 0,
    }


def test_a_checkerboard_has_full_contrast():
    board = (torch.arange(8)[:, None] + torch.arange(8)) % 2
    everywhere = torch.ones(8, 8, dtype=torch.bool)
    counts, _ = cooccurrence(board.float(), everywhere, 2, [(0, 1)])
    contrast, _, _, _, _, correlation, entropy = glcm_properties(counts)[0].tolist()
    assert contrast == 1
    assert correlation == pytest.approx(-1)
    assert entropy == pytest.approx(np.log(2))


@pytest.mark.parametrize(
    ("descriptor", "named"),
    [
        (GLCM(levels=300), "levels"),
        (GLCM(distances=(0,)), "distances"),
        (GLCM(distances=()), "distances"),
        (GLCM(distances=(1.5,)), "distances"),
        (GLCM(angles=()), "angles"),
    ],
)
def test_parameters_out_of_range(descriptor, named, random_batch):
    with pytest.raises(ValueError, match=named):
        descriptor.describe(random_batch)


def test_parameters_change_the_columns(random_batch):
    descriptor = GLCM(levels=8, distances=(3,))
    assert (
        descriptor.describe(random_batch).shape == (4, len(descriptor.feature_names())) == (4, 14)
    )


@pytest.mark.parametrize(("channel", "moved"), [("a", 1), ("b", 2)])
def test_a_colour_channel_sees_its_own_pattern(random_batch, channel, moved):
    values = GLCM(channel=channel).describe(random_batch)
    low, high = {"a": (-8, 48), "b": (-16, 56)}[channel]
    plane = ((random_batch.lab[:, moved] - low) / (high - low)).clamp(0, 1)
    assert torch.equal(values, glcm(plane, random_batch.mask))
    assert not torch.equal(values, GLCM().describe(random_batch))


def test_unknown_channel(random_batch):
    with pytest.raises(ValueError, match="`channel` must be one of"):
        GLCM(channel="hue").describe(random_batch)


@pytest.mark.parametrize("angle", [-45, -90, 180, 225, 270, 405])
def test_any_angle_is_a_direction(angle, random_batch):
    same = angle % 180
    values = GLCM(distances=(1, 2), angles=(angle,)).describe(random_batch)
    torch.testing.assert_close(
        values, GLCM(distances=(1, 2), angles=(same,)).describe(random_batch), rtol=0, atol=0
    )
