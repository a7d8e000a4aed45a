"""Frames of several threads in one batch of a device that they share."""

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import torch
from torch import Tensor

from features.networks.batch_size import BatchSize


class Gathering:
    """Works on what waits while the device is busy in one go, larger than any thread's own.

    Nobody waits for company, and nothing is held but what its threads hold already; what is
    joined at a time is little more than one batch. All work is done on one thread of its own:
    cuDNN plans anew on every thread, which takes longer than the work, and `BatchSize` needs no
    lock.

    Parameters
    ----------
    work : callable
        A batch to its rows; has finished when it returns.
    sizes : BatchSize, optional
        Rows in a batch; the default `BatchSize` if None.
    """

    def __init__(self, work: Callable[[Tensor], Tensor], sizes: BatchSize | None = None):
        self.sizes = BatchSize() if sizes is None else sizes
        self._work = work
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="device")
        self._waiting: deque[tuple[Tensor, Future[Tensor]]] = deque()

    def __call__(self, frames: Tensor) -> Tensor:
        """Work on frames, (n, ...); safe to call from several threads."""
        answer: Future[Tensor] = Future()
        self._waiting.append((frames, answer))
        self._thread.submit(self._serve)
        return answer.result()

    def _next(self) -> list[tuple[Tensor, Future[Tensor]]]:
        """Take what waited longest, up to a full batch; none where others were served with it."""
        taken: list[tuple[Tensor, Future[Tensor]]] = []
        n_rows = 0
        while self._waiting and n_rows < self.sizes.size:
            taken.append(self._waiting.popleft())
            n_rows += len(taken[-1][0])
        return taken

    def _serve(self) -> None:
        taken = self._next()
        if not taken:
            return
        counts = [len(frames) for frames, _ in taken]
        try:
            joined = torch.cat([frames for frames, _ in taken])
            rows = torch.cat(self.sizes.run(self._work, joined)).split(counts)
        except BaseException as exc:  # nobody may be left waiting
            for _, answer in taken:
                answer.set_exception(exc)
            return
        for (_, answer), own in zip(taken, rows, strict=True):
            answer.set_result(own)
