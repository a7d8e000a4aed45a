"""A fine-tuned network's logits as columns of a fused model, each row's by a stranger to it."""

from collections.abc import Iterable
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import TransformerMixin
from sklearn.utils import _safe_indexing, check_random_state
from sklearn.utils.validation import check_is_fitted, column_or_1d

from features import ImageFeatures
from fusion import fit_with_groups, grouped_folds
from pipelines.cnn.checkpoint import check_seed
from pipelines.cnn.image_side import LOGITS, NetworkAndFeatures
from pipelines.cnn.labels import check_image_labels
from pipelines.cnn.seeding import clone_with_seed
from pipelines.cnn.temperature import fit_temperature
from pipelines.data.manifest import manifest_groups


class CrossFittedLogits(TransformerMixin, NetworkAndFeatures):
    """Class logits of fine-tuned networks: of training rows by one that never saw their lesion.

    A network is sure of the rows it was trained on. A classifier stacked on its logits would
    learn to trust them, and be let down by every new row. So K networks are trained, each on
    the other folds, and each training row gets the logits of the one that did not see it, nor
    another image of its lesion; new rows get the mean of all K.

    Parameters
    ----------
    network : classifier of images
        Has `predict_proba`, such as a `CNNClassifier`. Cloned.
    features : ImageFeatures, optional
        Descriptors and frozen embeddings whose columns come before the logits. Give both the
        same `store`, and each image is decoded once for both.
    n_splits : int, default=3
        Number of folds and of networks, which are trained one after the other.
    temperature : bool, default=True
        Whether each network's logits are divided by a temperature, fitted on the rows that it
        did not see, so that all networks are as sure of themselves as they are right.
    random_state : int, RandomState instance or None, default=None
        Controls the shuffling of groups over folds, and each network's own seed.

    Attributes
    ----------
    networks_ : list of K classifiers
        The fitted networks.
    splits_ : list of K (train, held_out) pairs of ndarrays of int
        Rows that each network was trained on, and those it never saw.
    oof_logits_ : ndarray of shape (n, n_classes), float64
        Logits of the training rows, each by the network that never saw it.
    temperatures_ : ndarray of shape (K,)
        All 1 without `temperature`.
    features_ : ImageFeatures or None
        The fitted features.
    classes_ : ndarray of shape (n_classes,)
        Labels, sorted.

    Notes
    -----
    `fit_transform` of the training rows is *not* `transform` of them, against scikit-learn's
    habit: the first gives what a further step may learn from, the second treats the rows as new
    ones. A `Pipeline` calls each where it belongs.

    Logits are centred in each row (the logarithms of the probabilities minus their mean), so
    that a column means the same in every network, which is not true of the networks' embeddings.
    The mean of K networks is somewhat less spread than the logits of one, and closer to the
    truth. On toys the two nearly balance once temperatures are fitted: the mean largest softmax
    of new rows stayed within 0.022 of that of the training rows. Stretching the mean to the
    length of one network's logits mostly widened the gap, and moved a booster's AUC by 0.002 at
    most.

    Every network reads the images anew where its `store` is None.

    References
    ----------
    Wolpert (1992), Neural Networks 5, 241-259, for the idea of out-of-fold stacking.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import FunctionTransformer
    >>> network = make_pipeline(
    ...     FunctionTransformer(lambda images: images.mean((1, 2))), LogisticRegression()
    ... )
    >>> rng = np.random.default_rng(0)
    >>> images = rng.integers(0, 256, (30, 4, 4, 3), dtype=np.uint8)
    >>> y = np.repeat(["melanoma", "nevus"], 15)
    >>> logits = CrossFittedLogits(network, random_state=0)
    >>> logits.fit_transform(images, y, groups=np.arange(30) // 3).shape
    (30, 2)
    >>> logits.get_feature_names_out().tolist()
    ['cnn__melanoma', 'cnn__nevus']
    """

    __metadata_request__fit: ClassVar[dict[str, bool]] = {"groups": True}

    # Each fold of a cross-validation needs a fit of its own.
    learns: ClassVar[bool] = True

    def __init__(
        self,
        network: Any,
        features: ImageFeatures | None = None,
        *,
        n_splits: int = 3,
        temperature: bool = True,
        random_state: int | np.random.RandomState | None = None,
    ):
        self.network = network
        self.features = features
        self.n_splits = n_splits
        self.temperature = temperature
        self.random_state = random_state

    def fit(self, X: Any, y: ArrayLike, groups: ArrayLike | None = None) -> Self:
        """Train the networks.

        Parameters
        ----------
        X : manifest (DataFrame), sequence of paths, or uint8 array (n, height, width, 3)
            Images.
        y : array-like of shape (n,)
            Labels.
        groups : array-like of shape (n,), optional
            Rows that no split may tear apart; by default those of one patient or lesion in the
            manifest, and single rows where it names neither.

        Returns
        -------
        CrossFittedLogits
            The fitted transformer.

        Raises
        ------
        ValueError
            If there are fewer groups than folds, a network would lack a class, or its
            `checkpoint` lacks an int as `random_state`.
        """
        self.fit_transform(X, y, groups)
        return self

    def fit_transform(self, X: Any, y: ArrayLike, groups: ArrayLike | None = None) -> np.ndarray:
        """Train the networks, and give each row the logits of the one that never saw it.

        Parameters
        ----------
        X : manifest (DataFrame), sequence of paths, or uint8 array (n, height, width, 3)
            Images.
        y : array-like of shape (n,)
            Labels.
        groups : array-like of shape (n,), optional
            Rows that no split may tear apart; by default those of one patient or lesion in the
            manifest, and single rows where it names neither.

        Returns
        -------
        ndarray of shape (n, n_columns), float32
            Columns of the features, if any, then a logit of each class.

        Raises
        ------
        ValueError
            If there are fewer groups than folds, a network would lack a class, or its
            `checkpoint` lacks an int as `random_state`.
        """
        check_seed(self)
        labels = check_image_labels(X, y)
        together = manifest_groups(X) if groups is None else column_or_1d(groups)
        rng = check_random_state(self.random_state)
        # Before the features: what cannot be split should not wait for the reading of images.
        self.splits_ = grouped_folds(labels, together, self.n_splits, rng)
        columns = self._fit_features(X)
        self.classes_, codes = np.unique(labels, return_inverse=True)
        self.oof_logits_ = np.empty((len(labels), len(self.classes_)))
        self.networks_, temperatures = [], []
        for train, held_out in self.splits_:
            network = fit_with_groups(
                clone_with_seed(self.network, rng),
                _safe_indexing(X, train),
                labels[train],
                None if together is None else together[train],
            )
            _check_classes(network, self.classes_)
            logits = centred_logits(network, _safe_indexing(X, held_out))
            heat = fit_temperature(logits, codes[held_out]) if self.temperature else 1.0
            self.oof_logits_[held_out] = logits / heat
            self.networks_.append(network)
            temperatures.append(heat)
        self.temperatures_ = np.array(temperatures)
        return _join(columns, self.oof_logits_)

    def transform(self, X: Any) -> np.ndarray:
        """Describe new rows: the networks' mean logits.

        Parameters
        ----------
        X : manifest (DataFrame), sequence of paths, or uint8 array (n, height, width, 3)
            Images that none of the networks has seen.

        Returns
        -------
        ndarray of shape (n, n_columns), float32
            Columns of the features, if any, then a logit of each class.
        """
        check_is_fitted(self, "networks_")
        pairs = zip(self.networks_, self.temperatures_, strict=True)
        several = np.stack([centred_logits(network, X) / heat for network, heat in pairs])
        return _join(self._describe(X), several.mean(axis=0))

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Column names: those of the features, then ``cnn__class``."""
        check_is_fitted(self, "networks_")
        names = self._feature_names() + logit_names(self.classes_)
        return np.array(names, dtype=object)

    def _networks(self) -> list[Any]:
        return list(getattr(self, "networks_", [self.network]))


def centred_logits(network: Any, X: Any) -> NDArray[np.float64]:
    """Logits of a fitted classifier with mean 0 in each row, whatever its last layer adds.

    Parameters
    ----------
    network : fitted classifier
        Has `predict_proba`.
    X : images
        What it takes.

    Returns
    -------
    ndarray of shape (n, n_classes), float64
        Logarithms of the probabilities, minus their mean over the classes.
    """
    probabilities = np.asarray(network.predict_proba(X), dtype=np.float64)
    logits = np.log(np.maximum(probabilities, np.finfo(np.float64).tiny))
    return logits - logits.mean(axis=1, keepdims=True)


def logit_names(classes: Iterable[Any]) -> list[str]:
    """Name the column of each class's logit."""
    return [f"{LOGITS}__{label}" for label in classes]


def _check_classes(network: Any, classes: NDArray) -> None:
    if not np.array_equal(network.classes_, classes):
        raise ValueError(
            f"The network predicts {list(network.classes_)}, but the labels are {list(classes)}: "
            "give labels of the classes that it predicts (with a `taxonomy`, the coarser ones)."
        )


def _join(columns: np.ndarray, logits: np.ndarray) -> np.ndarray:
    return np.hstack([columns, logits.astype(np.float32)])
