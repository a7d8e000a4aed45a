import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import minimum_filter
from skimage.feature import local_binary_pattern

from features.regions import gray_levels
from features.texture.lbp import (
    LBP,
    SCALES,
    _histograms_on_cpu,
    _histograms_on_gpu,
    lbp_codes,
)


@pytest.mark.parametrize("source", ["random_batch", "real_batch", "noise"])
@pytest.mark.parametrize(("points", "radius"), SCALES)
def test_codes_agree_with_skimage(source, points, radius, request):
    if source == "noise":
        levels = np.random.default_rng(0).integers(0, 256, (2, 64, 64), dtype=np.uint8)
    else:
        levels = gray_levels(request.getfixturevalue(source).gray).numpy()
    codes = lbp_codes(torch.from_numpy(levels), points, radius).numpy()
    for ours, plane in zip(codes, levels, strict=True):
        expected = local_binary_pattern(plane, points, radius, method="uniform")
        assert (ours == expected).mean() >= 0.999


def test_histogram_counts_pixels_whose_circle_is_inside(random_batch):
    values = LBP().describe(random_batch).numpy()
    levels, start = gray_levels(random_batch.gray), 0
    for points, radius in SCALES:
        codes = lbp_codes(levels, points, radius).numpy()
        for i, mask in enumerate(random_batch.mask.numpy()):
            counted = minimum_filter(mask, 2 * radius + 1, mode="constant", cval=False)
            expected = np.bincount(codes[i][counted], minlength=points + 2) / counted.sum()
            np.testing.assert_allclose(values[i, start : start + points + 2], expected, atol=1e-6)
        start += points + 2


@pytest.mark.parametrize("source", ["random_batch", "odd_batch", "real_batch"])
def test_both_ways_of_computing_agree_to_the_bit(source, request):
    batch = request.getfixturevalue(source)
    for image in zip(batch.gray, batch.mask, strict=True):
        here, there = _histograms_on_cpu(*image, SCALES), _histograms_on_gpu(*image, SCALES)
        assert torch.equal(here, there)


@given(seed=st.integers(0, 10_000), points=st.integers(1, 30), radius=st.integers(1, 6))
@settings(max_examples=20, deadline=None)
def test_both_ways_agree_at_any_scale(seed, points, radius):
    rng = torch.Generator().manual_seed(seed)
    gray = torch.randint(0, 4, (19, 23), generator=rng) / 255  # few levels: many ties
    mask = torch.rand(19, 23, generator=rng) > 0.02
    scales = ((points, radius),)
    assert torch.equal(
        _histograms_on_cpu(gray, mask, scales), _histograms_on_gpu(gray, mask, scales)
    )


def test_a_slope_ties_along_its_contours():
    # On a plane tilted along the diagonal, two of eight neighbours interpolate to the pixel's
    # own grey; with the three brighter ones they make five.
    plane = 10 * (torch.arange(9)[:, None] + torch.arange(9))
    codes = lbp_codes(plane[None].to(torch.uint8), 8, 1)
    assert (codes[0, 1:-1, 1:-1] == 5).all()


def test_flat_grey_is_not_darker_than_itself():
    codes = lbp_codes(torch.full((1, 9, 9), 77, dtype=torch.uint8), 8, 1)
    assert (codes[:, 1:-1, 1:-1] == 8).all()


def test_a_bright_point():
    plane = torch.zeros(1, 7, 7, dtype=torch.uint8)
    plane[0, 3, 3] = 255
    assert lbp_codes(plane, 8, 1)[0, 3, 3] == 0


def test_brightness_does_not_matter(make_lesion_batch, make_batch):
    batch = make_lesion_batch(5)
    gray = batch.pixels[:, :1].clamp(20, 200).expand(-1, 3, -1, -1)
    brighter = make_batch(gray + 40, batch.mask)
    torch.testing.assert_close(
        LBP().describe(brighter), LBP().describe(make_batch(gray, batch.mask))
    )


def test_a_lesion_too_thin_has_zeros(odd_batch):
    thin = [3, 4, 5]  # one pixel, one row, a diagonal line
    assert (LBP().describe(odd_batch)[thin] == 0).all()
