"""Ugly ducklings: how a lesion differs from the other lesions of the same patient."""

import warnings
from collections.abc import Sequence
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data

from fusion._moments import mean_and_spread
from fusion.blocks import BlockSelector, column_blocks
from fusion.other_lesions import differences_to_others, rank_among_others, relate

Floats = NDArray[np.float64]


class UglyDuckling(TransformerMixin, BaseEstimator):
    """Columns that tell how a lesion differs from the same patient's other lesions.

    A mole that looks unlike its neighbours is suspect, whatever it looks like. Rows are compared
    with rows of the same call alone: training rows with each other in `fit_transform`, new ones
    with each other in `transform`. `fit` learns nothing but the spread of each column. A patient's
    only lesion, such as one photograph to be predicted, differs in nothing: all 0, and
    ``n_others`` says why.

    Parameters
    ----------
    blocks : sequence of str, default=None
        Blocks that are compared; all by default.
    columns : bool, default=True
        Whether the difference in each column is given, or in each block only.

    Attributes
    ----------
    spread_ : ndarray of shape (n_compared,)
        Standard deviation of each compared column over the training rows.
    selector_ : BlockSelector
        Picks the compared columns.
    blocks_ : list of str
        Block of each compared column.
    n_features_in_ : int
        Number of columns seen in `fit`.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Their names, where all are strings.

    Notes
    -----
    Columns: ``n_others``, the number of the patient's other lesions; ``distance``, the root mean
    square over blocks of ``distance_<block>``, itself that of the differences in the block's
    columns; ``rank``, the share of the other lesions whose distance is less minus the share
    whose is more; and for each column its difference to the mean of the others, in standard
    deviations. Each of the others counts once, by the mean of its rows.

    In a plain `Pipeline`, which hands on X and y alone, all columns are 0, and `fit_transform`
    warns. With metadata routing enabled, a step that has had
    ``set_transform_request(patients=True, lesions=True)`` gets them from
    ``fit(X, y, patients=..., lesions=...)`` of the Pipeline, and of its ``predict``.

    So a row's columns depend on who else is there: give `transform` all lesions of a patient at
    a time.

    References
    ----------
    Grob & Bonerandi (1998), Archives of Dermatology 134(1), 103-104, for the sign.

    Examples
    --------
    >>> table = pd.DataFrame({"abcd__area": [1.0, 2.0, 6.0, 3.0]})
    >>> duckling = UglyDuckling().set_output(transform="pandas")
    >>> found = duckling.fit_transform(table, patients=["a", "a", "a", "b"])
    >>> found["duckling__n_others"].tolist()
    [2.0, 2.0, 2.0, 0.0]
    >>> found["duckling__rank"].tolist()
    [0.0, -1.0, 1.0, 0.0]
    """

    block: ClassVar[str] = "duckling"

    def __init__(self, blocks: Sequence[str] | None = None, *, columns: bool = True):
        self.blocks = blocks
        self.columns = columns

    def fit(self, X: ArrayLike, y: Any = None) -> Self:
        """Learn the spread of the columns.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Columns named ``block__feature``; NaN does not count.
        y : Ignored
            Present for consistency.

        Returns
        -------
        UglyDuckling
            The fitted transformer.

        Raises
        ------
        ValueError
            If a block has no column.
        """
        table = validate_data(self, X, dtype=np.float64, ensure_all_finite="allow-nan")
        self.selector_ = BlockSelector(self.blocks).fit(X)
        kept = self.selector_.get_support()
        names = column_blocks(getattr(self, "feature_names_in_", None), self.n_features_in_)
        self.blocks_ = [name for name, used in zip(names, kept, strict=True) if used]
        self.spread_ = mean_and_spread(table[:, kept])[1]
        return self

    def transform(
        self, X: ArrayLike, patients: ArrayLike | None = None, lesions: ArrayLike | None = None
    ) -> Floats:
        """Compare rows with each other.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The columns seen in `fit`.
        patients : array-like of shape (n_samples,), default=None
            Patient of each row; who is missing, or all if None, has this one lesion only.
        lesions : array-like of shape (n_samples,), default=None
            Lesion of each row; one that is missing, or each row if None, stands for itself.

        Returns
        -------
        ndarray of shape (n_samples, n_columns), float64
            No NaN.
        """
        check_is_fitted(self)
        table = validate_data(
            self, X, reset=False, dtype=np.float64, ensure_all_finite="allow-nan"
        )[:, self.selector_.get_support()]
        relation = relate(len(table), patients, lesions)
        differences = differences_to_others(table, relation)
        differences *= np.divide(1, self.spread_, where=self.spread_ > 0, out=0 * self.spread_)
        squares = pd.DataFrame(np.square(differences)).T.groupby(self.blocks_, sort=False).mean().T
        distance = np.sqrt(squares.mean(axis=1).to_numpy())
        summary = [
            relation.n_others[relation.lesion],
            distance,
            rank_among_others(distance, relation),
            np.sqrt(squares.to_numpy()),
        ]
        return np.column_stack([*summary, differences] if self.columns else summary)

    def fit_transform(
        self,
        X: ArrayLike,
        y: Any = None,
        patients: ArrayLike | None = None,
        lesions: ArrayLike | None = None,
    ) -> Floats:
        """Learn the spread, and compare the same rows with each other.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Columns named ``block__feature``.
        y : Ignored
            Present for consistency.
        patients, lesions : array-like of shape (n_samples,), default=None
            As in `transform`; without patients, a warning.

        Returns
        -------
        ndarray of shape (n_samples, n_columns), float64
            As `transform` gives it.
        """
        if patients is None:
            warnings.warn(
                "No `patients`: every row counts as its patient's only lesion, and all columns of "
                "UglyDuckling are 0. A plain Pipeline hands on none: enable scikit-learn's "
                "metadata routing and `set_transform_request(patients=True)`, or call "
                "`fit_transform(X, patients=...)`.",
                stacklevel=3,
            )
        return self.fit(X).transform(X, patients, lesions)

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Column names, ``duckling__n_others`` and so on."""
        check_is_fitted(self)
        names = ["n_others", "distance", "rank"]
        names += [f"distance_{block}" for block in dict.fromkeys(self.blocks_)]
        if self.columns:
            names += list(self.selector_.get_feature_names_out(input_features))
        return np.array([f"{self.block}__{name}" for name in names], dtype=object)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags
