"""A threshold on one class of concern, set on rows that the classifier was not fitted on."""

from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin
from sklearn.utils import Tags, _safe_indexing, indexable
from sklearn.utils.metadata_routing import MetadataRouter
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, column_or_1d

from fusion.delegation import copy_input_names, fit_router, with_input_tags
from fusion.groups import RandomState, grouped_folds
from fusion.labels import check_labels
from fusion.members import Rows

Floats = NDArray[np.float64]


def threshold_at_sensitivity(
    scores: ArrayLike,
    positive: ArrayLike,
    sensitivity: float = 0.95,
    sample_weight: ArrayLike | None = None,
) -> float:
    """Highest threshold that finds a share of the positive rows.

    Parameters
    ----------
    scores : array-like of shape (n_samples,)
        Higher means more likely positive; a row is called positive at the threshold and above.
    positive : array-like of shape (n_samples,), bool
        True class membership.
    sensitivity : float, default=0.95
        Share to be found, in (0, 1].
    sample_weight : array-like of shape (n_samples,), default=None
        Weight of each row.

    Returns
    -------
    float
        A score of a positive row.

    Raises
    ------
    ValueError
        If the sensitivity is out of its range, or no row is positive.

    Examples
    --------
    >>> threshold_at_sensitivity([0.1, 0.7, 0.6, 0.9], [True, True, False, True], 0.66)
    0.7
    """
    if not 0 < sensitivity <= 1:
        raise ValueError(f"`sensitivity` must be in (0, 1], got {sensitivity!r}.")
    cuts, found, _ = _by_threshold(scores, positive, sample_weight)
    # Rounding of the product must not ask for one row more.
    return float(cuts[np.argmax(found >= sensitivity * found[-1] * (1 - 1e-12))])


def threshold_at_cost(
    scores: ArrayLike,
    positive: ArrayLike,
    cost: float = 20.0,
    sample_weight: ArrayLike | None = None,
) -> float:
    """Threshold at which missed cases and false alarms cost least.

    Parameters
    ----------
    scores : array-like of shape (n_samples,)
        Higher means more likely positive; a row is called positive at the threshold and above.
    positive : array-like of shape (n_samples,), bool
        True class membership.
    cost : float, default=20
        False alarms that weigh as much as one missed case, > 0.
    sample_weight : array-like of shape (n_samples,), default=None
        Weight of each row.

    Returns
    -------
    float
        A score of a positive row, the lowest of equals; infinity where calling nothing costs
        less.

    Raises
    ------
    ValueError
        If the cost is not positive, or no row is positive.

    Examples
    --------
    >>> scores, positive = [0.1, 0.2, 0.3, 0.4], [True, False, False, True]
    >>> threshold_at_cost(scores, positive, cost=1), threshold_at_cost(scores, positive, cost=3)
    (0.4, 0.1)
    """
    if not cost > 0:
        raise ValueError(f"`cost` must be > 0, got {cost!r}.")
    cuts, found, alarms = _by_threshold(scores, positive, sample_weight)
    losses = np.r_[cost * found[-1], cost * (found[-1] - found) + alarms]
    lowest = np.flatnonzero(losses == losses.min())[-1]
    return float(np.r_[np.inf, cuts][lowest])


class ThresholdRule(MetaEstimatorMixin, ClassifierMixin, BaseEstimator):
    """Classifier that names a class of concern from a probability on which is set by cases.

    Clones fitted on inner folds give every training row a probability from a model that saw
    neither it nor its group. The threshold is set on these, and the classifier is then fitted on
    all rows. A row at the threshold or above is labelled with the class of concern, any other with
    the most probable of the other classes.

    Parameters
    ----------
    estimator : classifier
        Has `predict_proba`.
    positive : label, default=None
        Class of concern; None takes the last of `classes_`.
    sensitivity : float, default=0.95
        Share of its rows to be found, in (0, 1].
    cost : float, default=None
        False alarms that weigh as much as one missed case, > 0. Given, it replaces `sensitivity`.
    n_splits : int, default=5
        Number of inner folds.
    random_state : int, RandomState instance or None, default=None
        Controls the shuffling of groups over folds.

    Attributes
    ----------
    estimator_ : classifier
        Fitted on all rows.
    threshold_ : float
        Probability of the class of concern from which it is named; infinity where, for the cost,
        it never is.
    positive_ : label
        Class of concern.
    splits_ : list of (train, test) pairs of ndarrays of int
        Inner folds used.
    out_of_fold_ : ndarray of shape (n_samples,)
        Probabilities of the class of concern that the threshold is set on.
    classes_ : ndarray of shape (n_classes,)
        Labels, in the order of the probabilities.
    n_features_in_ : int
        Number of columns seen in `fit`, where the classifier knows it.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Their names, where the classifier knows them.

    See Also
    --------
    DecisionRule : Rules that need no inner folds.

    Notes
    -----
    scikit-learn's `TunedThresholdClassifierCV` sets a threshold for two classes, by a score; this
    one takes any number of classes and keeps groups together.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> rng = np.random.default_rng(0)
    >>> y = np.repeat(["melanoma", "nevus"], [20, 180])
    >>> X = rng.normal(size=(200, 2)) + (y == "nevus")[:, None]
    >>> model = ThresholdRule(LogisticRegression(), "melanoma", random_state=0)
    >>> model = model.fit(X, y, groups=np.arange(200) // 2)
    >>> bool(model.threshold_ < 0.2), float((model.predict(X)[:20] == "melanoma").mean())
    (True, 0.9)
    """

    __metadata_request__fit: ClassVar[dict[str, bool]] = {"groups": True}

    def __init__(
        self,
        estimator: Any,
        positive: Any = None,
        *,
        sensitivity: float = 0.95,
        cost: float | None = None,
        n_splits: int = 5,
        random_state: RandomState = None,
    ):
        self.estimator = estimator
        self.positive = positive
        self.sensitivity = sensitivity
        self.cost = cost
        self.n_splits = n_splits
        self.random_state = random_state

    def fit(
        self,
        X: Any,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        groups: ArrayLike | None = None,
    ) -> Self:
        """Set the threshold on inner folds, and fit the classifier on all rows.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, ...)
            What the classifier takes.
        y : array-like of shape (n_samples,)
            Class labels.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each row, in fit and for the threshold.
        groups : array-like of shape (n_samples,), default=None
            Rows of one group stay in one fold; passed on where the classifier takes groups.

        Returns
        -------
        ThresholdRule
            The fitted meta-estimator.

        Raises
        ------
        ValueError
            If the class of concern is not among the labels, a number is out of its range, there
            are fewer groups than folds, or a training part would lack a class.
        """
        X, labels, groups = indexable(X, check_labels(y), groups)
        weight = None if sample_weight is None else _check_sample_weight(sample_weight, X)
        rows = Rows(X, labels, None if groups is None else column_or_1d(groups), weight)
        self.splits_ = grouped_folds(labels, rows.groups, self.n_splits, self.random_state)
        classes = np.unique(labels)
        self.positive_ = classes[-1] if self.positive is None else self.positive
        if self.positive_ not in classes:
            raise ValueError(
                f"`positive` must be one of the labels {classes.tolist()}, got {self.positive!r}."
            )
        column = int(np.flatnonzero(classes == self.positive_)[0])
        self.out_of_fold_ = self._out_of_fold(rows, column)
        self.threshold_ = self._threshold(self.out_of_fold_, labels == self.positive_, weight)
        self.estimator_ = rows.fit(self.estimator)
        self.classes_ = self.estimator_.classes_
        copy_input_names(self.estimator_, self)
        return self

    def predict_proba(self, X: Any) -> Floats:
        """Probability of each class, as the classifier gives it.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, ...)
            What the classifier takes.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Ordered as `classes_`.
        """
        check_is_fitted(self)
        return self.estimator_.predict_proba(X)

    def predict(self, X: Any) -> NDArray:
        """Label of each row: the class of concern from the threshold on, else the best other one.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, ...)
            What the classifier takes.

        Returns
        -------
        ndarray of shape (n_samples,)
            Labels.
        """
        probabilities = np.array(self.predict_proba(X), dtype=np.float64)
        column = int(np.flatnonzero(self.classes_ == self.positive_)[0])
        called = probabilities[:, column] >= self.threshold_
        probabilities[:, column] = np.where(called, np.inf, -np.inf)
        return self.classes_[probabilities.argmax(axis=1)]

    def get_metadata_routing(self) -> MetadataRouter:
        """Metadata that this estimator uses, and passes to the classifier's `fit`."""
        return fit_router(self, estimator=self.estimator)

    def _out_of_fold(self, rows: Rows, column: int) -> Floats:
        probabilities = np.empty(len(rows.y))
        for train, test in self.splits_:
            fitted = rows.take(train).fit(self.estimator)
            probabilities[test] = fitted.predict_proba(_safe_indexing(rows.X, test))[:, column]
        return probabilities

    def _threshold(self, scores: Floats, positive: NDArray, weight: Floats | None) -> float:
        if self.cost is not None:
            return threshold_at_cost(scores, positive, self.cost, weight)
        return threshold_at_sensitivity(scores, positive, self.sensitivity, weight)

    def __sklearn_tags__(self) -> Tags:
        return with_input_tags(super().__sklearn_tags__(), self.estimator)


def _by_threshold(
    scores: ArrayLike, positive: ArrayLike, sample_weight: ArrayLike | None
) -> tuple[Floats, Floats, Floats]:
    """Scores of positive rows, falling, with the weight of positives and of others called there."""
    values, members = np.asarray(scores, dtype=np.float64), np.asarray(positive, dtype=bool)
    weight = np.ones(len(values)) if sample_weight is None else np.asarray(sample_weight, float)
    counted = members & (weight > 0)
    if not counted.any():
        raise ValueError("A threshold needs at least one positive row, got none.")
    order = np.argsort(-values, kind="stable")
    cuts = np.unique(values[counted])[::-1]
    last = np.searchsorted(-values[order], -cuts, side="right") - 1
    found, alarms = (np.cumsum((weight * side)[order])[last] for side in (members, ~members))
    return cuts, found, alarms
