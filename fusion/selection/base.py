"""What all selectors that score columns have in common."""

import warnings
from abc import abstractmethod
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import false_discovery_control
from sklearn.base import BaseEstimator, clone
from sklearn.feature_selection import SelectorMixin
from sklearn.utils.validation import check_is_fitted, check_memory

from fusion.blocks import UNNAMED_BLOCK, column_blocks
from fusion.selection.counts import (
    check_count_rule,
    choose_columns,
    is_fdr,
    is_number,
    number_kept,
)

_PER = ("block", "table")


class RankingSelector(SelectorMixin, BaseEstimator):
    """Base of selectors that score columns once and keep the best by any rule.

    `fit` learns `scores_`, `eligible_`, `ranking_` and, where the rule or the score calls for
    them, `p_values_`; none of these depends on how many columns are kept. So ``set_params(k=...)``
    takes effect without another `fit`, and with `memory` a fit that differs in `k` alone finds
    its scores there.

    Derived classes have the parameters `k`, `per` and `memory` and the two abstract methods.
    """

    k: Any
    per: str
    memory: Any

    def fit(self, X: ArrayLike, y: ArrayLike | None = None, **refused: Any) -> Self:
        """Score and rank the columns.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Numbers; the class says whether NaN is allowed as a missing value.
        y : array-like of shape (n_samples,), default=None
            Class labels, where the score looks at them.
        **refused
            Nothing: anything more is answered with the reason.

        Returns
        -------
        estimator
            The fitted selector.

        Raises
        ------
        TypeError
            If there is anything but `X` and `y`, such as `sample_weight`.
        ValueError
            If a parameter is out of range, or the table or the labels cannot be used.
        """
        if refused:
            raise TypeError(
                f"{type(self).__name__}.fit takes `X` and `y` only, got {sorted(refused)}: scores "
                "count rows, and weighted counts have no exact chance correction. Repeat rows "
                "for whole-number weights: `np.repeat(X, weights, axis=0)`."
            )
        self._check_k()
        if self.per not in _PER:
            raise ValueError(f"`per` must be one of {list(_PER)}, got {self.per!r}.")
        table, classes = self._check_data(X, y)
        names = getattr(self, "feature_names_in_", None) if self.per == "block" else None
        self.blocks_ = column_blocks(names, self.n_features_in_)
        learn = check_memory(self.memory).cache(_learn)
        learnt = learn(self._scoring_twin(), table, classes, self.blocks_)
        # An earlier fit may have had p-values where this one has none.
        self.__dict__.pop("p_values_", None)
        for name, value in learnt.items():
            setattr(self, name, value)
        self._check_number()
        return self

    @abstractmethod
    def _check_data(
        self, X: ArrayLike, y: ArrayLike | None
    ) -> tuple[NDArray, NDArray[np.intp] | None]:
        """Check parameters, table and labels; give the table and class codes."""

    @abstractmethod
    def _learn(
        self, table: NDArray, classes: NDArray[np.intp] | None, blocks: list[str]
    ) -> dict[str, Any]:
        """Fitted attributes by name, `scores_`, `eligible_` and `ranking_` among them."""

    def _check_k(self) -> None:
        check_count_rule(self.k)

    def _scoring_twin(self) -> Self:
        """Clone, without what scores do not depend on: the key of `memory`."""
        return clone(self).set_params(k=1, memory=None)

    def _get_support_mask(self) -> NDArray[np.bool_]:
        check_is_fitted(self)
        self._check_k()
        blocks = np.array(self.blocks_)
        q_values = self._q_values() if is_fdr(self.k) else None
        mask = np.zeros(self.n_features_in_, dtype=bool)
        for block in np.unique(blocks):
            columns = self.ranking_[blocks[self.ranking_] == block]
            mask[columns] = choose_columns(
                self.k,
                self.scores_[columns],
                self.eligible_[columns],
                None if q_values is None else q_values[columns],
            )
        return mask

    def _q_values(self) -> NDArray[np.float64]:
        """Benjamini-Hochberg adjusted p-values over all columns that could be ranked."""
        if not hasattr(self, "p_values_"):
            raise ValueError(
                "k='fdr' needs p-values, which this selector has not computed. Set k='fdr' before "
                "`fit`, or `n_permutations` of a `BoltzmannSelector`; scores without a null "
                "distribution cannot use it."
            )
        known = ~np.isnan(self.p_values_)
        q_values = np.ones(self.n_features_in_)
        if known.any():
            q_values[known] = false_discovery_control(self.p_values_[known])
        return q_values

    def _check_number(self) -> None:
        whole = is_number(self.k) and set(self.blocks_) == {UNNAMED_BLOCK}
        if whole and number_kept(self.k, self.n_features_in_) > self.n_features_in_:
            warnings.warn(
                f"k={self.k} is more than the {self.n_features_in_} columns: it limits nothing.",
                stacklevel=3,
            )


def block_after_block(ranking: NDArray[np.intp], blocks: list[str]) -> list[NDArray[np.intp]]:
    """Ranked columns of each block, blocks in the order of their first column."""
    of_column = np.array(blocks)
    return [ranking[of_column[ranking] == block] for block in dict.fromkeys(blocks)]


def _learn(
    selector: RankingSelector,
    table: NDArray,
    classes: NDArray[np.intp] | None,
    blocks: list[str],
) -> dict[str, Any]:
    """`RankingSelector._learn` as a function, which `joblib.Memory` can cache."""
    return selector._learn(table, classes, blocks)
