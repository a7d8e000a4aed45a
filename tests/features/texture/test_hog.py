import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage import feature

from features.texture.hog import HOG, _cells_on_cpu, _cells_on_gpu, hog, upright_patches


@pytest.mark.parametrize("source", ["random_batch", "real_batch"])
@pytest.mark.parametrize(("cell", "orientations", "block"), [(16, 9, 2), (8, 9, 2), (20, 12, 3)])
def test_agrees_with_skimage(source, cell, orientations, block, request):
    batch = request.getfixturevalue(source)
    patches = upright_patches(batch.gray, batch.mask, batch.valid)
    ours = hog(patches, cell, orientations, block).numpy()
    for row, patch in zip(ours, patches.numpy(), strict=True):
        expected = feature.hog(
            patch.astype(float), orientations, (cell, cell), (block, block), "L2-Hys"
        )
        np.testing.assert_allclose(row, expected, rtol=0, atol=2e-7)


@given(seed=st.integers(0, 10_000), orientations=st.integers(2, 18), levels=st.integers(2, 300))
@settings(max_examples=20, deadline=None)
def test_both_ways_of_binning_agree(seed, orientations, levels):
    rng = np.random.default_rng(seed)
    # Few levels make gradients of 0, 45, 90 and 135 degrees frequent.
    patch = torch.from_numpy(rng.integers(0, levels, (37, 50)) / np.float32(levels)).float()
    here = _cells_on_cpu(patch.numpy(), 8, orientations)
    there = _cells_on_gpu(patch[None], 8, orientations)[0].numpy()
    np.testing.assert_allclose(here, there, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("down", "right", "orientation"),
    [(0, 1, 0), (1, 1, 1), (1, 0, 2), (1, -1, 3), (0, -1, 0), (-1, -1, 1), (-1, 0, 2), (-1, 1, 3)],
)
def test_gradients_on_the_edge_of_a_bin(down, right, orientation):
    # Four orientations begin at 0, 45, 90 and 135 degrees.
    patch = 8 + np.arange(8)[:, None] * down + np.arange(8) * right
    cells = _cells_on_cpu(patch.astype(np.float32)[:8, :8], 8, 4)[0, 0]
    inner = 36 * np.hypot(2 * down, 2 * right) / 64
    assert cells[orientation] >= inner - 1e-9


def ellipse(turn, size=96):
    y, x = (np.mgrid[:size, :size] - (size - 1) / 2) / size
    along, across = x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn)
    mask = np.hypot(along, 2 * across) < 0.35
    return torch.from_numpy(np.where(mask, 0.2, 0.8).astype(np.float32))[None], mask[None]


@pytest.mark.parametrize("degrees", [0, 30, 90, 145])
def test_patches_are_upright(degrees):
    gray, mask = ellipse(np.deg2rad(degrees))
    mask = torch.from_numpy(mask)
    patch = upright_patches(gray, mask, torch.ones_like(mask))[0] < 0.5
    rows, columns = patch.any(dim=1).sum().item(), patch.any(dim=0).sum().item()
    assert columns == pytest.approx(128 / 1.2, abs=3)
    assert rows == pytest.approx(columns / 2, abs=3)


def test_turning_the_lesion_changes_little(make_lesion_batch, make_batch):
    batch = make_lesion_batch(1)
    turned = make_batch(batch.pixels.rot90(1, (2, 3)), batch.mask.rot90(1, (1, 2)))
    before, after = HOG().describe(batch), HOG().describe(turned)
    assert (before - after).abs().max() < 0.02


def test_length_is_fixed_for_the_smallest_images(make_batch):
    pixels = np.random.default_rng(0).integers(0, 256, (1, 3, 5, 4), dtype=np.uint8)
    mask = torch.ones(1, 5, 4, dtype=torch.bool)
    assert HOG().describe(make_batch(pixels, mask)).shape == (1, 1764)


def test_a_block_that_does_not_fit(random_batch):
    with pytest.raises(ValueError, match="does not fit"):
        HOG(cell_size=80).describe(random_batch)


def test_parameters_change_the_columns(random_batch):
    descriptor = HOG(cell_size=7, orientations=9, size=28)
    assert descriptor.describe(random_batch).shape == (4, len(descriptor.feature_names()))
    assert len(descriptor.feature_names()) == 324
