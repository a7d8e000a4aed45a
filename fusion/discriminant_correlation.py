"""Discriminant correlation analysis: blocks rotated so that their class differences agree."""

from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.extmath import svd_flip
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from fusion._moments import mean_and_spread
from fusion.blocks import column_blocks

Floats = NDArray[np.float64]

# Eigenvalues and singular values below this share of the largest are rounding.
_NEGLIGIBLE = 1e-6
COMBINATIONS = ("concatenate", "sum")


def whiten_classes(table: Floats, codes: NDArray[np.intp]) -> Floats:
    """Directions in which the means of the classes have unit scatter and are uncorrelated.

    Parameters
    ----------
    table : ndarray of shape (n_samples, n_features)
        Columns of mean 0.
    codes : ndarray of shape (n_samples,), int
        Classes by number, from 0.

    Returns
    -------
    ndarray of shape (n_features, rank)
        Such that ``W.T @ S @ W`` is the identity, where S is the scatter of the class means,
        each weighted by its class's share of the rows. Ordered by scatter, largest first; rank is
        less than the number of classes, and 0 where all means are equal.
    """
    sizes = np.bincount(codes)
    sums = np.stack([table[codes == code].sum(axis=0) for code in range(len(sizes))])
    # S is means.T @ means, of as many columns as the block; its eigenvectors come from the small
    # means @ means.T.
    means = sums / np.sqrt(sizes * len(codes))[:, None]
    scatter, axes = np.linalg.eigh(means @ means.T)
    scatter, axes = scatter[::-1], axes[:, ::-1]
    spread = np.square(table).mean()
    kept = scatter > max(_NEGLIGIBLE * scatter[0], np.finfo(np.float64).eps * spread)
    return means.T @ (axes[:, kept] / scatter[kept])


def correlate_classes(
    first: Floats, second: Floats, codes: NDArray[np.intp]
) -> tuple[Floats, Floats]:
    """Discriminant correlation analysis of two sets of columns.

    Parameters
    ----------
    first, second : ndarrays of shape (n_samples, n_features) each
        Columns of mean 0.
    codes : ndarray of shape (n_samples,), int
        Classes by number, from 0.

    Returns
    -------
    first_projection, second_projection : ndarrays of shape (n_features, rank) each
        In both projected sets the scatter of the class means is diagonal, and their
        covariance with each other is the identity: each column agrees with its namesake alone.
    """
    whitenings = [whiten_classes(first, codes), whiten_classes(second, codes)]
    rank = min(whitening.shape[1] for whitening in whitenings)
    ours, theirs = (whitening[:, :rank] for whitening in whitenings)
    covariance = (first @ ours).T @ (second @ theirs) / len(codes)
    left, values, right = np.linalg.svd(covariance)
    left, right = svd_flip(left, right)
    kept = values > _NEGLIGIBLE * values[:1]
    scale = 1 / np.sqrt(values[kept])
    return ours @ (left[:, kept] * scale), theirs @ (right[kept].T * scale)


class DiscriminantCorrelation(TransformerMixin, BaseEstimator):
    """Fuse blocks into few columns that tell classes apart and agree between blocks.

    Within each block, directions are found in which the class means have unit scatter; then
    blocks are rotated, two at a time, until each direction of one is correlated with one of the
    other alone. Blocks are columns named ``block__feature``.

    Parameters
    ----------
    combine : {"concatenate", "sum"}, default="concatenate"
        Whether the two rotated sets stand side by side or are added.

    Attributes
    ----------
    blocks_ : list of str
        Blocks in the order of their fusion.
    mean_ : ndarray of shape (n_features_in_,)
        Mean of each column.
    components_ : ndarray of shape (n_features_in_, n_components)
        What centred rows are multiplied by. With k classes there are at most k - 1 components
        where they are summed, and twice as many where they are concatenated.
    classes_ : ndarray of shape (n_classes,)
        Labels in sorted order.
    n_features_in_ : int
        Number of columns seen in `fit`.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Their names, where all are strings.

    Notes
    -----
    More than two blocks are fused as the paper does: in order of the rank of their class means,
    highest first (equal ones as the columns come), the first two with each other, the result
    with the third, and so on. The lowest rank bounds the result: leave blocks of fewer columns than
    there are classes out. A block without any difference between class means is passed over, and a
    block alone is only whitened. Against the paper, scatter and covariance are means over the
    rows, not sums: columns are larger by the square root of their number.

    Scatter within classes does not count, so columns should be standardised. Directions follow
    the class means of the training rows, and overfit them where columns are many: on 2,500 images
    of HAM10000, a logistic regression had a macro AUC of 0.87 on the fusion of 15 blocks of 4,020
    columns in all, 0.92 where they were two sets, 0.94 on 50 principal components of each set, and
    0.95 on the plain columns, scaled by `BlockScaler`.

    References
    ----------
    Haghighat, Abdel-Mottaleb & Alhalabi (2016), IEEE Transactions on Information Forensics and
    Security 11(9), 1984-1996.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"hog__0": [-1.0, -1.0, 1.0, 1.0], "lbp__0": [2.0, 2.0, 6.0, 6.0]})
    >>> y = ["melanoma", "melanoma", "nevus", "nevus"]
    >>> DiscriminantCorrelation().fit_transform(table, y).round(6).tolist()
    [[-1.0, -1.0], [-1.0, -1.0], [1.0, 1.0], [1.0, 1.0]]
    """

    prefix: ClassVar[str] = "dca"

    def __init__(self, combine: str = "concatenate"):
        self.combine = combine

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Find the directions.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Numbers; NaN counts as the mean of its column.
        y : array-like of shape (n_samples,)
            Class labels.

        Returns
        -------
        DiscriminantCorrelation
            The fitted transformer.

        Raises
        ------
        ValueError
            If there is one class only, or no block tells the classes apart.
        """
        if self.combine not in COMBINATIONS:
            raise ValueError(f"`combine` must be one of {COMBINATIONS}, got {self.combine!r}.")
        table, labels = validate_data(self, X, y, dtype=np.float64, ensure_all_finite="allow-nan")
        check_classification_targets(labels)
        self.classes_, codes = np.unique(labels, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(
                f"DiscriminantCorrelation needs two classes, got one class: {self.classes_[0]}."
            )
        self.mean_, _ = mean_and_spread(table)
        centred = np.nan_to_num(table - self.mean_)
        whitenings = self._whiten_blocks(centred, codes)
        self.blocks_ = sorted(whitenings, key=lambda block: -whitenings[block].shape[1])
        self.components_ = self._fuse([whitenings[block] for block in self.blocks_], centred, codes)
        return self

    def transform(self, X: ArrayLike) -> Floats:
        """Project rows onto the directions.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The columns seen in `fit`.

        Returns
        -------
        ndarray of shape (n_samples, n_components), float64
            Concatenated, the columns of all blocks but the last come before those of the last.
        """
        check_is_fitted(self)
        table = validate_data(self, X, reset=False, dtype=np.float64, ensure_all_finite="allow-nan")
        return np.nan_to_num(table - self.mean_) @ self.components_

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Column names, ``dca__i``."""
        check_is_fitted(self)
        names = [f"{self.prefix}__{i}" for i in range(self.components_.shape[1])]
        return np.array(names, dtype=object)

    def _whiten_blocks(self, centred: Floats, codes: NDArray[np.intp]) -> dict[str, Floats]:
        """Whiten each block by itself; rows of other blocks' columns are 0."""
        names = column_blocks(getattr(self, "feature_names_in_", None), centred.shape[1])
        whitenings = {}
        for block in dict.fromkeys(names):
            columns = np.array([name == block for name in names])
            whitening = whiten_classes(centred[:, columns], codes)
            if whitening.shape[1]:
                whitenings[block] = np.zeros((len(columns), whitening.shape[1]))
                whitenings[block][columns] = whitening
        if not whitenings:
            raise ValueError(
                "No block tells the classes apart: in every column all classes have the same mean."
            )
        return whitenings

    def _fuse(self, parts: list[Floats], centred: Floats, codes: NDArray[np.intp]) -> Floats:
        """Fuse projections of all columns one after the other."""
        fused = parts[0]
        for part in parts[1:]:
            ours, theirs = correlate_classes(centred @ fused, centred @ part, codes)
            ours, theirs = fused @ ours, part @ theirs
            fused = ours + theirs if self.combine == "sum" else np.hstack([ours, theirs])
        return fused

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.target_tags.required = True
        return tags
