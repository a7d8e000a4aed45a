import numpy as np
import torch

from pipelines.cnn.rows import EpochOrder, TrainingRows

CODES = np.array([0] * 90 + [1] * 10)


def order(epoch, seed=0, **options):
    sampler = EpochOrder(CODES, seed, **options)
    sampler.epoch = epoch
    return list(sampler)


def test_every_row_once_in_an_order_of_seed_and_epoch():
    assert sorted(order(1)) == list(range(100))
    assert order(1) == order(1)
    assert order(1) != order(2)
    assert order(1) != order(1, seed=1)


def test_balanced_draws_bring_up_rare_classes():
    drawn = CODES[np.concatenate([order(epoch, balanced=True) for epoch in range(1, 21)])]
    assert len(drawn) == 2000
    assert abs(drawn.mean() - 0.5) < 0.05


def test_rows_carry_their_numbers():
    frames = torch.arange(24, dtype=torch.uint8).view(2, 3, 2, 2)
    frame, numbers = TrainingRows(frames, torch.tensor([4, 7]))[1]
    assert torch.equal(frame, frames[1])
    assert numbers.tolist() == [1, 7]
