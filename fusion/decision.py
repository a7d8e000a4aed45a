"""From probabilities to labels: a rule of its own, apart from the model that fits them."""

from collections.abc import Callable
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.utils import Tags
from sklearn.utils.metadata_routing import MetadataRouter
from sklearn.utils.validation import check_is_fitted

from fusion.delegation import copy_input_names, fit_router, with_input_tags
from fusion.fitting import fit_with_groups
from fusion.labels import check_labels, class_shares

Floats = NDArray[np.float64]


def _largest(probabilities: Floats, prior: Floats) -> NDArray[np.intp]:
    return probabilities.argmax(axis=1)


def _largest_for_its_prior(probabilities: Floats, prior: Floats) -> NDArray[np.intp]:
    return (probabilities / prior).argmax(axis=1)


RULES: dict[str, Callable[[Floats, Floats], NDArray[np.intp]]] = {
    "argmax": _largest,
    "prior_corrected": _largest_for_its_prior,
}


def decide(
    probabilities: ArrayLike,
    classes: ArrayLike,
    rule: str = "argmax",
    prior: ArrayLike | None = None,
) -> NDArray:
    """Choose a label for each row of probabilities.

    Parameters
    ----------
    probabilities : array-like of shape (n_samples, n_classes)
        Probability of each class.
    classes : array-like of shape (n_classes,)
        Their labels, in the order of the columns.
    rule : {"argmax", "prior_corrected"}, default="argmax"
        - "argmax": the most probable class; the best rule for accuracy.
        - "prior_corrected": the class whose probability is largest relative to its prior, as
          if all classes were equally frequent; the best rule for balanced accuracy.
    prior : array-like of shape (n_classes,), default=None
        Frequency of each class where the probabilities were fitted, > 0. Needed for
        "prior_corrected"; any multiple does.

    Returns
    -------
    ndarray of shape (n_samples,)
        Labels. The first of equals wins.

    Raises
    ------
    ValueError
        If the rule is unknown, shapes do not match, or a prior is missing or not positive.

    Examples
    --------
    >>> decide([[0.7, 0.3]], ["nevus", "melanoma"]).tolist()
    ['nevus']
    >>> decide([[0.7, 0.3]], ["nevus", "melanoma"], "prior_corrected", [0.9, 0.1]).tolist()
    ['melanoma']
    """
    probabilities = np.asarray(probabilities, dtype=np.float64)
    classes = np.asarray(classes)
    _check_rule(rule)
    if probabilities.ndim != 2 or probabilities.shape[1] != len(classes):
        raise ValueError(
            f"Expected probabilities of shape (n_samples, {len(classes)}), a column a class, "
            f"got {probabilities.shape}."
        )
    prior = _check_prior(rule, prior, len(classes))
    return classes[RULES[rule](probabilities, prior)]


class DecisionRule(MetaEstimatorMixin, ClassifierMixin, BaseEstimator):
    """Classifier that labels another one's probabilities by a rule.

    Parameters
    ----------
    estimator : classifier
        Has `predict_proba`. Cloned, then fitted.
    rule : {"argmax", "prior_corrected"}, default="argmax"
        See `decide`. Read at prediction: changing it needs no new fit.

    Attributes
    ----------
    estimator_ : classifier
        The fitted classifier.
    classes_ : ndarray of shape (n_classes,)
        Labels, in the order of its probabilities.
    class_prior_ : ndarray of shape (n_classes,)
        Share of each class in the training rows, weighted as they were.
    n_features_in_ : int
        Number of columns seen in `fit`, where the classifier knows it.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Their names, where the classifier knows them.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> X = [[0.0], [1.0], [2.0], [2.0], [3.0], [4.0]]
    >>> y = ["nevus", "nevus", "nevus", "nevus", "nevus", "melanoma"]
    >>> model = DecisionRule(LogisticRegression()).fit(X, y)
    >>> model.predict([[3.2]]).tolist()
    ['nevus']
    >>> model.set_params(rule="prior_corrected").predict([[3.2]]).tolist()
    ['melanoma']
    """

    __metadata_request__fit: ClassVar[dict[str, bool]] = {"groups": True}

    def __init__(self, estimator: Any, rule: str = "argmax"):
        self.estimator = estimator
        self.rule = rule

    def fit(
        self,
        X: Any,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        groups: ArrayLike | None = None,
    ) -> Self:
        """Fit the classifier and learn the frequency of the classes.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, ...)
            What the classifier takes.
        y : array-like of shape (n_samples,)
            Class labels.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each row.
        groups : array-like of shape (n_samples,), default=None
            Group of each row, passed on where the classifier takes groups.

        Returns
        -------
        DecisionRule
            The fitted meta-estimator.

        Raises
        ------
        ValueError
            If the rule is unknown, or all rows of a class have weight 0.
        """
        _check_rule(self.rule)
        labels = check_labels(y)
        self.estimator_ = fit_with_groups(clone(self.estimator), X, labels, groups, sample_weight)
        self.classes_ = self.estimator_.classes_
        copy_input_names(self.estimator_, self)
        self.class_prior_ = class_shares(labels, self.classes_, sample_weight)
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
        """Label of each row under the rule.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, ...)
            What the classifier takes.

        Returns
        -------
        ndarray of shape (n_samples,)
            Labels.
        """
        return decide(self.predict_proba(X), self.classes_, self.rule, self.class_prior_)

    def get_metadata_routing(self) -> MetadataRouter:
        """Metadata that this estimator uses, and passes to the classifier's `fit`."""
        return fit_router(self, estimator=self.estimator)

    def __sklearn_tags__(self) -> Tags:
        return with_input_tags(super().__sklearn_tags__(), self.estimator)


def _check_rule(rule: str) -> None:
    if rule not in RULES:
        raise ValueError(f"`rule` must be one of {sorted(RULES)}, got {rule!r}.")


def _check_prior(rule: str, prior: ArrayLike | None, n_classes: int) -> Floats:
    if prior is None:
        if rule == "prior_corrected":
            raise ValueError(f"rule='prior_corrected' needs `prior`, {n_classes} numbers > 0.")
        return np.ones(n_classes)
    prior = np.asarray(prior, dtype=np.float64)
    if prior.shape != (n_classes,) or not (prior > 0).all():
        raise ValueError(f"`prior` must be {n_classes} numbers > 0, got {prior}.")
    return prior
