"""How many images a GPU takes at a time, found while it works."""

import logging
from collections.abc import Callable
from time import perf_counter

import torch
from torch import Tensor

_LOGGER = logging.getLogger(__name__)
# Twice the batch has to be this much faster an image to be worth its memory.
_GAIN = 1.05


class BatchSize:
    """Runs a function over rows in batches that grow while this pays, and halve when memory ends.

    Not safe to use from several threads; see `Gathering`.

    Parameters
    ----------
    start : int, default=32
        Rows in the first batch.
    most : int, default=1024
        Rows in a batch at most.
    clock : callable, optional
        Seconds; `time.perf_counter` by default.
    """

    def __init__(
        self, start: int = 32, most: int = 1024, clock: Callable[[], float] = perf_counter
    ):
        self.size = start
        self.most = most
        self._clock = clock
        self._growing = True
        self._warm: set[int] = set()
        self._before: float | None = None

    def run(self, work: Callable[[Tensor], Tensor], rows: Tensor) -> list[Tensor]:
        """Work on all rows, a batch at a time.

        Parameters
        ----------
        work : callable
            A batch to its result; has finished when it returns.
        rows : Tensor of shape (n, ...)
            Rows.

        Returns
        -------
        list of Tensor
            Results, in order.

        Raises
        ------
        torch.OutOfMemoryError
            Not even one row fits.
        """
        done, position = [], 0
        while position < len(rows):
            batch = rows[position : position + self.size]
            start = self._clock()
            try:
                result = work(batch)
            except torch.OutOfMemoryError:
                if len(batch) == 1:
                    raise
                self._shrink(len(batch) // 2)
                continue
            done.append(result)
            position += len(batch)
            if len(batch) == self.size:
                self._learn((self._clock() - start) / len(batch))
        return done

    def _shrink(self, size: int) -> None:
        self.size = self.most = size
        self._growing = False
        _LOGGER.warning("Out of memory: going on with batches of %d images.", size)

    def _learn(self, seconds: float) -> None:
        """Grow while an image takes less time than in batches half as large."""
        if not self._growing:
            return
        # The first batch of a size also pays for planning and memory.
        if self.size not in self._warm:
            self._warm.add(self.size)
            return
        if self._before is not None and self._before < _GAIN * seconds:
            self.size, self._growing = self.size // 2, False
        elif 2 * self.size > self.most:
            self._growing = False
        else:
            self.size, self._before = 2 * self.size, seconds
