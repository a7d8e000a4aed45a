import numpy as np
import pytest
import torch

from features.color.joint_histogram import HIGH, LOW, JointColorHistogram


def test_agrees_with_numpy(random_batch):
    values = JointColorHistogram(bins=4).describe(random_batch).numpy()
    edges = [np.linspace(low, high, 5) for low, high in zip(LOW, HIGH, strict=True)]
    for row, lab, mask in zip(values, random_batch.lab, random_batch.mask, strict=True):
        colors = lab[:, mask].numpy().T.astype(np.float64)
        inside = np.clip(colors, np.array(LOW) + 1e-4, np.array(HIGH) - 1e-4)
        expected, _ = np.histogramdd(inside, edges)
        assert np.abs(row - expected.ravel() / len(colors)).sum() < 0.01


def test_one_colour_fills_one_cell(make_batch):
    pixels = torch.full((1, 3, 8, 8), 119, dtype=torch.uint8)  # L* = 50.0, a* = b* = 0
    values = JointColorHistogram().describe(make_batch(pixels, torch.ones(1, 8, 8).bool()))
    names = JointColorHistogram().feature_names()
    filled = [name for name, value in zip(names, values[0], strict=True) if value]
    assert filled == ["L4_a1_b2"]


def test_sums_to_one(real_batch):
    values = JointColorHistogram().describe(real_batch)
    assert values.sum(dim=1).numpy() == pytest.approx(1, abs=1e-5)
