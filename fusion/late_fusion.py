"""Late fusion that learns little or nothing: the mean of probabilities, or of their ranks."""

from collections.abc import Sequence
from typing import Any

from fusion.groups import RandomState
from fusion.members import Floats, NamedClassifiers, Rows
from fusion.ranks import RankAverage

RULES = ("mean", "rank")


class LateFusion(NamedClassifiers):
    """Average the probabilities of several classifiers, or the ranks of these.

    Parameters
    ----------
    estimators : list of (str, classifier) tuples
        Named classifiers with `predict_proba`. To let each see some blocks only, make them by
        `block_members`.
    rule : {"mean", "rank"}, default="mean"
        - "mean": the mean probability. Nothing is learned.
        - "rank": the mean rank, which does not ask how sure a classifier is of itself. A row is
          ranked among out-of-fold probabilities of the training rows, so that one row alone can
          be predicted; see Notes.
    n_splits : int, default=5
        Number of inner folds, of "rank" alone.
    random_state : int, RandomState instance or None, default=None
        Controls the shuffling of groups over folds, of "rank" alone.

    Attributes
    ----------
    estimators_ : list of classifiers
        Fitted on all rows.
    ranks_ : RankAverage or None
        What new rows are ranked against; None with "mean".
    splits_ : list of (train, test) pairs of ndarrays of int
        Inner folds used, with "rank".
    out_of_fold_ : ndarray of shape (n_estimators, n_samples, n_classes)
        Probabilities that new rows are ranked against, with "rank".
    classes_ : ndarray of shape (n_classes,)
        Labels in sorted order.
    n_features_in_ : int
        Number of columns seen in `fit`, where the first classifier knows it.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Their names, where the first classifier knows them.

    See Also
    --------
    GroupedStacking : Fusion by a classifier of out-of-fold probabilities.

    Notes
    -----
    Mean ranks are no probabilities: of a rare class they are as often above one half as below. So
    each class's mean rank is read back as the probability that has this rank among the
    out-of-fold ones, averaged over the classifiers, and each row is scaled to sum to 1. With two
    classes rows keep the order of their mean ranks. Ranks count rows, whatever their weight.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.naive_bayes import GaussianNB
    >>> rng = np.random.default_rng(0)
    >>> y = np.repeat(["melanoma", "nevus"], 30)
    >>> X = rng.normal(size=(60, 2)) + (y == "nevus")[:, None]
    >>> members = [("bayes", GaussianNB()), ("logistic", LogisticRegression())]
    >>> model = LateFusion(members, rule="rank", n_splits=3, random_state=0)
    >>> model.fit(X, y, groups=np.arange(60) // 2).predict([[-1.0, -1.0], [2.0, 2.0]]).tolist()
    ['melanoma', 'nevus']
    """

    def __init__(
        self,
        estimators: Sequence[tuple[str, Any]],
        rule: str = "mean",
        *,
        n_splits: int = 5,
        random_state: RandomState = None,
    ):
        self.estimators = estimators
        self.rule = rule
        self.n_splits = n_splits
        self.random_state = random_state

    def _learn(self, rows: Rows) -> None:
        if self.rule not in RULES:
            raise ValueError(f"`rule` must be one of {RULES}, got {self.rule!r}.")
        self.ranks_ = None
        for stale in ("out_of_fold_", "splits_"):  # of an earlier fit by another rule
            self.__dict__.pop(stale, None)
        if self.rule == "rank":
            self.out_of_fold_ = self._out_of_fold(rows)
            self.ranks_ = RankAverage.learn(self.out_of_fold_)

    def _fuse(self, probabilities: Floats) -> Floats:
        if self.ranks_ is None:
            return probabilities.mean(axis=0)
        return self.ranks_.fuse(probabilities)
