"""A fine-tuned network as a scikit-learn classifier of images."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import check_random_state
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, column_or_1d
from skorch.dataset import Dataset
from torch import Tensor

from features.devices import exact_arithmetic, pick_device
from features.extraction import extract
from features.networks.backbones import get_backbone
from features.networks.frame import Frames, FrameView
from features.store import FeatureStore
from fusion.groups import grouped_split
from pipelines.cnn.network import FrameClassifier
from pipelines.cnn.training import FineTuning, make_trainer, random_changes
from pipelines.data.manifest import manifest_groups

_PREDICT_BATCH = 8


class CNNClassifier(ClassifierMixin, BaseEstimator):
    """End-to-end network: pretrained backbone, new last layer, all layers fine-tuned.

    Parameters
    ----------
    backbone : str, default="efficientnet_lite0"
        One of `features.backbone_names`.
    weights : "default", path-like or None, default="default"
        Where training starts: ImageNet weights, a state dict, or random ones.
    image_size : int, default=128
        Side of the frames, in pixels.
    max_epochs : int, default=10
        Passes over the training rows, at most; the learning rate reaches zero at the last.
    batch_size : int, default=32
        Images a step.
    learning_rate : float, default=1e-3
        Highest rate of AdamW, after a linear warm-up and before half a cosine down.
    weight_decay : float, default=0.05
        Of AdamW.
    augment : bool, default=True
        Mirror, rotate, zoom, shift and recolour the training frames at random.
    class_weight : dict, "balanced" or None, default=None
        Weights of the loss. Probabilities suffer from them: prefer a decision rule.
    patience : int, default=8
        Epochs without a lower validation loss after which training stops.
    validation_fraction : float or None, default=0.15
        Rows set aside, whole groups of them, to tell the best epoch. None trains on all rows for
        `max_epochs`.
    device : str, default="auto"
        Where the network runs (see `features.pick_device`).
    store : FeatureStore, {"memory", None} or path-like, default="memory"
        Where decoded frames are kept for further folds; always in memory, not in its file.
    verbose : int, default=0
        1 shows reading, and a line an epoch, on standard error.
    random_state : int, RandomState instance or None, default=None
        Controls the split, the last layer, the order of rows, dropout and augmentation.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Labels, sorted.
    history_ : list of dict
        An epoch each: `epoch`, `train_loss`, and with a validation part `valid_loss` and
        `valid_balanced_accuracy`.
    best_epoch_ : int
        Counted from 1; its weights are the ones kept.
    n_iter_ : int
        Epochs run.
    validation_indices_ : ndarray of int
        Rows that were set aside.
    state_ : dict of str to ndarray
        Fitted weights.

    Notes
    -----
    Pickles hold the weights as arrays, so that they move from GPU to CPU. Where the groups are
    not given, `fit` reads them off the manifest's columns `patient` and `lesion`.
    """

    # Groups reach `fit` through metadata routing without a request by the user.
    __metadata_request__fit = {"groups": True}  # noqa: RUF012

    def __init__(
        self,
        backbone: str = "efficientnet_lite0",
        weights: str | Path | None = "default",
        *,
        image_size: int = 128,
        max_epochs: int = 10,
        batch_size: int = 32,
        learning_rate: float = 1e-3,
        weight_decay: float = 0.05,
        augment: bool = True,
        class_weight: dict | str | None = None,
        patience: int = 8,
        validation_fraction: float | None = 0.15,
        device: str = "auto",
        store: FeatureStore | str | Path | None = "memory",
        verbose: int = 0,
        random_state: int | np.random.RandomState | None = None,
    ):
        self.backbone = backbone
        self.weights = weights
        self.image_size = image_size
        self.max_epochs = max_epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.augment = augment
        self.class_weight = class_weight
        self.patience = patience
        self.validation_fraction = validation_fraction
        self.device = device
        self.store = store
        self.verbose = verbose
        self.random_state = random_state

    def fit(self, X: Any, y: Sequence, groups: Sequence | None = None) -> "CNNClassifier":
        """Fine-tune the network.

        Parameters
        ----------
        X : manifest (DataFrame), sequence of paths, or uint8 array (n, height, width, 3)
            Images.
        y : array-like of shape (n,)
            Labels: strings or numbers.
        groups : array-like of shape (n,), optional
            Rows that no split may tear apart; by default those of one patient or lesion in the
            manifest, and single rows where it names neither.

        Returns
        -------
        self
        """
        codes = self._encode(X, y)
        rng = check_random_state(self.random_state)
        train, held_out = self._split(X, codes, groups, rng)
        frames, labels = self._frames(X), torch.from_numpy(codes)
        validation = Dataset(frames[held_out], labels[held_out]) if len(held_out) else None
        with exact_arithmetic(), _seeded(int(rng.randint(np.iinfo(np.int32).max))) as seed:
            trainer = self._trainer(codes[train], validation, seed)
            trainer.fit(frames[train], labels[train])
        self._keep(trainer)
        self.validation_indices_ = held_out
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probability of each class.

        Parameters
        ----------
        X : manifest (DataFrame), sequence of paths, or uint8 array (n, height, width, 3)
            Images.

        Returns
        -------
        ndarray of shape (n, n_classes), float64
            Columns as in `classes_`.
        """
        check_is_fitted(self)
        device = pick_device(self.device)
        network = self._network(device)
        with torch.inference_mode(), exact_arithmetic():
            logits = [
                network(step.to(device)).double().softmax(dim=1).cpu()
                for step in self._frames(X).split(_PREDICT_BATCH)
            ]
        return torch.cat(logits).numpy()

    def predict(self, X: Any) -> np.ndarray:
        """Most probable class.

        Parameters
        ----------
        X : manifest (DataFrame), sequence of paths, or uint8 array (n, height, width, 3)
            Images.

        Returns
        -------
        ndarray of shape (n,)
            Labels as given to `fit`.
        """
        return self.classes_[self.predict_proba(X).argmax(axis=1)]

    def image_parts(self) -> dict[str, tuple[Frames, FrameView]]:
        """List what is asked of an image: parts and the views they look at."""
        fill = get_backbone(self.backbone, weights=None).fill
        return {"frames": (Frames(), FrameView(self.image_size, fill))}

    def _encode(self, X: Any, y: Sequence) -> np.ndarray:
        y = column_or_1d(y)
        check_classification_targets(y)
        if len(y) != len(X):
            raise ValueError(f"Expected a label for each of {len(X)} images, got {len(y)}.")
        self.classes_, codes = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(
                f"Expected at least two classes, got {len(self.classes_)}: {list(self.classes_)}."
            )
        return codes.astype(np.int64)

    def _frames(self, X: Any) -> Tensor:
        found = extract(X, self.image_parts(), store=self.store, progress=self.verbose > 0)
        return torch.from_numpy(found.values["frames"])

    def _split(
        self, X: Any, codes: np.ndarray, groups: Sequence | None, rng: np.random.RandomState
    ) -> tuple[np.ndarray, np.ndarray]:
        """Rows to train on, and rows set aside."""
        if self.validation_fraction is None:
            return np.arange(len(codes)), np.arange(0)
        together = manifest_groups(X) if groups is None else groups
        return grouped_split(codes, together, self.validation_fraction, rng)

    def _trainer(self, codes: np.ndarray, validation: Dataset | None, seed: int) -> FineTuning:
        backbone = get_backbone(self.backbone, self.weights)
        weight = None
        if self.class_weight is not None:
            balance = compute_class_weight(
                self._weights_by_code(), classes=np.arange(len(self.classes_)), y=codes
            )
            weight = torch.tensor(balance, dtype=torch.float32)
        return make_trainer(
            FrameClassifier(backbone, len(self.classes_)),
            len(codes),
            validation,
            max_epochs=self.max_epochs,
            batch_size=self.batch_size,
            patience=self.patience,
            seed=seed,
            verbose=self.verbose,
            change=random_changes(seed, backbone.fill) if self.augment else None,
            classes=np.arange(len(self.classes_)),
            criterion__weight=weight,
            lr=self.learning_rate,
            optimizer__weight_decay=self.weight_decay,
            device=pick_device(self.device),
        )

    def _weights_by_code(self) -> dict[int, float] | str | None:
        if isinstance(self.class_weight, dict):
            return {i: self.class_weight.get(name, 1.0) for i, name in enumerate(self.classes_)}
        return self.class_weight

    def _keep(self, trainer: FineTuning) -> None:
        """Keep what the fit learned, and drop the machinery."""
        columns = ("epoch", "train_loss", "valid_loss", "valid_balanced_accuracy")
        self.history_ = [
            {key: row[key] for key in columns if key in row} for row in trainer.history
        ]
        self.n_iter_ = len(self.history_)
        losses = [row.get("valid_loss", -row["epoch"]) for row in self.history_]
        self.best_epoch_ = int(np.argmin(losses)) + 1
        self.state_ = trainer.module_.to_arrays()
        self._built: tuple[torch.device, FrameClassifier] | None = None

    def _network(self, device: torch.device) -> FrameClassifier:
        """Build the fitted network on a device, or take the one built before."""
        if self._built is None or self._built[0] != device:
            backbone = get_backbone(self.backbone, weights=None)
            with torch.random.fork_rng(devices=[]):
                network = FrameClassifier(backbone, len(self.classes_), pretrained=False)
            network.load_arrays(self.state_)
            self._built = (device, network.to(device).eval())
        return self._built[1]

    def __getstate__(self):
        state = super().__getstate__()
        if "_built" in state:
            state = state | {"_built": None}
        return state

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.string = True
        return tags


@contextmanager
def _seeded(seed: int) -> Iterator[int]:
    """Seed torch's global generators, which dropout and new layers use; restore them after."""
    devices = list(range(torch.cuda.device_count()))
    with torch.random.fork_rng(devices):
        torch.manual_seed(seed)
        yield seed
