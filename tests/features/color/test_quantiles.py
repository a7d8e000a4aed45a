import numpy as np
import torch

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
