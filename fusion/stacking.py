"""Late fusion that learns: a classifier of the out-of-fold probabilities of several others."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.utils.metadata_routing import MetadataRouter

from fusion._probabilities import log_probabilities
from fusion.delegation import fit_router
from fusion.groups import RandomState
from fusion.members import Floats, NamedClassifiers, Rows


class GroupedStacking(NamedClassifiers):
    """Stack classifiers on probabilities for rows and groups that they were not fitted on.

    Each classifier is fitted on every inner fold's training part and gives probabilities for
    its test part. The final classifier learns from their logarithms, side by side. For
    prediction the classifiers are fitted once more, on all rows.

    Parameters
    ----------
    estimators : list of (str, classifier) tuples
        Named classifiers with `predict_proba`. To let each see some blocks only, make them by
        `block_members`.
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

    See Also
    --------
    LateFusion : Fusion by rules that learn little or nothing.

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

    def get_metadata_routing(self) -> MetadataRouter:
        """Metadata that this estimator uses, and passes to the `fit` of its classifiers."""
        return fit_router(self, **dict(self.estimators), final_estimator=self._final())

    def _learn(self, rows: Rows) -> None:
        self.out_of_fold_ = self._out_of_fold(rows)
        self.final_estimator_ = rows._replace(X=_log_columns(self.out_of_fold_)).fit(self._final())

    def _fuse(self, probabilities: Floats) -> Floats:
        return self.final_estimator_.predict_proba(_log_columns(probabilities))

    def _final(self) -> Any:
        if self.final_estimator is None:
            return LogisticRegression(max_iter=1000)
        return self.final_estimator


def _log_columns(probabilities: Floats) -> Floats:
    """(n_estimators, n_samples, n_classes) to logarithms of shape (n_samples, columns)."""
    return np.concatenate(list(log_probabilities(probabilities)), axis=1)
