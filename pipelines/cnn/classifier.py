"""A fine-tuned network as a scikit-learn classifier of images."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import check_random_state
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.validation import check_is_fitted
from skorch.dataset import Dataset
from torch import Tensor

from features.devices import exact_arithmetic, pick_device
from features.extraction import extract
from features.networks.backbones import Backbone, get_backbone
from features.networks.engines import PRECISIONS
from features.networks.frame import Frames, FrameView
from features.networks.normalization import Scheme
from features.store import FeatureStore
from fusion.groups import grouped_split
from pipelines.cnn.augmentation import NO_AUGMENTATION, Augmentation
from pipelines.cnn.checkpoint import Checkpoint, check_seed
from pipelines.cnn.frame_sizes import check_frame_sizes
from pipelines.cnn.labels import check_image_labels
from pipelines.cnn.loss import ClassificationLoss
from pipelines.cnn.network import FrameClassifier
from pipelines.cnn.prediction import Predictor, mean_over_views
from pipelines.cnn.rows import TrainingRows
from pipelines.cnn.settings import FRAMINGS, as_sizes, check_settings, check_weighted_classes
from pipelines.cnn.taxonomy import finer_labels, membership
from pipelines.cnn.training import FineTuning, Regime, make_trainer
from pipelines.data.manifest import manifest_groups


class CNNClassifier(ClassifierMixin, BaseEstimator):
    """End-to-end network: a backbone with a new last layer, fine-tuned on the images themselves.

    Parameters
    ----------
    backbone : str, default="efficientnet_lite0"
        One of `features.backbone_names`.
    weights : "default", path-like or None, default="default"
        Where training starts: ImageNet weights, a state dict, or random ones.
    normalization : {"imagenet", "symmetric", "unit"} or tuple of (mean, std), optional
        How pixels are scaled, for `weights` that were trained with another scale than the
        backbone's own (see `features.get_backbone`).
    image_size : int or sequence of int, default=128
        Side of the frames, in pixels; not every backbone takes every size. Of several, each is
        trained at for an equal share of the epochs, one after the other: small frames first save
        much of the time.
    framing : {"whole", "square"}, default="whole"
        The whole frame, padded to a square, or the largest square in its middle.
    transfer : {"all", "head", "scratch"}, default="all"
        Train all layers; the new last layer alone; or all layers from random weights, whatever
        `weights` says.
    max_epochs : int, default=10
        Passes over the training rows, at most; the learning rate reaches zero at the last.
    batch_size : int, default=32
        Images a step. Out of memory, a device takes them in parts. A last step of one image is
        left out.
    learning_rate : float, default=1e-3
        Highest rate of AdamW for the new last layers, after a linear warm-up over a tenth of the
        steps and before half a cosine down.
    lower_rate : float, default=1.0
        Rate of the layers below, as a share of `learning_rate`, in [0, 1].
    weight_decay : float, default=0.05
        Of AdamW, for matrices and kernels: norms, biases, scales of channels and tables of
        positions do not decay.
    averaging : float, default=0.99
        Decay of the exponential moving average of the weights, which is what predicts; 0 for
        the last step's own weights.
    augment : Augmentation or bool, default=True
        Random changes of the training frames; True is `Augmentation()`.
    imbalance : {"none", "class_weight", "sampling", "focal"}, default="none"
        Nothing; rows weighted by `class_weight`, "balanced" if that is None; each class drawn
        equally often, a repeated row changed in another way each time; or focal loss. All but
        the first make probabilities those of another population: prefer a decision rule.
    class_weight : dict, "balanced" or None, default=None
        Weights of the loss, under any `imbalance`; 1 for classes that a dict leaves out.
    focal_gamma : float, default=2.0
        Of the focal loss.
    label_smoothing : float, default=0.0
        Share of each target that is spread over all classes.
    taxonomy : mapping, str or None, default=None
        Train on finer classes and predict coarser ones by summing over them, as Esteva et al.
        (2017) do: a mapping from the labels given to `fit` to the classes to predict, or the
        manifest's column of finer labels, each within one of the labels given.
    patience : int, default=8
        Epochs without a lower validation loss after which training stops.
    validation_fraction : float or None, default=0.15
        Rows set aside, whole groups of them, to tell the best epoch. None trains on all rows for
        `max_epochs`.
    predict_size : int, sequence of int or None, default=None
        Sides of the frames that predictions are averaged over; None is the last `image_size`.
    tta : {"none", "flips", "dihedral"}, default="none"
        Average predictions over no other, four or eight mirrored and turned views.
    precision : {"float32", "bfloat16", "float16"}, default="float32"
        Of training; the last asks for a GPU. Predictions are made in float32.
    engine : {"auto", "eager", "compile", "onnxruntime", "openvino"}, default="auto"
        What runs the fitted network: "auto" is the fastest that is installed, several times as
        fast as PyTorch ("eager") on a CPU. They agree to about 1e-5.
    checkpoint : path-like or None, default=None
        Folder where the state is kept after each epoch: a fit that was killed goes on from
        there, and one that had ended is not repeated. Folds, clones and other settings have
        files of their own; delete the folder when it has served. Needs an int as `random_state`,
        without which no later fit would be the same.
    device : str, default="auto"
        Where the network runs (see `features.pick_device`).
    store : FeatureStore, {"memory", None} or path-like, default="memory"
        Where decoded frames are kept for further folds; always in memory, not in its file.
    verbose : int, default=0
        1 shows reading, and a line an epoch, on standard error; 2 a bar within the epoch.
    random_state : int, RandomState instance or None, default=None
        Controls the split, the last layer, the order of rows, dropout and augmentation.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Labels, sorted.
    finer_classes_ : ndarray of shape (n_finer,)
        Labels that the network was trained on; `classes_` without a `taxonomy`.
    history_ : list of dict
        An epoch each: `epoch`, `train_loss`, `images_per_second`, and with a validation part
        `valid_loss` and `valid_balanced_accuracy`.
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
    What is drawn in an epoch depends on the seed, the epoch and the row alone, so on one thread
    of a CPU a fit that was killed between epochs and resumed ends with the same bits as one that
    was not. On another number of threads sums are taken in another order, which training
    enlarges: the weights of LeNet agree to 1e-5, but in six steps of EfficientNet-Lite0 at the
    default rate probabilities came to differ by 0.013. Where this matters, resume on as many
    threads as before.
    Pickles hold the weights as arrays, so that they move from GPU to CPU. Where the groups are
    not given, `fit` reads them off the manifest's columns `patient` and `lesion`.
    GoogLeNet and Inception v3 train with their auxiliary heads where frames have the size
    that these are made for.
    Ensembles: `fusion.LateFusion` averages classifiers of several seeds, backbones or sizes, and
    `CrossFittedLogits` those of several folds.
    """

    # Groups reach `fit` through metadata routing without a request by the user.
    __metadata_request__fit = {"groups": True}  # noqa: RUF012

    def __init__(
        self,
        backbone: str = "efficientnet_lite0",
        weights: str | Path | None = "default",
        *,
        normalization: Scheme | None = None,
        image_size: int | Sequence[int] = 128,
        framing: str = "whole",
        transfer: str = "all",
        max_epochs: int = 10,
        batch_size: int = 32,
        learning_rate: float = 1e-3,
        lower_rate: float = 1.0,
        weight_decay: float = 0.05,
        averaging: float = 0.99,
        augment: Augmentation | bool = True,
        imbalance: str = "none",
        class_weight: dict | str | None = None,
        focal_gamma: float = 2.0,
        label_smoothing: float = 0.0,
        taxonomy: Mapping | str | None = None,
        patience: int = 8,
        validation_fraction: float | None = 0.15,
        predict_size: int | Sequence[int] | None = None,
        tta: str = "none",
        precision: str = "float32",
        engine: str = "auto",
        checkpoint: str | Path | None = None,
        device: str = "auto",
        store: FeatureStore | str | Path | None = "memory",
        verbose: int = 0,
        random_state: int | np.random.RandomState | None = None,
    ):
        self.backbone = backbone
        self.weights = weights
        self.normalization = normalization
        self.image_size = image_size
        self.framing = framing
        self.transfer = transfer
        self.max_epochs = max_epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.lower_rate = lower_rate
        self.weight_decay = weight_decay
        self.averaging = averaging
        self.augment = augment
        self.imbalance = imbalance
        self.class_weight = class_weight
        self.focal_gamma = focal_gamma
        self.label_smoothing = label_smoothing
        self.taxonomy = taxonomy
        self.patience = patience
        self.validation_fraction = validation_fraction
        self.predict_size = predict_size
        self.tta = tta
        self.precision = precision
        self.engine = engine
        self.checkpoint = checkpoint
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

        Raises
        ------
        ValueError
            If a setting or the labels mean nothing, the backbone cannot take frames of
            `image_size`, or there is a `checkpoint` without an int as `random_state`.
        """
        self._check()
        codes = self._encode(X, y)
        rng = check_random_state(self.random_state)
        train, held_out = self._split(X, codes, groups, rng)
        frames, labels = self._frames(X), torch.from_numpy(codes)
        validation = Dataset(frames[held_out], labels[held_out]) if len(held_out) else None
        rows = TrainingRows(frames[train], labels[train])
        with exact_arithmetic(), _seeded(int(rng.randint(np.iinfo(np.int32).max))) as seed:
            trainer = self._trainer(rows, validation, seed)
            trainer.train(rows)
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
            Columns as in `classes_`; the softmax of the logits' mean over views and sizes.
        """
        finer = self._over_views(X).softmax(dim=1)
        return finer.numpy() @ self._membership

    def predict_logits(self, X: Any) -> np.ndarray:
        """Logit of each class, which is what a further model takes.

        Parameters
        ----------
        X : manifest (DataFrame), sequence of paths, or uint8 array (n, height, width, 3)
            Images.

        Returns
        -------
        ndarray of shape (n, n_classes), float64
            Columns as in `classes_`; their softmax is `predict_proba`. With a `taxonomy` they
            are the logarithms of the summed exponentials.
        """
        finer = self._over_views(X).numpy()
        if len(self.finer_classes_) == len(self.classes_):
            return finer @ self._membership
        return np.logaddexp.reduce(
            np.where(self._membership.T > 0, finer[:, None], -np.inf), axis=2
        )

    def embed(self, X: Any) -> np.ndarray:
        """Compute what the last layer sees.

        Parameters
        ----------
        X : manifest (DataFrame), sequence of paths, or uint8 array (n, height, width, 3)
            Images. Rows that the network was trained on lie farther apart than others.

        Returns
        -------
        ndarray of shape (n, width), float32
            Mean over views and sizes.
        """
        return self._over_views(X, head=False).float().numpy()

    def predict(self, X: Any) -> np.ndarray:
        """Most probable class.

        Parameters
        ----------
        X : manifest (DataFrame), sequence of paths, or uint8 array (n, height, width, 3)
            Images.

        Returns
        -------
        ndarray of shape (n,)
            Labels as given to `fit`, or those that `taxonomy` gathers them into.
        """
        check_is_fitted(self, "state_")
        return self.classes_[self.predict_proba(X).argmax(axis=1)]

    def image_parts(self) -> dict[str, tuple[Frames, FrameView]]:
        """List what is asked of an image: parts and the views they look at."""
        fill = self._backbone(None).fill
        sizes = (*as_sizes(self.image_size), *as_sizes(self.predict_size))
        return {"frames": (Frames(), FRAMINGS[self.framing](max(sizes), fill))}

    def _check(self) -> None:
        check_settings(self.get_params(deep=False))
        check_seed(self)
        sizes = {*as_sizes(self.image_size), *as_sizes(self.predict_size)}
        check_frame_sizes(self.backbone, sorted(sizes))

    def _encode(self, X: Any, y: Sequence) -> np.ndarray:
        labels = check_image_labels(X, y)
        finer, parents = finer_labels(X, labels, self.taxonomy)
        self.finer_classes_, codes = np.unique(finer, return_inverse=True)
        self.classes_ = np.unique(list(parents.values()))
        if len(self.classes_) < 2:
            raise ValueError(
                f"Expected at least two classes, got {len(self.classes_)}: {list(self.classes_)}."
            )
        check_weighted_classes(self.class_weight, self.finer_classes_)
        self._membership = membership(self.finer_classes_, parents, self.classes_)
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

    def _trainer(self, rows: TrainingRows, validation: Dataset | None, seed: int) -> FineTuning:
        sizes = as_sizes(self.image_size)
        weights = None if self.transfer == "scratch" else self.weights
        backbone = self._backbone(weights)
        network = FrameClassifier(
            backbone, len(self.finer_classes_), auxiliary=min(sizes) >= backbone.size
        )
        if self.transfer == "head":
            network.freeze()
        regime = Regime(
            sizes=sizes,
            max_epochs=self.max_epochs,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            lower_rate=self.lower_rate,
            weight_decay=self.weight_decay,
            augmentation=self._augmentation(),
            balanced=self.imbalance == "sampling",
            averaging=self.averaging,
            patience=self.patience,
            precision=PRECISIONS[self.precision],
            seed=seed,
            verbose=self.verbose,
        )
        return make_trainer(
            network,
            rows.codes.numpy(),
            validation,
            regime,
            loss=self._loss(rows.codes.numpy()),
            device=pick_device(self.device),
            classes=np.arange(len(self.finer_classes_)),
            checkpoint=self._checkpoint(rows, validation, backbone, seed),
        )

    def _backbone(self, weights: str | Path | None) -> Backbone:
        return get_backbone(self.backbone, weights, normalization=self.normalization)

    def _augmentation(self) -> Augmentation:
        if isinstance(self.augment, Augmentation):
            return self.augment
        return Augmentation() if self.augment else NO_AUGMENTATION

    def _loss(self, codes: np.ndarray) -> ClassificationLoss:
        gamma = self.focal_gamma if self.imbalance == "focal" else 0.0
        given = self.class_weight
        if given is None and self.imbalance == "class_weight":
            given = "balanced"
        if isinstance(given, Mapping):
            given = {i: given.get(name, 1.0) for i, name in enumerate(self.finer_classes_)}
        weight = None
        if given is not None:
            balance = compute_class_weight(
                given, classes=np.arange(len(self.finer_classes_)), y=codes
            )
            weight = torch.tensor(balance, dtype=torch.float32)
        return ClassificationLoss(weight, gamma, self.label_smoothing)

    def _checkpoint(
        self, rows: TrainingRows, validation: Dataset | None, backbone: Backbone, seed: int
    ) -> Checkpoint | None:
        if self.checkpoint is None:
            return None
        free = {"checkpoint", "device", "store", "verbose", "weights", "random_state"}
        free |= {"predict_size", "tta", "engine"}  # what comes after training
        if self.normalization is None:  # as in files from before there was one
            free.add("normalization")
        settings = {k: v for k, v in self.get_params().items() if k not in free}
        settings |= {"digest": backbone.digest(), "seed": seed, "labels": list(self.finer_classes_)}
        aside = None if validation is None else (validation.X, validation.y)
        return Checkpoint(self.checkpoint, settings, rows.frames, rows.codes, validation=aside)

    def _keep(self, trainer: FineTuning) -> None:
        """Keep what the fit learned, and drop the machinery."""
        self.history_ = trainer.rows_
        self.n_iter_ = len(self.history_)
        self.best_epoch_ = trainer.best_["epoch"]
        trainer.module_.load_state_dict(trainer.best_["weights"])
        self.state_ = trainer.module_.to_arrays()
        self._predictors: dict[tuple[torch.device, str, bool], Predictor] = {}

    def _over_views(self, X: Any, *, head: bool = True) -> Tensor:
        """Average what the network gives over views and sizes, (n, width) float64."""
        check_is_fitted(self, "state_")
        device = pick_device(self.device)
        with exact_arithmetic():
            return mean_over_views(
                self._frames(X),
                self._predictor(device, head),
                self._augmentation(),
                sizes=as_sizes(self.predict_size) or as_sizes(self.image_size)[-1:],
                tta=self.tta,
                device=device,
            )

    def _predictor(self, device: torch.device, head: bool) -> Predictor:
        """Build the fitted network, with or without its head, or take the one built before."""
        key = (device, self.engine, head)
        if key not in self._predictors:
            backbone = self._backbone(None)
            with torch.random.fork_rng(devices=[]):
                network = FrameClassifier(backbone, len(self.finer_classes_), pretrained=False)
            network.load_arrays(self.state_)
            if not head:
                network.without_head()
            self._predictors[key] = Predictor(network.eval(), self.engine, device)
        return self._predictors[key]

    def __getstate__(self):
        state = super().__getstate__()
        if "_predictors" in state:
            state = state | {"_predictors": {}}
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
