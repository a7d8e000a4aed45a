import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from features.color.quantiles import ColorQuantiles, color_quantiles


def test_agrees_with_numpy(random_batch):
    values = ColorQuantiles().describe(random_batch).numpy()
    for i in range(len(random_batch)):
        lab, mask = random_batch.lab[i].numpy(), random_batch.mask[i].numpy()
        expected = [
            np.percentile(channel[region], (5, 25, 50, 75, 95))
            for region in (mask, ~mask)
            for channel in lab
        ]
        np.testing.assert_allclose(values[i], np.concatenate(expected), rtol=1e-5, atol=1e-4)


def test_no_skin_gives_zeros(odd_batch):
    empty = (odd_batch.valid & ~odd_batch.mask).flatten(1).sum(dim=1) == 0
    values = ColorQuantiles().describe(odd_batch)
    assert empty.sum() == 2
    assert (values[empty, 15:] == 0).all()


def test_quantiles_of_a_ramp():
    lab = torch.arange(101.0).expand(1, 3, 1, 101)
    values = color_quantiles(lab, torch.ones(1, 1, 101, dtype=torch.bool))
    np.testing.assert_allclose(values[0].view(3, 5), [[5, 25, 50, 75, 95]] * 3)


@given(seed=st.integers(0, 10_000), count=st.integers(1, 60), levels=st.sampled_from([3, 10**6]))
@settings(max_examples=60, deadline=None)
def test_few_or_equal_pixels(seed, count, levels):
    values = np.random.default_rng(seed).integers(0, levels, (1, 3, 1, count)).astype(np.float32)
    percents = (0, 5, 37, 50, 99, 100)
    found = color_quantiles(torch.from_numpy(values), torch.ones(1, 1, count).bool(), percents)
    expected = np.percentile(values[0, :, 0].astype(float), percents, axis=1).T
    np.testing.assert_allclose(found[0].view(3, -1), expected, rtol=1e-6)
