"""The fewest columns that do as well as the best number of them, up to one standard error."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, clone
from sklearn.dummy import DummyClassifier
from sklearn.feature_selection import SelectorMixin
from sklearn.metrics import check_scoring, roc_auc_score
from sklearn.utils import Tags, _safe_indexing, check_random_state, indexable
from sklearn.utils.metadata_routing import MetadataRouter
from sklearn.utils.validation import check_is_fitted, column_or_1d

from fusion.delegation import copy_input_names, fit_router, with_input_tags
from fusion.fitting import fit_with_groups
from fusion.groups import RandomState, grouped_folds
from fusion.labels import check_labels
from fusion.selection.counts import CountRule, is_fdr

Floats = NDArray[np.float64]


class _Fold(NamedTuple):
    """What one inner fold says about every candidate."""

    scores: Floats
    supports: NDArray[np.bool_]


class OneStandardError(SelectorMixin, BaseEstimator):
    """Choose `k` of a selector by inner grouped folds, leaning towards few columns.

    On every inner training part the selector ranks the columns once; a classifier is then fitted
    on the best k of them for each candidate k, and scored on the test part. Of the candidates
    within one standard error of the best mean score, the one with the fewest columns is taken, and
    the selector is fitted with it on all rows.

    Parameters
    ----------
    selector : RankingSelector
        A `BoltzmannSelector` or `ScoreSelector`; its own `k` is not used.
    classifier : classifier
        What the columns are for; it needs `predict_proba` unless `scoring` is given.
    candidates : sequence, default=(0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
        Values of `k`, in any order.
    scoring : str, callable or None, default=None
        Score of a fitted classifier, the larger the better, as scikit-learn takes it; by default
        the macro one-vs-rest AUC over the classes that a test part has.
    n_splits : int, default=5
        Number of inner folds.
    n_repeats : int, default=1
        How often rows are dealt out anew.
    n_errors : float, default=1.0
        How many standard errors below the best mean still do; 0 takes the best.
    n_jobs : int, default=None
        Folds worked on at a time, as joblib counts them.
    random_state : int, RandomState instance or None, default=None
        Controls the shuffling of groups over folds.

    Attributes
    ----------
    k_ : int, float, str or (str, float)
        The candidate chosen.
    results_ : DataFrame
        One row a candidate, in the order given: `k`, `n_columns` (mean over folds), `mean` and
        `standard_error` of its score.
    fold_scores_ : ndarray of shape (n_candidates, n_folds)
        The scores themselves.
    supports_ : ndarray of shape (n_folds, n_features_in_), bool
        Columns that each fold's selector keeps with `k_`: see `selection_stability`.
    selector_ : RankingSelector
        Fitted on all rows with `k_`.
    n_features_in_ : int
        Number of columns seen in `fit`.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Their names, where all are strings.

    Notes
    -----
    The standard error of the mean over J folds is ``sqrt((1 / J + n_test / n_train) * s^2)``:
    folds share training rows, and ``s / sqrt(J)`` would be too small (Nadeau & Bengio). The rule
    itself is from Breiman et al. (1984).

    The score of the candidate chosen is optimistic. What the model is worth is for outer folds to
    say.

    References
    ----------
    Nadeau & Bengio (2003), Machine Learning 52, 239-281.

    Examples
    --------
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from fusion import BoltzmannSelector
    >>> rng = np.random.default_rng(0)
    >>> y = np.repeat(["melanoma", "nevus"], 100)
    >>> X = rng.normal(size=(200, 30))
    >>> X[:, :2] += 2 * (y == "nevus")[:, None]
    >>> rule = OneStandardError(BoltzmannSelector(), GaussianNB(), [1, 2, 5, 30], random_state=0)
    >>> rule.fit(X, y, groups=np.arange(200) // 2).get_support(indices=True).tolist()
    [0, 1]
    """

    __metadata_request__fit: ClassVar[dict[str, bool]] = {"groups": True}

    def __init__(
        self,
        selector: Any,
        classifier: Any,
        candidates: Sequence[CountRule] = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0),
        *,
        scoring: str | Callable[..., float] | None = None,
        n_splits: int = 5,
        n_repeats: int = 1,
        n_errors: float = 1.0,
        n_jobs: int | None = None,
        random_state: RandomState = None,
    ):
        self.selector = selector
        self.classifier = classifier
        self.candidates = candidates
        self.scoring = scoring
        self.n_splits = n_splits
        self.n_repeats = n_repeats
        self.n_errors = n_errors
        self.n_jobs = n_jobs
        self.random_state = random_state

    def fit(self, X: Any, y: ArrayLike, groups: ArrayLike | None = None) -> Self:
        """Score the candidates on inner folds, choose one, and fit the selector with it.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, n_features)
            Numbers.
        y : array-like of shape (n_samples,)
            Class labels.
        groups : array-like of shape (n_samples,), default=None
            Rows of one group stay in one fold; passed on to a classifier that takes groups.

        Returns
        -------
        OneStandardError
            The fitted selector.

        Raises
        ------
        ValueError
            If a parameter is out of range, there are fewer groups than folds, or a training part
            would lack a class.
        """
        self._check_parameters()
        table = X if hasattr(X, "shape") else np.asarray(X)
        X, labels, groups = indexable(table, check_labels(y), groups)
        group_ids = None if groups is None else column_or_1d(groups)
        rng = check_random_state(self.random_state)
        splits = [
            split
            for _ in range(self.n_repeats)
            for split in grouped_folds(labels, group_ids, self.n_splits, rng)
        ]
        folds = Parallel(n_jobs=self.n_jobs)(
            delayed(self._try_candidates)(X, labels, group_ids, *split) for split in splits
        )
        chosen = self._choose(folds, splits)
        self.k_ = list(self.candidates)[chosen]
        self.supports_ = np.array([fold.supports[chosen] for fold in folds])
        self.selector_ = clone(self.selector).set_params(k=self.k_).fit(X, labels)
        copy_input_names(self.selector_, self)
        return self

    def get_metadata_routing(self) -> MetadataRouter:
        """Metadata that this estimator uses, and passes to the `fit` of its parts."""
        return fit_router(self, selector=self.selector, classifier=self.classifier)

    def _get_support_mask(self) -> NDArray[np.bool_]:
        check_is_fitted(self)
        return self.selector_.get_support()

    def _try_candidates(
        self,
        X: Any,
        y: NDArray,
        groups: NDArray | None,
        train: NDArray[np.intp],
        test: NDArray[np.intp],
    ) -> _Fold:
        """Rank the columns of a fold once, then fit and score the classifier for every k."""
        scorer = _macro_auc
        if self.scoring is not None:
            scorer = check_scoring(self.classifier, scoring=self.scoring)
        rows, unseen = _safe_indexing(X, train), _safe_indexing(X, test)
        # P-values, where a candidate needs them, have to be there before the ranking.
        first = min(self.candidates, key=lambda k: not is_fdr(k))
        ranked = clone(self.selector).set_params(k=first).fit(rows, y[train])
        scores, supports = [], []
        for k in self.candidates:
            support = ranked.set_params(k=k).get_support(indices=True)
            # Where no column is kept, nothing but the classes' shares is known.
            classifier = clone(self.classifier) if len(support) else DummyClassifier()
            fit_with_groups(
                classifier,
                _safe_indexing(rows, support, axis=1),
                y[train],
                None if groups is None else groups[train],
            )
            scores.append(scorer(classifier, _safe_indexing(unseen, support, axis=1), y[test]))
            supports.append(ranked.get_support())
        return _Fold(np.array(scores, dtype=np.float64), np.array(supports))

    def _choose(self, folds: list[_Fold], splits: list[tuple[NDArray, NDArray]]) -> int:
        """Position of the candidate with the fewest columns among those that are good enough."""
        self.fold_scores_ = np.array([fold.scores for fold in folds]).T
        mean = self.fold_scores_.mean(axis=1)
        n_columns = np.mean([fold.supports.sum(axis=1) for fold in folds], axis=0)
        ratio = np.mean([len(test) / len(train) for train, test in splits])
        error = np.sqrt((1 / len(splits) + ratio) * self.fold_scores_.var(axis=1, ddof=1))
        self.results_ = pd.DataFrame(
            {
                "k": pd.Series(list(self.candidates), dtype=object),
                "n_columns": n_columns,
                "mean": mean,
                "standard_error": error,
            }
        )
        # Whatever is equal is told apart by name, so that the order given does not matter.
        names = np.array([repr(k) for k in self.candidates])
        best = np.lexsort((names, error, -mean))[0]
        enough = np.flatnonzero(mean >= mean[best] - self.n_errors * error[best])
        return int(enough[np.lexsort((names[enough], -mean[enough], n_columns[enough]))[0]])

    def _check_parameters(self) -> None:
        if not len(self.candidates):
            raise ValueError("`candidates` must hold at least one value of `k`.")
        if not (isinstance(self.n_repeats, int | np.integer) and self.n_repeats >= 1):
            raise ValueError(f"`n_repeats` must be an int >= 1, got {self.n_repeats!r}.")
        if not self.n_errors >= 0:
            raise ValueError(f"`n_errors` must be >= 0, got {self.n_errors!r}.")

    def __sklearn_tags__(self) -> Tags:
        tags = with_input_tags(super().__sklearn_tags__(), self.selector, self.classifier)
        tags.target_tags.required = True
        return tags


def _macro_auc(classifier: Any, X: Any, y: NDArray) -> float:
    """Mean over the classes present, each against the rest."""
    probabilities = classifier.predict_proba(X)
    present = [
        code for code, label in enumerate(classifier.classes_) if 0 < (y == label).mean() < 1
    ]
    if not present:
        raise ValueError(
            "A test part holds one class only, and has no AUC. Use fewer folds, or another "
            "`scoring`."
        )
    areas = [roc_auc_score(y == classifier.classes_[c], probabilities[:, c]) for c in present]
    return float(np.mean(areas))
