"""Calibration of probabilities on inner folds that keep groups together."""

from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.utils import Tags
from sklearn.utils.metadata_routing import MetadataRouter
from sklearn.utils.validation import check_is_fitted

from fusion.delegation import copy_input_names, fit_router, with_input_tags
from fusion.fitting import fit_parameters
from fusion.groups import RandomState, grouped_folds
from fusion.labels import check_labels


class GroupedCalibration(MetaEstimatorMixin, ClassifierMixin, BaseEstimator):
    """Classifier whose probabilities are calibrated on rows and groups it was not fitted on.

    On each inner fold a clone is fitted to the other folds and calibrated on this one;
    predictions are the mean over the folds. `CalibratedClassifierCV` does the work.

    Parameters
    ----------
    estimator : classifier
        Has `predict_proba` or `decision_function`.
    method : {"sigmoid", "isotonic", "temperature"}, default="sigmoid"
        "isotonic" needs about a thousand rows.
    n_splits : int, default=5
        Number of inner folds.
    random_state : int, RandomState instance or None, default=None
        Controls the shuffling of groups over folds.

    Attributes
    ----------
    calibrated_ : CalibratedClassifierCV
        The fitted ensemble.
    splits_ : list of (train, calibration) pairs of ndarrays of int
        Inner folds used.
    classes_ : ndarray of shape (n_classes,)
        Labels in sorted order.
    n_features_in_ : int
        Number of columns seen in `fit`, where the classifier knows it.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Their names, where the classifier knows them.

    Examples
    --------
    >>> from sklearn.naive_bayes import GaussianNB
    >>> rng = np.random.default_rng(0)
    >>> y = np.repeat(["melanoma", "nevus"], 30)
    >>> X = rng.normal(size=(60, 2)) + (y == "nevus")[:, None]
    >>> lesion = np.arange(60) // 2
    >>> model = GroupedCalibration(GaussianNB(), n_splits=3, random_state=0)
    >>> model.fit(X, y, groups=lesion).predict_proba(X).shape
    (60, 2)
    """

    __metadata_request__fit: ClassVar[dict[str, bool]] = {"groups": True}

    def __init__(
        self,
        estimator: Any,
        method: str = "sigmoid",
        n_splits: int = 5,
        random_state: RandomState = None,
    ):
        self.estimator = estimator
        self.method = method
        self.n_splits = n_splits
        self.random_state = random_state

    def fit(
        self,
        X: Any,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        groups: ArrayLike | None = None,
    ) -> Self:
        """Fit and calibrate a classifier on each inner fold.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, ...)
            What the classifier takes.
        y : array-like of shape (n_samples,)
            Class labels.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each row, in fit and in calibration.
        groups : array-like of shape (n_samples,), default=None
            Rows of one group stay in one fold; passed on where the classifier takes groups.

        Returns
        -------
        GroupedCalibration
            The fitted meta-estimator.

        Raises
        ------
        ValueError
            If there are fewer groups than folds, or a training part would lack a class.
        """
        labels = check_labels(y)
        self.splits_ = grouped_folds(labels, groups, self.n_splits, self.random_state)
        parameters = {} if groups is None else fit_parameters(self.estimator, "groups", groups)
        calibrated = CalibratedClassifierCV(self.estimator, method=self.method, cv=self.splits_)
        self.calibrated_ = calibrated.fit(X, labels, sample_weight=sample_weight, **parameters)
        self.classes_ = self.calibrated_.classes_
        copy_input_names(self.calibrated_, self)
        return self

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Calibrated probability of each class.

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
        return self.calibrated_.predict_proba(X)

    def predict(self, X: Any) -> NDArray:
        """Most probable class of each row.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, ...)
            What the classifier takes.

        Returns
        -------
        ndarray of shape (n_samples,)
            Labels.
        """
        probabilities = self.predict_proba(X)
        return self.classes_[probabilities.argmax(axis=1)]

    def get_metadata_routing(self) -> MetadataRouter:
        """Metadata that this estimator uses, and passes to the classifier's `fit`."""
        return fit_router(self, estimator=self.estimator)

    def __sklearn_tags__(self) -> Tags:
        return with_input_tags(super().__sklearn_tags__(), self.estimator)
