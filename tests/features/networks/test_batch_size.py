import logging

import pytest
import torch

from features.networks.batch_size import BatchSize

ROWS = torch.arange(4096.0)[:, None]


class FakeDevice:
    """Runs out of memory above `fits` rows; batches up to `best` cost no more than one row."""

    def __init__(self, fits=10**6, best=1):
        self.fits, self.best = fits, best
        self.now = 0.0
        self.batches = []

    def clock(self):
        return self.now

    def work(self, batch):
        self.batches.append(len(batch))
        if len(batch) > self.fits:
            raise torch.OutOfMemoryError("out of memory")
        self.now += max(len(batch), self.best)
        return 2 * batch


def run(device, **settings):
    sizes = BatchSize(clock=device.clock, **settings)
    rows = torch.cat(sizes.run(device.work, ROWS))
    assert torch.equal(rows, 2 * ROWS)
    return sizes


def test_grows_while_this_pays():
    assert run(FakeDevice(best=128), start=16).size == 128
    assert run(FakeDevice(best=1), start=16).size == 16


def test_grows_no_further_than_allowed():
    device = FakeDevice(best=10**6)
    assert run(device, start=16, most=64).size == 64
    assert max(device.batches) == 64


def test_halves_when_memory_ends_and_says_so(caplog):
    with caplog.at_level(logging.WARNING, logger="features.networks.batch_size"):
        sizes = run(FakeDevice(fits=50, best=10**6), start=32)
    assert sizes.size == 32
    assert "going on with batches of 32 images" in caplog.text
    device = FakeDevice(fits=5)
    assert run(device, start=32).size == 4
    assert device.batches[:4] == [32, 16, 8, 4]


def test_gives_up_where_not_one_row_fits():
    device = FakeDevice(fits=0)
    with pytest.raises(torch.OutOfMemoryError):
        BatchSize(start=4, clock=device.clock).run(device.work, ROWS)
    assert device.batches == [4, 2, 1]


def test_no_rows():
    assert BatchSize().run(FakeDevice().work, ROWS[:0]) == []
