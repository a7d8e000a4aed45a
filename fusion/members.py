"""Named classifiers side by side: what every late fusion is made of."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import ClassifierMixin, clone
from sklearn.pipeline import Pipeline
from sklearn.utils import Tags, _safe_indexing, indexable
from sklearn.utils.metadata_routing import MetadataRouter
from sklearn.utils.metaestimators import _BaseComposition
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, column_or_1d

from fusion.blocks import BlockSelector
from fusion.delegation import copy_input_names, fit_router, with_input_tags
from fusion.fitting import fit_with_groups
from fusion.groups import RandomState, grouped_folds
from fusion.labels import check_labels

Floats = NDArray[np.float64]


def block_members(
    classifier: Any, blocks: Sequence[str] | Mapping[str, Sequence[str]]
) -> list[tuple[str, Pipeline]]:
    """One classifier for each block, as late fusions take them.

    Parameters
    ----------
    classifier : classifier
        Cloned for each member. It is given the member's columns as a DataFrame.
    blocks : sequence of str, or mapping of str to sequence of str
        Names of blocks; or names of members, with the blocks that each of them sees.

    Returns
    -------
    list of (str, Pipeline) tuples
        Steps ``blocks``, a `BlockSelector`, and ``classify``.

    Examples
    --------
    >>> from sklearn.naive_bayes import GaussianNB
    >>> members = block_members(GaussianNB(), {"texture": ["lbp", "hog"], "deep": ["embedding"]})
    >>> [(name, member["blocks"].blocks) for name, member in members]
    [('texture', ['lbp', 'hog']), ('deep', ['embedding'])]
    """
    seen = blocks if isinstance(blocks, Mapping) else {block: [block] for block in blocks}
    return [
        (
            name,
            Pipeline(
                [("blocks", BlockSelector(list(own))), ("classify", clone(classifier))]
            ).set_output(transform="pandas"),
        )
        for name, own in seen.items()
    ]


class Rows(NamedTuple):
    """What classifiers are fitted on."""

    X: Any
    y: NDArray
    groups: NDArray | None
    sample_weight: Floats | None

    def take(self, rows: NDArray[np.intp]) -> "Rows":
        """Pick rows by position."""
        kept = [
            None if values is None else values[rows] for values in (self.groups, self.sample_weight)
        ]
        return Rows(_safe_indexing(self.X, rows), self.y[rows], *kept)

    def fit(self, estimator: Any) -> Any:
        """Fit a clone on the rows."""
        return fit_with_groups(clone(estimator), self.X, self.y, self.groups, self.sample_weight)


class NamedClassifiers(ClassifierMixin, _BaseComposition):
    """Base of late fusions: several classifiers give probabilities, from which one is made.

    A subclass says what is learned before the classifiers are fitted on all rows (`_learn`, which
    may ask for `_out_of_fold` probabilities) and how their probabilities become one (`_fuse`).
    """

    __metadata_request__fit: ClassVar[dict[str, bool]] = {"groups": True}

    estimators: Sequence[tuple[str, Any]]
    n_splits: int
    random_state: RandomState

    @abstractmethod
    def _learn(self, rows: Rows) -> None:
        """Learn how to fuse."""

    @abstractmethod
    def _fuse(self, probabilities: Floats) -> Floats:
        """Fuse probabilities of shape (n_estimators, n_samples, n_classes) over the estimators."""

    def fit(
        self,
        X: Any,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        groups: ArrayLike | None = None,
    ) -> Self:
        """Fit the classifiers, and learn how to fuse them.

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
        NamedClassifiers
            The fitted meta-estimator.

        Raises
        ------
        ValueError
            If names are not unique, there are fewer groups than folds, or a training part
            would lack a class.
        """
        if not self.estimators:
            raise ValueError("`estimators` is empty; name at least one (name, classifier) pair.")
        self._validate_names([name for name, _ in self.estimators])
        X, labels, groups = indexable(X, check_labels(y), groups)
        weight = None if sample_weight is None else _check_sample_weight(sample_weight, X)
        rows = Rows(X, labels, None if groups is None else column_or_1d(groups), weight)
        self.classes_ = np.unique(labels)
        self._learn(rows)
        self.estimators_ = [rows.fit(estimator) for _, estimator in self.estimators]
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
        members = [fitted.predict_proba(X) for fitted in self.estimators_]
        return self._fuse(np.stack(members).astype(np.float64))

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
        NamedClassifiers
            This estimator.
        """
        return self._set_params("estimators", **params)

    def get_metadata_routing(self) -> MetadataRouter:
        """Metadata that this estimator uses, and passes to the `fit` of its classifiers."""
        return fit_router(self, **dict(self.estimators))

    def _out_of_fold(self, rows: Rows) -> Floats:
        """Probabilities for each row by clones fitted without it and its group.

        Of shape (n_estimators, n_samples, n_classes); notes the folds in `splits_`.
        """
        self.splits_ = grouped_folds(rows.y, rows.groups, self.n_splits, self.random_state)
        shape = (len(self.estimators), len(rows.y), len(self.classes_))
        probabilities = np.empty(shape)
        for train, test in self.splits_:
            ours, theirs = rows.take(train), _safe_indexing(rows.X, test)
            for member, (_, estimator) in zip(probabilities, self.estimators, strict=True):
                member[test] = ours.fit(estimator).predict_proba(theirs)
        return probabilities

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        return with_input_tags(tags, *(estimator for _, estimator in self.estimators))
