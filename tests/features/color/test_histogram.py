import numpy as np
import pytest
import torch

from features.color.histogram import ColorHistogram, color_histogram


def test_agrees_with_numpy(random_batch):
    values = ColorHistogram().describe(random_batch).numpy()
    for i in range(len(random_batch)):
        inside = random_batch.hsv[i][:, random_batch.mask[i]].numpy()
        expected = [
            np.histogram(channel, bins, (0, 1))[0] / channel.size
            for channel, bins in zip(inside, (16, 8, 8), strict=True)
        ]
        np.testing.assert_allclose(values[i], np.concatenate(expected), atol=1e-6)


def test_one_colour_fills_one_bin_a_channel(make_batch):
    pixels = torch.tensor([255, 0, 0], dtype=torch.uint8)[None, :, None, None].expand(1, 3, 8, 8)
    values = ColorHistogram().describe(make_batch(pixels, torch.ones(1, 8, 8, dtype=torch.bool)))
    names = ColorHistogram().feature_names()
    filled = {name for name, value in zip(names, values[0], strict=True) if value == 1}
    assert filled == {"hue_0", "saturation_7", "value_7"}


def test_each_channel_sums_to_one(real_batch):
    values = ColorHistogram(bins=(4, 5, 6)).describe(real_batch)
    assert values.shape[1] == 15
    for part in values.split((4, 5, 6), dim=1):
        assert part.sum(dim=1).numpy() == pytest.approx(1, abs=1e-6)


def test_whole_planes_give_the_same(real_batch):
    expected = color_histogram(real_batch.hsv, real_batch.mask)
    assert torch.equal(ColorHistogram().describe(real_batch), expected)


def test_a_hue_on_a_border_counts_above(make_batch):
    pixels = torch.tensor([60, 35, 20], dtype=torch.uint8)  # 3/8 of a sixth of a turn: 1/16
    pixels = pixels[None, :, None, None].expand(1, 3, 8, 8)
    values = ColorHistogram().describe(make_batch(pixels, torch.ones(1, 8, 8, dtype=torch.bool)))
    assert values[0, ColorHistogram().feature_names().index("hue_1")] == 1
