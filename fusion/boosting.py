"""Gradient-boosted trees with labels of any kind and group-disjoint early stopping."""

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
from joblib import effective_n_jobs
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.utils import Tags, _safe_indexing, check_random_state, compute_sample_weight
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data
from xgboost import XGBClassifier

from fusion._probabilities import log_probabilities
from fusion.fitting import fit_with_groups
from fusion.groups import RandomState, grouped_split

ClassWeight = Mapping[Any, float] | str | None


class BoostedTrees(ClassifierMixin, BaseEstimator):
    """XGBoost classifier that fits probabilities, whatever the labels are.

    Parameters
    ----------
    n_estimators : int, default=300
        Boosting rounds; the most there can be with early stopping.
    learning_rate : float, default=0.1
        Shrinkage of each round.
    max_depth : int, default=4
        Depth of the trees.
    min_child_weight : float, default=1.0
        Least sum of second derivatives in a leaf.
    subsample : float, default=0.8
        Share of the rows that each round sees.
    colsample_bytree : float, default=0.5
        Share of the columns that each tree sees.
    reg_lambda : float, default=1.0
        L2 penalty on the leaves.
    class_weight : mapping, "balanced" or None, default=None
        Weight of each class, multiplied with `sample_weight`. Weights distort probabilities:
        to favour rare classes, prefer a `DecisionRule`.
    early_stopping_rounds : int, default=None
        Stop when the validation log loss has not improved for so many rounds, and keep the
        best round. None fits `n_estimators` rounds on all rows.
    validation_fraction : float, default=0.15
        Share of rows set aside for early stopping, disjoint in groups from the others.
    init : classifier, default=None
        Where the trees start from, as `init` of scikit-learn's `GradientBoostingClassifier`: it is
        fitted first, on the same table, and the trees correct its log-odds. It should have few
        parameters, such as a `LogisticRegression` on a `BlockSelector` of good columns, which
        thereby lose nothing among many others. None starts from the same odds for all rows.
    device : str, default="cpu"
        "cpu", "cuda" or "cuda:<ordinal>", on which trees are grown. Prediction is done on the
        CPU, so that a fitted model needs no accelerator.
    n_jobs : int, default=None
        Threads, as joblib counts them: None is 1 unless in a `parallel_config`, -1 is all.
    random_state : int, RandomState instance or None, default=None
        Controls sampling and the validation split.
    params : mapping, default=None
        More parameters of `xgboost.XGBClassifier`, which override those above.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Labels in sorted order.
    model_ : xgboost.XGBClassifier
        The fitted model, whose labels are positions in `classes_`.
    n_rounds_ : int
        Rounds that predictions use.
    init_ : classifier or None
        The fitted classifier that the trees start from.
    validation_indices_ : ndarray of int or None
        Rows set aside for early stopping.
    feature_importances_ : ndarray of shape (n_features_in_,)
        Mean gain of the splits on each column, as a share of their sum.
    n_features_in_ : int
        Number of columns seen in `fit`.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Their names, where all are strings.

    Notes
    -----
    Inside a pipeline the rows set aside have already passed through the scaling and selection
    that were fitted on all training rows. That makes the number of rounds slightly optimistic;
    scores on outer folds stay honest, since those rows have seen none of it.

    Examples
    --------
    >>> X = np.arange(40.0).reshape(-1, 1)
    >>> y = np.repeat(["melanoma", "nevus"], 20)
    >>> model = BoostedTrees(n_estimators=20, random_state=0).fit(X, y)
    >>> model.predict([[3.0], [33.0]]).tolist()
    ['melanoma', 'nevus']
    """

    __metadata_request__fit: ClassVar[dict[str, bool]] = {"groups": True}

    def __init__(
        self,
        n_estimators: int = 300,
        *,
        learning_rate: float = 0.1,
        max_depth: int = 4,
        min_child_weight: float = 1.0,
        subsample: float = 0.8,
        colsample_bytree: float = 0.5,
        reg_lambda: float = 1.0,
        class_weight: ClassWeight = None,
        early_stopping_rounds: int | None = None,
        validation_fraction: float = 0.15,
        init: Any = None,
        device: str = "cpu",
        n_jobs: int | None = None,
        random_state: RandomState = None,
        params: Mapping[str, Any] | None = None,
    ):
        self.n_estimators = n_estimators
        self.learning_rate = learning_rate
        self.max_depth = max_depth
        self.min_child_weight = min_child_weight
        self.subsample = subsample
        self.colsample_bytree = colsample_bytree
        self.reg_lambda = reg_lambda
        self.class_weight = class_weight
        self.early_stopping_rounds = early_stopping_rounds
        self.validation_fraction = validation_fraction
        self.init = init
        self.device = device
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.params = params

    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        groups: ArrayLike | None = None,
    ) -> Self:
        """Grow the trees.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Numbers; NaN is a missing value.
        y : array-like of shape (n_samples,)
            Class labels.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each row, >= 0.
        groups : array-like of shape (n_samples,), default=None
            Rows of one group stay on one side of the validation split.

        Returns
        -------
        BoostedTrees
            The fitted classifier.

        Raises
        ------
        ValueError
            If there is one class only, a value is infinite, or no rows can be set aside.
        """
        table, labels = validate_data(self, X, y, dtype=np.float32, ensure_all_finite="allow-nan")
        check_classification_targets(labels)
        self.classes_, codes = np.unique(labels, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(
                f"BoostedTrees needs at least two classes, got one class: {self.classes_[0]}."
            )
        weight = _check_sample_weight(sample_weight, table, ensure_non_negative=True)
        weight = weight * compute_sample_weight(self.class_weight, labels)
        rng = check_random_state(self.random_state)
        self.model_ = self._new_model(seed=int(rng.randint(np.iinfo(np.int32).max)))
        train, validation = self._split(codes, groups, rng)
        self.validation_indices_ = validation
        margins = self._fit_init(X, labels, train, weight, groups)
        held_out: dict[str, Any] = {}
        if validation is not None:
            held_out["base_margin_eval_set"] = [_rows(margins, validation)]
            held_out["eval_set"] = [(table[validation], codes[validation])]
            held_out["sample_weight_eval_set"] = [weight[validation]]
        self.model_.fit(
            table[train],
            codes[train],
            sample_weight=weight[train],
            base_margin=_rows(margins, train),
            verbose=False,
            **held_out,
        )
        self.model_.set_params(device="cpu")
        return self

    def predict_proba(self, X: ArrayLike) -> NDArray[np.float32]:
        """Probability of each class.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The columns seen in `fit`.

        Returns
        -------
        ndarray of shape (n_samples, n_classes), float32
            Ordered as `classes_`.
        """
        check_is_fitted(self)
        table = validate_data(self, X, reset=False, dtype=np.float32, ensure_all_finite="allow-nan")
        return self.model_.predict_proba(table, base_margin=self._margins(X))

    def predict(self, X: ArrayLike) -> NDArray:
        """Most probable class of each row.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The columns seen in `fit`.

        Returns
        -------
        ndarray of shape (n_samples,)
            Labels.
        """
        probabilities = self.predict_proba(X)
        return self.classes_[probabilities.argmax(axis=1)]

    @property
    def feature_importances_(self) -> NDArray[np.float32]:
        """Mean gain of the splits on each column, as a share of their sum."""
        check_is_fitted(self)
        return self.model_.feature_importances_

    @property
    def n_rounds_(self) -> int:
        """Rounds that predictions use."""
        check_is_fitted(self)
        if self.validation_indices_ is None:
            return self.model_.get_booster().num_boosted_rounds()
        return self.model_.best_iteration + 1

    def _new_model(self, seed: int) -> XGBClassifier:
        own = (
            "n_estimators",
            "learning_rate",
            "max_depth",
            "min_child_weight",
            "subsample",
            "colsample_bytree",
            "reg_lambda",
            "early_stopping_rounds",
            "device",
        )
        parameters = {name: getattr(self, name) for name in own}
        parameters |= {
            "tree_method": "hist",
            "importance_type": "gain",
            "n_jobs": effective_n_jobs(self.n_jobs),
            "random_state": seed,
        }
        return XGBClassifier(**(parameters | dict(self.params or {})))

    def _fit_init(
        self,
        X: Any,
        labels: NDArray,
        train: NDArray[np.intp],
        weight: NDArray[np.float64],
        groups: ArrayLike | None,
    ) -> NDArray[np.float64] | None:
        """Fit the first classifier on the training rows, and give where the trees start."""
        self.init_ = None
        if self.init is None:
            return None
        self.init_ = fit_with_groups(
            clone(self.init),
            _safe_indexing(X, train),
            labels[train],
            None if groups is None else np.asarray(groups)[train],
            # A Pipeline does not take weights: leave them out where all are alike.
            None if (weight == weight[0]).all() else weight[train],
        )
        return self._margins(X)

    def _margins(self, X: Any) -> NDArray[np.float64] | None:
        """Log-odds that the first classifier gives, as XGBoost takes them."""
        if self.init_ is None:
            return None
        logits = log_probabilities(self.init_.predict_proba(X))
        return logits[:, 1] - logits[:, 0] if logits.shape[1] == 2 else logits

    def _split(
        self, codes: NDArray[np.intp], groups: ArrayLike | None, rng: np.random.RandomState
    ) -> tuple[NDArray[np.intp], NDArray[np.intp] | None]:
        if self.early_stopping_rounds is None:
            return np.arange(len(codes)), None
        return grouped_split(codes, groups, self.validation_fraction, rng)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


def _rows(margins: NDArray[np.float64] | None, rows: NDArray[np.intp]) -> NDArray | None:
    return None if margins is None else margins[rows]
