"""Blocks: columns named ``block__feature`` that come from one descriptor or network."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.feature_selection import SelectorMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data

from fusion._moments import mean_and_spread

# Block of columns without a name of the form block__feature.
UNNAMED_BLOCK = ""

_FLOATS = [np.float64, np.float32]


def column_blocks(names: Sequence[str] | None, n_columns: int | None = None) -> list[str]:
    """Block of each column.

    Parameters
    ----------
    names : sequence of str or None
        Column names; what comes before the first ``__`` is the block.
    n_columns : int, default=None
        Number of columns, needed where there are no names.

    Returns
    -------
    list of str
        One block a column, "" for a name without block.

    Examples
    --------
    >>> column_blocks(["abcd__asymmetry", "abcd__area", "age"])
    ['abcd', 'abcd', '']
    """
    if names is None:
        return [UNNAMED_BLOCK] * (n_columns or 0)
    return [name.partition("__")[0] if "__" in name else UNNAMED_BLOCK for name in names]


class BlockScaler(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """Standardise columns, then give every block the same say, however many columns it has.

    Each column gets mean 0 and variance 1 on the training rows; block b, of ``d`` columns, is
    then multiplied by ``weight / sqrt(d)``. A row's expected squared norm within a block is the
    square of the block's weight.

    Parameters
    ----------
    weights : mapping of str to float, default=None
        Weight of each block, >= 0; 1 for blocks not named. Columns without a block are the
        block "".

    Attributes
    ----------
    blocks_ : list of str
        Block of each column.
    mean_ : ndarray of shape (n_features_in_,)
        Mean of each column.
    scale_ : ndarray of shape (n_features_in_,)
        What a centred column is multiplied by; 0 for a constant one.
    n_features_in_ : int
        Number of columns seen in `fit`.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Their names, where all are strings.

    Notes
    -----
    Constant columns count among the columns of their block and become 0. NaN is left as it is.
    Trees are indifferent to scale; distances, margins and penalties are not.

    Weights are one parameter, a mapping: a search takes a list of them, which scikit-learn's
    `ParameterGrid` and `ParameterSampler` make of a range for each block (see Examples).

    Examples
    --------
    >>> from sklearn.model_selection import ParameterGrid
    >>> list(ParameterGrid({"lbp": [0.5, 1], "hog": [2]}))  # for {"scale__weights": ...}
    [{'hog': 2, 'lbp': 0.5}, {'hog': 2, 'lbp': 1}]
    >>> import pandas as pd
    >>> table = pd.DataFrame({"abcd__area": [1.0, 3.0], "lbp__0": [0.0, 2.0], "lbp__1": [4.0, 4.0]})
    >>> BlockScaler(weights={"lbp": 2}).fit_transform(table).round(3)
    array([[-1.   , -1.414,  0.   ],
           [ 1.   ,  1.414,  0.   ]])
    """

    def __init__(self, weights: Mapping[str, float] | None = None):
        self.weights = weights

    def fit(self, X: ArrayLike, y: Any = None) -> Self:
        """Learn mean and scale of the columns.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Numbers; NaN is a missing value and does not count.
        y : Ignored
            Present for consistency.

        Returns
        -------
        BlockScaler
            The fitted scaler.

        Raises
        ------
        ValueError
            If a weight is negative or names no block.
        """
        table = validate_data(self, X, dtype=_FLOATS, ensure_all_finite="allow-nan")
        names = getattr(self, "feature_names_in_", None)
        self.blocks_ = column_blocks(names, table.shape[1])
        self.mean_, spread = mean_and_spread(table)
        known = np.where(spread > 0, spread, np.inf)
        self.scale_ = self._block_factors() / known
        return self

    def transform(self, X: ArrayLike) -> NDArray[np.floating]:
        """Scale the columns.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The columns seen in `fit`.

        Returns
        -------
        ndarray of shape (n_samples, n_features)
            float32 if `X` is, else float64.
        """
        check_is_fitted(self)
        table = validate_data(self, X, reset=False, dtype=_FLOATS, ensure_all_finite="allow-nan")
        return ((table - self.mean_) * self.scale_).astype(table.dtype, copy=False)

    def _block_factors(self) -> NDArray[np.float64]:
        blocks, of_column, sizes = np.unique(self.blocks_, return_inverse=True, return_counts=True)
        weights = _check_weights(self.weights or {}, blocks.tolist())
        factors = np.array([weights[block] for block in blocks.tolist()]) / np.sqrt(sizes)
        return factors[of_column]

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


class BlockSelector(SelectorMixin, BaseEstimator):
    """Keep the columns of some blocks.

    Parameters
    ----------
    blocks : sequence of str, default=None
        Names of the blocks to keep; all columns by default.

    Attributes
    ----------
    n_features_in_ : int
        Number of columns seen in `fit`.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Their names, where all are strings.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"abcd__area": [1.0], "lbp__0": [0.0], "lbp__1": [4.0]})
    >>> selector = BlockSelector(["lbp"]).set_output(transform="pandas")
    >>> selector.fit_transform(table).columns.tolist()
    ['lbp__0', 'lbp__1']
    """

    def __init__(self, blocks: Sequence[str] | None = None):
        self.blocks = blocks

    def fit(self, X: ArrayLike, y: Any = None) -> Self:
        """Find the columns of the blocks.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_features)
            Columns named ``block__feature``.
        y : Ignored
            Present for consistency.

        Returns
        -------
        BlockSelector
            The fitted selector.

        Raises
        ------
        ValueError
            If a block has no column.
        """
        validate_data(self, X, ensure_all_finite="allow-nan")
        present = column_blocks(getattr(self, "feature_names_in_", None), self.n_features_in_)
        kept = set(present) if self.blocks is None else set(self.blocks)
        _check_known(kept, present)
        self._mask = np.array([block in kept for block in present])
        return self

    def _get_support_mask(self) -> NDArray[np.bool_]:
        check_is_fitted(self)
        return self._mask

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


def _check_weights(weights: Mapping[str, float], blocks: Sequence[str]) -> dict[str, float]:
    _check_known(weights, blocks)
    for block, weight in weights.items():
        if not (np.isfinite(weight) and weight >= 0):
            raise ValueError(f"The weight of block {block!r} must be >= 0, got {weight!r}.")
    return {block: float(weights.get(block, 1.0)) for block in blocks}


def _check_known(names: Any, blocks: Sequence[str]) -> None:
    unknown = sorted(set(names) - set(blocks))
    if unknown:
        raise ValueError(
            f"No column belongs to block(s) {unknown}. The table's blocks are "
            f"{sorted(set(blocks))}; columns are named block__feature."
        )
