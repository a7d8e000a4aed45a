"""How a network is fine-tuned: skorch's loop, its schedule and its stopping."""

import math
import sys
from collections.abc import Callable
from functools import partial
from typing import ClassVar

import numpy as np
import torch
from sklearn.metrics import recall_score
from skorch import NeuralNetClassifier
from skorch.callbacks import Callback, EarlyStopping, EpochScoring, LRScheduler
from skorch.dataset import Dataset, unpack_data
from skorch.helper import predefined_split
from skorch.utils import noop
from torch import Tensor, nn
from torch.optim.lr_scheduler import LambdaLR
from tqdm import tqdm

from pipelines.cnn.augmentation import apply_changes, draw_changes
from pipelines.cnn.network import FrameClassifier

WARM_UP = 0.15  # of all steps


class FineTuning(NeuralNetClassifier):
    """skorch's training loop, on frames that are changed anew each time.

    Parameters
    ----------
    *args, **kwargs
        As for `skorch.NeuralNetClassifier`.
    change : callable, optional
        Changes a batch of frames before a training step.
    """

    def __init__(self, *args, change: Callable[[Tensor], Tensor] | None = None, **kwargs):
        super().__init__(*args, **kwargs)
        self.change = change

    def on_epoch_begin(self, net, **kwargs):
        """Start the batch norms' averages anew: validation sees those of this epoch."""
        super().on_epoch_begin(net, **kwargs)
        self.module_.forget_statistics()

    def train_step_single(self, batch, **fit_params):
        """Change the frames, then take skorch's step."""
        frames, labels = unpack_data(batch)
        if self.change is not None:
            frames = self.change(frames.to(self.device))
        return super().train_step_single((frames, labels), **fit_params)


def random_changes(seed: int, fill: tuple[int, int, int]) -> Callable[[Tensor], Tensor]:
    """Make a function that changes batches of frames, at random from `seed` on."""
    generator = torch.Generator().manual_seed(seed)

    def change(frames: Tensor) -> Tensor:
        return apply_changes(frames, draw_changes(len(frames), generator), fill)

    return change


def warm_up_and_cosine(step: int, n_steps: int) -> float:
    """Share of the full learning rate: a linear rise, then half a cosine down to zero.

    Examples
    --------
    >>> [round(warm_up_and_cosine(step, 20), 2) for step in (0, 1, 2, 3, 11, 20)]
    [0.33, 0.67, 1.0, 1.0, 0.55, 0.0]
    """
    warm = max(1, round(WARM_UP * n_steps))
    if step < warm:
        return (step + 1) / warm
    done = min(1.0, (step - warm) / max(1, n_steps - warm))
    return (1 + math.cos(math.pi * done)) / 2


def make_trainer(
    network: FrameClassifier,
    n_rows: int,
    validation: Dataset | None,
    *,
    max_epochs: int,
    batch_size: int,
    patience: int,
    seed: int,
    verbose: int,
    **settings,
) -> FineTuning:
    """Put the training loop together.

    Parameters
    ----------
    network : FrameClassifier
        Fine-tuned in place.
    n_rows : int
        Training rows.
    validation : Dataset or None
        Rows that tell the best epoch; without them the last is kept.
    max_epochs, batch_size, patience, seed, verbose : int
        As in `CNNClassifier`; the seed orders the rows.
    **settings : dict
        Further arguments of `FineTuning`.

    Returns
    -------
    FineTuning
        Not fitted.
    """
    # One row left over has no variance for batch norm to go by.
    drop_last = n_rows > batch_size and n_rows % batch_size == 1
    n_steps = max_epochs * (n_rows // batch_size if drop_last else -(-n_rows // batch_size))
    callbacks = [_schedule(n_steps)]
    if validation is not None:
        callbacks += _validation_callbacks(patience)
    return FineTuning(
        network,
        criterion=nn.CrossEntropyLoss,
        optimizer=torch.optim.AdamW,
        max_epochs=max_epochs,
        batch_size=batch_size,
        train_split=None if validation is None else predefined_split(validation),
        iterator_train__shuffle=True,
        iterator_train__drop_last=drop_last,
        iterator_train__generator=torch.Generator().manual_seed(seed),
        callbacks=callbacks,
        callbacks__valid_acc=None,
        callbacks__print_log=_EpochLine() if verbose else None,
        verbose=verbose,
        **settings,
    )


def _schedule(n_steps: int) -> LRScheduler:
    share = partial(warm_up_and_cosine, n_steps=n_steps)
    return LRScheduler(LambdaLR, lr_lambda=share, step_every="batch", event_name=None)


def _validation_callbacks(patience: int) -> list:
    """Score each epoch on the rows set aside, stop in time and restore the best weights."""
    return [
        EpochScoring(_balanced_accuracy, lower_is_better=False, name="valid_balanced_accuracy"),
        EarlyStopping("valid_loss", patience=patience, threshold=0, load_best=True, sink=noop),
    ]


def _balanced_accuracy(net: NeuralNetClassifier, X: Dataset, y: np.ndarray) -> float:
    # Rare classes may be absent from the rows set aside; those that are there count.
    return recall_score(y, net.predict(X), labels=np.unique(y), average="macro")


class _EpochLine(Callback):
    """One plain line an epoch, above any progress bar."""

    _COLUMNS: ClassVar[dict[str, str]] = {
        "train_loss": "train loss",
        "valid_loss": "validation loss",
        "valid_balanced_accuracy": "balanced accuracy",
        "dur": "seconds",
    }

    def on_epoch_end(self, net, **kwargs):
        """Write what the epoch gave."""
        last = net.history[-1]
        cells = [f"{text} {last[key]:.3f}" for key, text in self._COLUMNS.items() if key in last]
        line = f"epoch {last['epoch']} of {net.max_epochs}: {', '.join(cells)}"
        tqdm.write(line, file=sys.stderr)
