"""Late fusion: a classifier of the out-of-fold probabilities of several others."""

from collections.abc import Sequence
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import ClassifierMixin, clone
from sklearn.linear_model import LogisticRegression
from sklearn.utils import Tags, _safe_indexing, indexable
from sklearn.utils.metadata_routing import MetadataRouter
from sklearn.utils.metaestimators import _BaseComposition
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, column_or_1d

from fusion._delegation import copy_input_names, fit_router, with_input_tags
from fusion._validation import check_labels
from fusion.fitting import fit_with_groups
from fusion.groups import RandomState, grouped_folds

Floats = NDArray[np.float64]

# Probabilities below are as good as this one: their logarithms must stay finite.
_LEAST_PROBABILITY = 1e-6


class GroupedStacking(ClassifierMixin, _BaseComposition):
    """Stack classifiers on probabilities for rows and groups that they were not fitted on.

    Each classifier is fitted on every inner fold's training part and gives probabilities for
    its test part. The final classifier learns from their logarithms, side by side. For
    prediction the classifiers are fitted once more, on all rows.

    Parameters
    ----------
    estimators : list of (str, classifier) tuples
        Named classifiers with `predict_proba`. To let one see some blocks only, put a
        `BlockSelector` before it: ``make_pipeline(BlockSelector(["lbp"]), classifier)``.
    final_estimator : classifier, default=None
        `LogisticRegression` by default.
    n_splits : int, default=5
        Number of inner folds.
    random_state : int, RandomState instance or None, default=None
        Controls the shuffling of groups over folds.

    Attributes
    ----------
    estimators_ : list of classifiers
        Fitted on all rows.
    final_estimator_ : classifier
        Fitted on out-of-fold probabilities.
    splits_ : list of (train, test) pairs of ndarrays of int
        Inner folds used.
    out_of_fold_ : ndarray of shape (n_estimators, n_samples, n_classes)
        Probabilities that the final classifier has learnt from.
    classes_ : ndarray of shape (n_classes,)
        Labels in sorted order.
    n_features_in_ : int
        Number of columns seen in `fit`, where the first classifier knows it.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Their names, where the first classifier knows them.

    Examples
    --------
    >>> from sklearn.naive_bayes import GaussianNB
    >>> rng = np.random.default_rng(0)
    >>> y = np.repeat(["melanoma", "nevus"], 30)
    >>> X = rng.normal(size=(60, 2)) + (y == "nevus")[:, None]
    >>> members = [("bayes", GaussianNB()), ("logistic", LogisticRegression())]
    >>> model = GroupedStacking(members, n_splits=3, random_state=0)
    >>> model.fit(X, y, groups=np.arange(60) // 2).predict([[-1.0, -1.0], [2.0, 2.0]]).tolist()
    ['melanoma', 'nevus']
    """

    __metadata_request__fit: ClassVar[dict[str, bool]] = {"groups": True}

    def __init__(
        self,
        estimators: Sequence[tuple[str, Any]],
        final_estimator: Any = None,
        *,
        n_splits: int = 5,
        random_state: RandomState = None,
    ):
        self.estimators = estimators
        self.final_estimator = final_estimator
        self.n_splits = n_splits
        self.random_state = random_state

    def fit(
        self,
        X: Any,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        groups: ArrayLike | None = None,
    ) -> Self:
        """Fit the classifiers and the one on top.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, ...)
            What the classifiers take.
        y : array-like of shape (n_samples,)
            Class labels.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each row, in all classifiers.
        groups : array-like of shape (n_samples,), default=None
            Rows of one group stay in one fold; passed on to classifiers that take groups.

        Returns
        -------
        GroupedStacking
            The fitted meta-estimator.

        Raises
        ------
        ValueError
            If names are not unique, there are fewer groups than folds, or a training part
            would lack a class.
        """
        self._validate_names([name for name, _ in self.estimators])
        X, labels, groups = indexable(X, check_labels(y), groups)
        weight = None if sample_weight is None else _check_sample_weight(sample_weight, X)
        group_ids = None if groups is None else column_or_1d(groups)
        self.classes_ = np.unique(labels)
        self.splits_ = grouped_folds(labels, group_ids, self.n_splits, self.random_state)
        members = [estimator for _, estimator in self.estimators]
        self.out_of_fold_ = np.stack(
            [self._cross_predict(member, X, labels, group_ids, weight) for member in members]
        )
        self.estimators_ = [
            fit_with_groups(clone(member), X, labels, group_ids, weight) for member in members
        ]
        self.final_estimator_ = fit_with_groups(
            clone(self._final()), _log_columns(self.out_of_fold_), labels, group_ids, weight
        )
        copy_input_names(self.estimators_[0], self)
        return self

    def predict_proba(self, X: Any) -> Floats:
        """Probability of each class.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, ...)
            What the classifiers take.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Ordered as `classes_`.
        """
        check_is_fitted(self)
        probabilities = np.stack([member.predict_proba(X) for member in self.estimators_])
        return self.final_estimator_.predict_proba(_log_columns(probabilities))

    def predict(self, X: Any) -> NDArray:
        """Most probable class of each row.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, ...)
            What the classifiers take.

        Returns
        -------
        ndarray of shape (n_samples,)
            Labels.
        """
        probabilities = self.predict_proba(X)
        return self.classes_[probabilities.argmax(axis=1)]

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Parameters of this estimator and of the named classifiers.

        Parameters
        ----------
        deep : bool, default=True
            Whether the parameters of the classifiers are listed too.

        Returns
        -------
        dict
            Values by name.
        """
        return self._get_params("estimators", deep=deep)

    def set_params(self, **params: Any) -> Self:
        """Set parameters of this estimator or, as ``name__parameter``, of a classifier.

        Parameters
        ----------
        **params : dict
            Values by name.

        Returns
        -------
        GroupedStacking
            This estimator.
        """
        return self._set_params("estimators", **params)

    def get_metadata_routing(self) -> MetadataRouter:
        """Metadata that this estimator uses, and passes to the `fit` of its classifiers."""
        return fit_router(self, **dict(self.estimators), final_estimator=self._final())

    def _final(self) -> Any:
        return (
            LogisticRegression(max_iter=1000)
            if self.final_estimator is None
            else (self.final_estimator)
        )

    def _cross_predict(
        self,
        member: Any,
        X: Any,
        y: NDArray,
        groups: NDArray | None,
        sample_weight: Floats | None,
    ) -> Floats:
        """Probabilities for each row by a clone fitted without it and its group."""
        probabilities = np.empty((len(y), len(self.classes_)))
        for train, test in self.splits_:
            fitted = fit_with_groups(
                clone(member),
                _safe_indexing(X, train),
                y[train],
                None if groups is None else groups[train],
                None if sample_weight is None else sample_weight[train],
            )
            probabilities[test] = fitted.predict_proba(_safe_indexing(X, test))
        return probabilities

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        return with_input_tags(tags, *(estimator for _, estimator in self.estimators))


def _log_columns(probabilities: Floats) -> Floats:
    """(n_estimators, n_samples, n_classes) to logarithms of shape (n_samples, columns)."""
    clipped = np.clip(probabilities, _LEAST_PROBABILITY, 1.0)
    return np.log(np.concatenate(list(clipped), axis=1))
