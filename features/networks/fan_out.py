"""Pieces of a batch, each on a thread of its own."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import torch
from torch import Tensor


def fan_out(work: Callable[[Tensor], Tensor], pieces: Sequence[Tensor]) -> Tensor:
    """Work on pieces in as many threads as torch may use, and join the rows in order.

    Parameters
    ----------
    work : callable
        One piece to its rows; safe to call from several threads.
    pieces : sequence of Tensor
        At least one.

    Returns
    -------
    Tensor of shape (n, width)
        Rows.
    """
    n_threads = min(torch.get_num_threads(), len(pieces))
    if n_threads == 1:
        return torch.cat([work(piece) for piece in pieces])
    with ThreadPoolExecutor(n_threads) as pool:
        return torch.cat(list(pool.map(work, pieces)))
