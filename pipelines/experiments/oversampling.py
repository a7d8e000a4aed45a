"""Rare classes drawn again until all are as frequent as the most frequent one."""

from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.utils import Tags, _safe_indexing, check_random_state, indexable
from sklearn.utils.metadata_routing import MetadataRouter
from sklearn.utils.validation import check_is_fitted

from fusion import fit_with_groups
from fusion.delegation import copy_input_names, fit_router, with_input_tags
from fusion.labels import check_labels


def draw_copies(
    y: ArrayLike, random_state: int | np.random.RandomState | None = None
) -> NDArray[np.intp]:
    """Rows to be repeated, so that every class is as frequent as the most frequent one.

    Parameters
    ----------
    y : array-like of shape (n,)
        Labels.
    random_state : int, RandomState instance or None, default=None
        Chooses the rows, with replacement.

    Returns
    -------
    ndarray of int
        Positions of the rows that are to be added.

    Examples
    --------
    >>> draw_copies(["mel", "nv", "nv", "nv"], random_state=0).tolist()
    [0, 0]
    """
    rng = check_random_state(random_state)
    labels = np.asarray(y)
    classes, counts = np.unique(labels, return_counts=True)
    return np.concatenate(
        [
            rng.choice(np.flatnonzero(labels == label), counts.max() - count)
            for label, count in zip(classes, counts, strict=True)
        ]
    )


class Oversampled(ClassifierMixin, MetaEstimatorMixin, BaseEstimator):
    """Fit a classifier on its training rows and on copies of those of rare classes.

    Parameters
    ----------
    estimator : classifier
        Cloned.
    random_state : int, RandomState instance or None, default=None
        Chooses the copies.

    Attributes
    ----------
    estimator_ : classifier
        Fitted.
    classes_ : ndarray of shape (n_classes,)
        Its classes.
    """

    __metadata_request__fit: ClassVar[dict[str, bool]] = {"groups": True}

    def __init__(self, estimator: Any, *, random_state: int | np.random.RandomState | None = None):
        self.estimator = estimator
        self.random_state = random_state

    def fit(self, X: Any, y: ArrayLike, groups: ArrayLike | None = None) -> Self:
        """Draw the copies and fit.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n, ...)
            What the classifier takes.
        y : array-like of shape (n,)
            Labels.
        groups : array-like of shape (n,), optional
            A copy stays in the group of its row.

        Returns
        -------
        Oversampled
            Fitted.
        """
        X, labels, together = indexable(X, check_labels(y), groups)
        rows = np.r_[np.arange(len(labels)), draw_copies(labels, self.random_state)]
        self.estimator_ = fit_with_groups(
            clone(self.estimator),
            _safe_indexing(X, rows),
            labels[rows],
            None if together is None else np.asarray(together)[rows],
        )
        self.classes_ = self.estimator_.classes_
        copy_input_names(self.estimator_, self)
        return self

    def predict_proba(self, X: Any) -> NDArray[np.floating]:
        """Probability of each class, as the classifier gives it."""
        check_is_fitted(self)
        return self.estimator_.predict_proba(X)

    def predict(self, X: Any) -> NDArray:
        """Label of each row, as the classifier gives it."""
        check_is_fitted(self)
        return self.estimator_.predict(X)

    def get_metadata_routing(self) -> MetadataRouter:
        """Metadata that this estimator uses, and passes to the classifier's `fit`."""
        return fit_router(self, estimator=self.estimator)

    def __sklearn_tags__(self) -> Tags:
        return with_input_tags(super().__sklearn_tags__(), self.estimator)
