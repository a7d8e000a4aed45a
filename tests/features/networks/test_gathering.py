from concurrent.futures import ThreadPoolExecutor
from threading import Event, Lock, get_ident

import pytest
import torch

from features.networks import torch_engine
from features.networks.batch_size import BatchSize
from features.networks.gathering import Gathering

DEADLINE = 20


class FakeDevice:
    """Doubles rows; a call takes a second of its own clock however large. Waits at a gate."""

    def __init__(self, fits=10**6):
        self.fits = fits
        self.batches = []
        self.started, self.gate = Event(), Event()
        self.now = 0.0
        self._alone = Lock()

    def clock(self):
        return self.now

    def work(self, batch):
        assert self._alone.acquire(blocking=False), "two threads at once"
        try:
            self.batches.append(len(batch))
            self.started.set()
            assert self.gate.wait(DEADLINE)
            if len(batch) > self.fits:
                raise torch.OutOfMemoryError("out of memory")
            self.now += 1
            return 2 * batch
        finally:
            self._alone.release()


def ask_while_busy(gathering, device, pool, pieces):
    """Have one piece on the device, and the others wait for it."""
    first = pool.submit(gathering, pieces[0])
    assert device.started.wait(DEADLINE)
    others = [pool.submit(gathering, piece) for piece in pieces[1:]]
    while len(gathering._waiting) < len(others):
        pass
    device.gate.set()
    return [future.result(DEADLINE) for future in [first, *others]]


def pieces(n, rows=32):
    return list(torch.arange(float(n * rows))[:, None].split(rows))


def test_what_waits_is_joined_and_every_thread_has_its_own_rows():
    device = FakeDevice()
    gathering = Gathering(device.work, BatchSize(start=128, clock=device.clock))
    asked = [*pieces(8), torch.full((5, 1), -1.0)]
    with ThreadPoolExecutor(len(asked)) as pool:
        answers = ask_while_busy(gathering, device, pool, asked)
    assert all(torch.equal(own, 2 * piece) for own, piece in zip(answers, asked, strict=True))
    # Those that waited, up to a full batch at a time.
    assert sorted(device.batches) == sorted([32, 128, 101])


def test_batches_grow_beyond_what_one_thread_hands_over():
    device = FakeDevice()
    device.gate.set()
    gathering = Gathering(device.work, BatchSize(start=32, most=256, clock=device.clock))
    for _ in range(8):
        device.started.clear()
        device.gate.clear()
        with ThreadPoolExecutor(16) as pool:
            ask_while_busy(gathering, device, pool, pieces(16))
    assert gathering.sizes.size == 256
    assert max(device.batches) == 256


def test_alone_nothing_is_waited_for():
    device = FakeDevice()
    device.gate.set()
    gathering = Gathering(device.work)
    rows = pieces(1)[0]
    assert torch.equal(gathering(rows), 2 * rows)
    assert device.batches == [32]


def test_memory_that_ends_halves_the_batch_for_all():
    device = FakeDevice(fits=40)
    gathering = Gathering(device.work, BatchSize(start=128, clock=device.clock))
    asked = pieces(6)
    with ThreadPoolExecutor(6) as pool:
        answers = ask_while_busy(gathering, device, pool, asked)
    assert torch.equal(torch.cat(answers), 2 * torch.cat(asked))
    assert gathering.sizes.size <= 40


def test_a_failure_reaches_whoever_waits_and_is_over_then():
    device = FakeDevice()
    device.gate.set()

    def broken(batch):
        raise RuntimeError("device lost")

    gathering = Gathering(broken)
    with pytest.raises(RuntimeError, match="device lost"):
        gathering(pieces(1)[0])
    gathering._work = device.work
    assert len(gathering(pieces(1)[0])) == 32


def test_all_work_is_done_on_one_thread():
    threads = set()

    def work(batch):
        threads.add(get_ident())
        return batch

    gathering = Gathering(work)
    for _ in range(2):
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(gathering, pieces(8)))
    assert len(threads) == 1


@pytest.mark.parametrize(("n_frames", "full"), [(1, 1), (2, 2), (3, 4), (17, 32), (32, 32)])
def test_a_gpu_sees_few_numbers_of_frames(n_frames, full):
    seen = []

    def embed(frames):
        seen.append(len(frames))
        return 2 * frames

    frames = torch.arange(float(n_frames))[:, None]
    run = torch_engine._filled_up(embed, torch_engine._power_of_two)
    assert torch.equal(run(frames), 2 * frames)
    assert seen == [full]


def test_a_gpu_gathers_and_a_cpu_does_not():
    network = torch.nn.Conv2d(3, 4, 1)
    assert isinstance(torch_engine.make_runner(network, torch.device("meta")), Gathering)
    runner = torch_engine.make_runner(torch.nn.Flatten(), torch.device("cpu"))
    frames = torch.rand(9, 3, 2, 2)
    assert not isinstance(runner, Gathering)
    assert torch.equal(runner(frames), frames.flatten(1))
