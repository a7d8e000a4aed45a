"""How a network is fine-tuned: skorch's loop, with what a good run on few images needs."""

import sys
import warnings
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from time import perf_counter
from typing import Any, ClassVar

import numpy as np
import torch
from sklearn.metrics import recall_score
from skorch import NeuralNetClassifier
from skorch.callbacks import Callback, EpochScoring
from skorch.dataset import Dataset, unpack_data
from skorch.helper import predefined_split
from torch import Tensor
from torch.nn import functional
from tqdm import tqdm

from features.networks.batch_size import BatchSize
from pipelines.cnn.augmentation import Augmentation
from pipelines.cnn.averaging import WeightAverage
from pipelines.cnn.checkpoint import Checkpoint
from pipelines.cnn.loss import ClassificationLoss
from pipelines.cnn.network import FrameClassifier
from pipelines.cnn.rows import EpochOrder, TrainingRows
from pipelines.cnn.schedule import parameter_groups, size_at, warm_up_and_cosine

# Of the auxiliary heads' losses, as the networks' authors weigh them.
_AUXILIARY_WEIGHT = 0.3
# Near-equal parts of at most so many rows have two rows or more, as batch norm needs.
_SMALLEST_CHUNK = 3


@dataclass(frozen=True)
class Regime:
    """How a network is trained; see `CNNClassifier` for what each setting means."""

    sizes: tuple[int, ...]
    max_epochs: int
    batch_size: int
    learning_rate: float
    lower_rate: float
    weight_decay: float
    augmentation: Augmentation
    balanced: bool
    averaging: float
    patience: int
    precision: torch.dtype
    seed: int
    verbose: int


class FineTuning(NeuralNetClassifier):
    """skorch's training loop, with augmentation, weight averaging and resumption.

    Parameters
    ----------
    *args, **kwargs
        As for `skorch.NeuralNetClassifier`.
    regime : Regime
        How to train.
    order : EpochOrder
        The sampler of the training rows.
    checkpoint : Checkpoint, optional
        Where the state is kept after each epoch.

    Attributes
    ----------
    epoch_ : int
        The present epoch, counted from 1.
    average_ : WeightAverage
        The weights that validation sees.
    best_ : dict
        `epoch`, `loss` and `weights` of the best epoch; of the last without validation rows.
    rows_ : list of dict
        What each epoch gave, those before a resumption included.
    chunk_ : int
        Rows that go through the network at a time.
    """

    def __init__(
        self,
        *args,
        regime: Regime,
        order: EpochOrder,
        checkpoint: Checkpoint | None = None,
        **kwargs,
    ):
        super().__init__(*args, **kwargs)
        self.regime = regime
        self.order = order
        self.checkpoint = checkpoint

    def initialize_optimizer(self):
        """Give norms, kernels and the last layer their own rates and decays."""
        regime = self.regime
        groups = parameter_groups(
            self.module_, regime.learning_rate, regime.lower_rate, regime.weight_decay
        )
        self.optimizer_ = torch.optim.AdamW(groups)
        return self

    def train(self, rows: TrainingRows) -> None:
        """Train to the end, from the start or from the checkpoint."""
        self.initialize()
        self.epoch_, self.step_ = 0, 0
        self.n_steps_ = self.regime.max_epochs * len(self.get_iterator(rows, training=True))
        self.chunk_ = self.regime.batch_size
        self.validation_batch_ = BatchSize(self.regime.batch_size, self.regime.batch_size)
        self.average_ = WeightAverage(self.module_, self.regime.averaging)
        self.best_: dict[str, Any] = {}
        self.rows_: list[dict[str, Any]] = []
        self.scaler_ = torch.amp.GradScaler(
            self._device.type, enabled=self.regime.precision is torch.float16
        )
        state = self.checkpoint and self.checkpoint.load(self._device)
        if state:
            self._restore(state)
        left = self.regime.max_epochs - self.epoch_
        if left and not self.gets_no_better():
            self.notify("on_train_begin", X=rows, y=None)
            with suppress(_EnoughError):
                self.fit_loop(rows, None, epochs=left)
            self.notify("on_train_end", X=rows, y=None)

    @property
    def _device(self) -> torch.device:
        return torch.device(self.device)

    def gets_no_better(self) -> bool:
        """Tell whether the patience is at its end."""
        return bool(self.best_) and self.epoch_ - self.best_["epoch"] >= self.regime.patience

    def on_epoch_begin(self, net, **kwargs):
        """Seed all that is drawn in the epoch from the seed and the epoch alone."""
        super().on_epoch_begin(net, **kwargs)
        self.epoch_ += 1
        self.order.epoch = self.epoch_
        self.met_: Counter[int] = Counter()
        sequence = np.random.SeedSequence((self.regime.seed, self.epoch_))
        torch.manual_seed(int(sequence.generate_state(1)[0]))

    def run_single_epoch(self, iterator, training, prefix, step_fn, **fit_params):
        """Run an epoch, timing the training."""
        if training and self.regime.verbose > 1:
            iterator = tqdm(iterator, desc=f"epoch {self.epoch_}", leave=False, unit="batch")
        start = perf_counter()
        super().run_single_epoch(iterator, training, prefix, step_fn, **fit_params)
        if training:
            n_rows = sum(row["train_batch_size"] for row in self.history[-1, "batches"])
            self.history.record("images_per_second", n_rows / (perf_counter() - start))

    def train_step(self, batch, **fit_params):
        """Change the frames, then take a step, in parts where memory asks for it."""
        frames, targets = self._augmented(batch)
        self._set_training(True)
        share = warm_up_and_cosine(self.step_, self.n_steps_)
        for group in self.optimizer_.param_groups:
            group["lr"] = share * group["full_rate"]
        while True:
            try:
                step = self._step(frames, targets)
                break
            except torch.OutOfMemoryError:
                most = min(self.chunk_, len(frames))
                if most <= _SMALLEST_CHUNK:
                    raise
                self.chunk_ = max(most // 2, _SMALLEST_CHUNK)
                warnings.warn(
                    f"The device is out of memory: {self.chunk_} rows at a time from here on.",
                    RuntimeWarning,
                    stacklevel=2,
                )
        self.step_ += 1
        self.average_.update(self.module_)
        return step

    def _augmented(self, batch) -> tuple[Tensor, Tensor]:
        frames, numbers = unpack_data(batch)
        rows, codes = numbers.unbind(dim=1)
        regime = self.regime
        drawn = {
            "rows": rows,
            "repeats": self._repeats(rows),
            "epoch": self.epoch_,
            "seed": regime.seed,
        }
        size = size_at(self.epoch_, regime.max_epochs, regime.sizes)
        frames = regime.augmentation(frames.to(self._device), size=size, **drawn)
        targets = functional.one_hot(codes, len(self.classes_)).float().to(self._device)
        return regime.augmentation.mix(frames, targets, **drawn)

    def _repeats(self, rows: Tensor) -> Tensor:
        """How often each row has come up in the epoch before: balanced sampling repeats some."""
        found = []
        for row in rows.tolist():
            found.append(self.met_[row])
            self.met_[row] += 1
        return torch.tensor(found)

    def _step(self, frames: Tensor, targets: Tensor) -> dict[str, Tensor]:
        """One step of the optimiser, its gradient gathered from parts of the batch."""
        self.optimizer_.zero_grad(set_to_none=True)
        total, logits = torch.zeros((), device=self._device), []
        n_parts = -(-len(frames) // self.chunk_)
        parts = zip(frames.tensor_split(n_parts), targets.tensor_split(n_parts), strict=True)
        for part, wanted in parts:
            with self._autocast():
                found = self.infer(part)
            loss = self.get_loss(found, wanted, training=True) * (len(part) / len(frames))
            self.scaler_.scale(loss).backward()
            total += loss.detach()
            logits.append((found[0] if isinstance(found, tuple) else found).detach().float())
        self.scaler_.step(self.optimizer_)
        self.scaler_.update()
        return {"loss": total, "y_pred": torch.cat(logits)}

    def get_loss(self, y_pred, y_true, *args, **kwargs):
        """Add the losses of auxiliary heads, where there are some."""
        if not isinstance(y_pred, tuple):
            return self.criterion_(y_pred, y_true)
        main, *others = (self.criterion_(logits, y_true) for logits in y_pred)
        return main + _AUXILIARY_WEIGHT * sum(others)

    def validation_step(self, batch, **fit_params):
        """Score rows with the averaged weights."""
        frames, codes = unpack_data(batch)
        with torch.no_grad():
            logits = torch.cat(self.validation_batch_.run(self._averaged_logits, frames))
            loss = self.criterion_(logits, codes.to(self._device))
        return {"loss": loss, "y_pred": logits}

    def _averaged_logits(self, frames: Tensor) -> Tensor:
        frames = self.regime.augmentation.prepare(frames.to(self._device), self.regime.sizes[-1])
        with self._autocast():
            logits = self.average_.network(frames)
        # NumPy, in which skorch scores, has no bfloat16.
        return logits.float()

    def _autocast(self) -> torch.autocast:
        precision = self.regime.precision
        return torch.autocast(self._device.type, precision, enabled=precision is not torch.float32)

    def close_epoch(self) -> None:
        """Keep the epoch's row, its weights if none were better, and all of it in the file."""
        last = self.history[-1]
        self.rows_.append(
            {"epoch": self.epoch_} | {key: float(last[key]) for key in COLUMNS if key in last}
        )
        loss = last.get("valid_loss", -self.epoch_)
        if not self.best_ or loss < self.best_["loss"]:
            weights = {k: v.clone() for k, v in self.average_.network.state_dict().items()}
            self.best_ = {"epoch": self.epoch_, "loss": float(loss), "weights": weights}
        if self.checkpoint:
            self.checkpoint.save(self._state())

    def _state(self) -> dict[str, Any]:
        done = self.epoch_ == self.regime.max_epochs or self.gets_no_better()
        state = {"epoch": self.epoch_, "best": self.best_, "rows": self.rows_}
        if done:
            return state
        return state | {
            "step": self.step_,
            "chunk": self.chunk_,
            "network": self.module_.state_dict(),
            "average": self.average_.state_dict(),
            "optimizer": self.optimizer_.state_dict(),
            "scaler": self.scaler_.state_dict(),
        }

    def _restore(self, state: dict[str, Any]) -> None:
        self.epoch_, self.best_, self.rows_ = state["epoch"], state["best"], state["rows"]
        if "network" not in state:  # trained to the end
            return
        self.step_, self.chunk_ = state["step"], state["chunk"]
        self.module_.load_state_dict(state["network"])
        self.average_.load_state_dict(state["average"])
        self.optimizer_.load_state_dict(state["optimizer"])
        self.scaler_.load_state_dict(state["scaler"])


COLUMNS = (
    *("train_loss", "valid_loss", "valid_balanced_accuracy"),
    *("images_per_second",),
)


class _EnoughError(Exception):
    """No epoch has been better for as long as patience goes."""


class _CloseEpoch(Callback):
    """Last of an epoch's callbacks: what it gave is written down, and shown."""

    _TEXTS: ClassVar[dict[str, str]] = {
        "train_loss": "train loss {:.3f}",
        "valid_loss": "validation loss {:.3f}",
        "valid_balanced_accuracy": "balanced accuracy {:.3f}",
        "images_per_second": "{:.0f} images/s",
    }

    def on_epoch_end(self, net, **kwargs):
        """Close the epoch; stop where patience ends."""
        net.close_epoch()
        if net.regime.verbose:
            row = net.rows_[-1]
            cells = [text.format(row[key]) for key, text in self._TEXTS.items() if key in row]
            line = f"epoch {row['epoch']} of {net.regime.max_epochs}: {', '.join(cells)}"
            tqdm.write(line, file=sys.stderr)
        if net.gets_no_better():
            raise _EnoughError


def make_trainer(
    network: FrameClassifier,
    codes: np.ndarray,
    validation: Dataset | None,
    regime: Regime,
    *,
    loss: ClassificationLoss,
    device: torch.device,
    classes: np.ndarray,
    checkpoint: Checkpoint | None = None,
) -> FineTuning:
    """Put the training loop together.

    Parameters
    ----------
    network : FrameClassifier
        Trained in place.
    codes : ndarray of shape (n,), int64
        Classes of the training rows.
    validation : Dataset or None
        Rows that tell the best epoch; without them the last is kept.
    regime : Regime
        How to train.
    loss : ClassificationLoss
        What is brought down.
    device : torch.device
        Where the network runs.
    classes : ndarray of int
        All classes by number, in order.
    checkpoint : Checkpoint, optional
        Where the state is kept after each epoch.

    Returns
    -------
    FineTuning
        Not trained.
    """
    order = EpochOrder(codes, regime.seed, balanced=regime.balanced)
    callbacks: list[Callback] = []
    if validation is not None:
        callbacks.append(
            EpochScoring(_balanced_accuracy, lower_is_better=False, name="valid_balanced_accuracy")
        )
    return FineTuning(
        network,
        regime=regime,
        order=order,
        checkpoint=checkpoint,
        criterion=loss,
        max_epochs=regime.max_epochs,
        batch_size=regime.batch_size,
        train_split=None if validation is None else predefined_split(validation),
        iterator_train__sampler=order,
        # One row left over has no variance for batch norm to go by.
        iterator_train__drop_last=len(codes) % regime.batch_size == 1 < len(codes),
        callbacks=[*callbacks, _CloseEpoch()],
        callbacks__valid_acc=None,
        callbacks__print_log=None,
        verbose=0,
        device=device,
        classes=classes,
    )


def _balanced_accuracy(net: NeuralNetClassifier, X: Dataset, y: np.ndarray) -> float:
    # Rare classes may be absent from the rows set aside; those that are there count.
    return recall_score(y, net.predict(X), labels=np.unique(y), average="macro")
