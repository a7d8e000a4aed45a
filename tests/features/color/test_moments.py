import numpy as np
import pytest
import torch
from scipy.stats import circmean, circstd, kurtosis, skew
from skimage.color import rgb2hsv, rgb2lab, rgb2ycbcr
from skimage.measure import shannon_entropy

from features.color.moments import (
    CHANNELS,
    STATISTICS,
    ColorMoments,
    _level_counts,
    _level_counts_on_cpu,
    color_moments,
)


def table(batch):
    return ColorMoments().describe(batch).numpy().reshape(-1, len(CHANNELS), len(STATISTICS))


def reference(batch, i):
    """Channels of one lesion by scikit-image, (12, n_pixels) float64."""
    image = batch.pixels[i].permute(1, 2, 0).numpy()
    spaces = (image.astype(float), rgb2hsv(image), rgb2lab(image), rgb2ycbcr(image))
    return np.concatenate(spaces, axis=-1)[batch.mask[i].numpy()].T


@pytest.mark.parametrize("source", ["random_batch", "real_batch"])
def test_agrees_with_scipy_and_skimage(source, request):
    batch = request.getfixturevalue(source)
    values = table(batch)
    straight = [c for c, name in enumerate(CHANNELS) if name != "hue"]
    for i in range(len(batch)):
        channels = reference(batch, i)[straight]
        expected = [channels.mean(1), channels.std(1), skew(channels, 1), kurtosis(channels, 1)]
        np.testing.assert_allclose(
            values[i, straight, :4], np.stack(expected, 1), rtol=1e-4, atol=2e-4
        )
        for c in range(3):
            assert values[i, c, 4] == pytest.approx(shannon_entropy(channels[c]), rel=1e-5)


def test_hue_is_circular(random_batch):
    hue = reference(random_batch, 0)[CHANNELS.index("hue")]
    mean, std = table(random_batch)[0, CHANNELS.index("hue"), :2]
    assert mean % 1 == pytest.approx(circmean(hue, high=1), abs=1e-5)
    assert std == pytest.approx(circstd(hue, high=1), rel=1e-4)


def test_reds_on_both_sides_of_zero_average_to_red(make_batch):
    pixels = torch.zeros(1, 3, 4, 4, dtype=torch.uint8)
    pixels[:, 0] = 200
    pixels[:, 1, :, :2] = pixels[:, 2, :, 2:] = 20
    mean, std, skewness, _, _ = table(make_batch(pixels, torch.ones(1, 4, 4, dtype=torch.bool)))[
        0, CHANNELS.index("hue")
    ]
    assert mean == pytest.approx(0, abs=1e-6)
    assert std == pytest.approx(1 / 60, rel=1e-2)
    assert skewness == pytest.approx(0, abs=1e-4)


def test_constant_colour(make_batch):
    pixels = torch.full((1, 3, 8, 8), 100, dtype=torch.uint8)
    values = table(make_batch(pixels, torch.ones(1, 8, 8, dtype=torch.bool)))[0]
    np.testing.assert_allclose(values[:3, 0], 100)
    np.testing.assert_allclose(values[:, 1:], 0, atol=1e-6)


def test_planes_and_gathered_pixels_give_the_same(real_batch):
    planes = (real_batch.pixels, real_batch.hsv, real_batch.lab, real_batch.ycbcr)
    np.testing.assert_allclose(
        color_moments(*planes, real_batch.mask), ColorMoments().describe(real_batch), rtol=1e-5
    )


def test_both_ways_to_count_levels_agree(random_batch):
    lesion = (*random_batch.lesion_rgb[:1], *random_batch.lesion_hsv[:1])
    lesion += (*random_batch.lesion_lab[:1], *random_batch.lesion_ycbcr[:1])
    values = torch.cat(lesion)
    moved = (_level_counts(values) - _level_counts_on_cpu(values)).abs().sum(dim=1)
    assert (moved <= 2).all()  # a pixel between two levels may fall on either side


def test_a_far_mean_costs_no_digits(make_batch):
    pixels = torch.full((1, 3, 200, 200), 250, dtype=torch.uint8)
    pixels[:, :, ::20, ::20] = 251
    values = table(make_batch(pixels, torch.ones(1, 200, 200, dtype=torch.bool)))[0, 0]
    share = 1 / 400
    variance = share * (1 - share)
    expected = [
        250 + share,
        variance**0.5,
        (1 - 2 * share) / variance**0.5,
        (1 - 6 * variance) / variance,
        -share * np.log2(share) - (1 - share) * np.log2(1 - share),
    ]
    np.testing.assert_allclose(values, expected, rtol=1e-5)


@pytest.mark.parametrize("color", [(214, 170, 140), (120, 60, 30), (255, 0, 3)])
@pytest.mark.parametrize("off", [0, 1])
def test_nearly_one_hue_has_nearly_no_spread(color, off, make_batch):
    image = np.full((40, 40, 3), color, dtype=np.uint8)
    image[20, 20, 1] += off
    pixels = torch.from_numpy(image).permute(2, 0, 1)[None]
    values = table(make_batch(pixels, torch.ones(1, 40, 40, dtype=torch.bool)))[0]
    expected = circstd(rgb2hsv(image)[..., 0], high=1)
    assert values[CHANNELS.index("hue"), 1] == pytest.approx(expected, abs=1e-7)
