"""Training rows, and the order in which an epoch takes them."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset, Sampler


class TrainingRows(Dataset):
    """Frames with their labels and row numbers.

    Parameters
    ----------
    frames : Tensor of shape (n, 3, size, size), uint8
        RGB.
    codes : Tensor of shape (n,), int64
        Classes by number.
    """

    def __init__(self, frames: Tensor, codes: Tensor):
        self.frames = frames
        self.codes = codes

    def __len__(self) -> int:
        return len(self.frames)

    def __getitem__(self, row: int) -> tuple[Tensor, Tensor]:
        """Return a frame, and its row number and class."""
        return self.frames[row], torch.stack([torch.tensor(row), self.codes[row]])


class EpochOrder(Sampler[int]):
    """A new random order each epoch, which depends on the seed and the epoch alone.

    Parameters
    ----------
    codes : ndarray of shape (n,), int64
        Classes by number.
    seed : int
        Of the orders.
    balanced : bool, default=False
        Draw each class equally often: rows of rare classes come up several times in an epoch,
        and some of the frequent ones not at all.

    Attributes
    ----------
    epoch : int
        The one whose order comes next, counted from 1.
    """

    def __init__(self, codes: np.ndarray, seed: int, *, balanced: bool = False):
        self.codes = codes
        self.seed = seed
        self.balanced = balanced
        self.epoch = 1

    def __len__(self) -> int:
        return len(self.codes)

    def __iter__(self) -> Iterator[int]:
        rng = np.random.default_rng((self.seed, self.epoch))
        n = len(self.codes)
        if not self.balanced:
            return iter(rng.permutation(n).tolist())
        share = 1 / np.bincount(self.codes)[self.codes]
        return iter(rng.choice(n, size=n, p=share / share.sum()).tolist())
