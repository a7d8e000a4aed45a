"""A fine-tuned network's embedding as columns of a fused model: half of the lesions for each."""

from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import ClassifierMixin
from sklearn.utils import _safe_indexing, check_random_state
from sklearn.utils.validation import check_is_fitted, column_or_1d

from features import ImageFeatures
from fusion import fit_with_groups, grouped_split
from pipelines.cnn.checkpoint import check_seed
from pipelines.cnn.cross_fitted import centred_logits, logit_names
from pipelines.cnn.image_side import EMBEDDING, NetworkAndFeatures
from pipelines.cnn.labels import check_image_labels
from pipelines.cnn.seeding import clone_with_seed
from pipelines.data.manifest import manifest_groups


class SplitFitEmbedding(ClassifierMixin, NetworkAndFeatures):
    """Train a network on a part of the lesions, and a classifier on its embedding of the others.

    A network's embedding pulls the rows it was trained on apart by their labels, so a classifier
    must learn from rows that are new to it. Embeddings of several networks cannot be stacked as
    logits can (see `CrossFittedLogits`): each has coordinates of its own. So there is one network
    and it shares the rows with the classifier. That changes the number of rows between the two
    steps, which is why this is a classifier and no step of a `Pipeline`.

    Parameters
    ----------
    network : classifier of images
        Has `predict_proba` and `embed`, such as a `CNNClassifier`. Cloned.
    classifier : classifier of tables
        Such as a `Pipeline` of `BlockScaler`, `BoltzmannSelector` and `BoostedTrees`. Cloned. It
        is given a DataFrame with the columns of the features, ``cnn_embedding__i`` and
        ``cnn__class``, the network's centred logits.
    features : ImageFeatures, optional
        Descriptors and frozen embeddings that join those. Give both the same `store`, and each
        image is decoded once for both.
    fraction : float, default=0.5
        Share of the rows that the network is trained on, whole lesions; the classifier has the
        others.
    random_state : int, RandomState instance or None, default=None
        Controls which lesions go where, and the network's and the classifier's own seeds.

    Attributes
    ----------
    network_ : classifier
        The fitted network.
    classifier_ : classifier
        The fitted classifier.
    features_ : ImageFeatures or None
        The features, fitted on the classifier's rows.
    network_indices_, classifier_indices_ : ndarray of int
        Rows that each was fitted on.
    classes_ : ndarray of shape (n_classes,)
        Labels, sorted.
    """

    __metadata_request__fit: ClassVar[dict[str, bool]] = {"groups": True}

    def __init__(
        self,
        network: Any,
        classifier: Any,
        features: ImageFeatures | None = None,
        *,
        fraction: float = 0.5,
        random_state: int | np.random.RandomState | None = None,
    ):
        self.network = network
        self.classifier = classifier
        self.features = features
        self.fraction = fraction
        self.random_state = random_state

    def fit(self, X: Any, y: ArrayLike, groups: ArrayLike | None = None) -> Self:
        """Train the network, then the classifier.

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
        SplitFitEmbedding
            The fitted classifier.

        Raises
        ------
        ValueError
            If one of the two would lack a class, or the network's `checkpoint` lacks an int as
            `random_state`.
        """
        if not 0 < self.fraction < 1:
            raise ValueError(f"`fraction` must be in (0, 1), got {self.fraction!r}.")
        check_seed(self)
        labels = check_image_labels(X, y)
        together = manifest_groups(X) if groups is None else column_or_1d(groups)
        rng = check_random_state(self.random_state)
        self.classes_ = np.unique(labels)
        ours, theirs = grouped_split(labels, together, 1 - self.fraction, rng)
        self.network_indices_, self.classifier_indices_ = ours, theirs
        self._check_classes(labels[theirs])
        parts = [None if together is None else together[rows] for rows in (ours, theirs)]
        self.network_ = fit_with_groups(
            clone_with_seed(self.network, rng), _safe_indexing(X, ours), labels[ours], parts[0]
        )
        held_out = _safe_indexing(X, theirs)
        table = self._table(held_out, self._fit_features(held_out))
        self.classifier_ = fit_with_groups(
            clone_with_seed(self.classifier, rng), table, labels[theirs], parts[1]
        )
        return self

    def predict_proba(self, X: Any) -> NDArray[np.floating]:
        """Probability of each class.

        Parameters
        ----------
        X : manifest (DataFrame), sequence of paths, or uint8 array (n, height, width, 3)
            Images.

        Returns
        -------
        ndarray of shape (n, n_classes)
            Columns as in `classes_`.
        """
        check_is_fitted(self, "classifier_")
        return self.classifier_.predict_proba(self.table(X))

    def predict(self, X: Any) -> NDArray:
        """Most probable class of each row.

        Parameters
        ----------
        X : manifest (DataFrame), sequence of paths, or uint8 array (n, height, width, 3)
            Images.

        Returns
        -------
        ndarray of shape (n,)
            Labels.
        """
        check_is_fitted(self, "classifier_")
        return self.classes_[self.predict_proba(X).argmax(axis=1)]

    def table(self, X: Any) -> pd.DataFrame:
        """Describe new rows, as the classifier sees them.

        Parameters
        ----------
        X : manifest (DataFrame), sequence of paths, or uint8 array (n, height, width, 3)
            Images.

        Returns
        -------
        DataFrame of n rows
            Columns of the features, the network's embedding and its logits.
        """
        check_is_fitted(self, "classifier_")
        return self._table(X, self._describe(X))

    def _table(self, X: Any, columns: np.ndarray) -> pd.DataFrame:
        """Join features, embedding and logits of images under their names."""
        embedding = np.asarray(self.network_.embed(X), dtype=np.float32)
        logits = centred_logits(self.network_, X).astype(np.float32)
        names = [f"{EMBEDDING}__{i}" for i in range(embedding.shape[1])]
        return pd.DataFrame(
            np.hstack([columns, embedding, logits]),
            columns=[*self._feature_names(), *names, *logit_names(self.network_.classes_)],
        )

    def _check_classes(self, theirs: NDArray) -> None:
        lacking = np.setdiff1d(self.classes_, theirs)
        if len(lacking):
            raise ValueError(
                f"Class {lacking[0]} has no row left for the classifier: all its rows went to the "
                "network. Use another `fraction` or `random_state`, or merge or drop the class."
            )

    def _networks(self) -> list[Any]:
        return [getattr(self, "network_", self.network)]
