"""Selection of columns by the Boltzmann entropy of their binned values."""

import warnings
from collections.abc import Callable, Collection
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.feature_selection import SelectorMixin
from sklearn.utils import Tags
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from fusion.binning import RULES, bin_columns, choose_n_bins, contingency_tables
from fusion.boltzmann import (
    adjusted_boltzmann_gain,
    boltzmann_gain,
    normalized_boltzmann_entropy,
)

Floats = NDArray[np.float64]

_FEW_SAMPLES = 30
_LEAST_KNOWN_SHARE = 0.5
# Scores closer than this are equal.
_ROUNDING = 1e-10


class BoltzmannSelector(SelectorMixin, BaseEstimator):
    """Keep the columns whose binned values say most about the classes.

    Parameters
    ----------
    k : int, float, "mean" or "median", default=0.1
        How many columns to keep: a number >= 1, a share in (0, 1] of all columns (rounded up),
        or those that score at least the mean or the median of the columns that can be ranked.
    criterion : {"adjusted", "gain", "entropy"}, default="adjusted"
        - "adjusted": Boltzmann gain corrected for chance, at most 1, about 0 for noise.
        - "gain": Boltzmann gain per sample, in nats; biased upwards, see Notes.
        - "entropy": normalised Boltzmann entropy in [0, 1]; ignores `y`. Historical, see Notes.
    n_bins : int or "auto", default="auto"
        Bins of every column. "auto" is Rice's rule between 8 and 32. Either is reduced where
        fewer than 5 samples a bin (and class, where `y` counts) would remain.
    binning : str, default="quantile-range"
        "quantile-range", "min-max", "z-score" or "equal-frequency", see `bin_columns`. The
        last gives every continuous column the same entropy, so that "entropy" refuses it.
    missing : {"drop", "bin"}, default="drop"
        Whether a column is scored on its known rows (and not ranked where fewer than half of
        its values are known), or NaN is a bin of its own so that missingness can inform.

    Attributes
    ----------
    scores_ : ndarray of shape (n_features_in_,)
        Score of each column; 0 where it cannot be ranked.
    eligible_ : ndarray of shape (n_features_in_,), bool
        False for columns that fill one bin only or miss too many values. They come after all
        others, so that they are kept only if `k` asks for more columns than there are others.
    ranking_ : ndarray of shape (n_features_in_,), int
        Columns from best to worst. Equal scores: the larger variance first, then the lower
        index.
    n_bins_ : int
        Bins used.
    n_features_in_ : int
        Number of columns seen in `fit`.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Their names, where all are strings.

    Notes
    -----
    The multiplicity of a column is the number of ways in which its N samples can fill its
    bins, ``W = N! / prod(n_i!)``, and its entropy is ``ln W``. With the same bins it ranks
    columns almost as Shannon's entropy does: ``ln W / N`` tends to it. Likewise the adjusted
    gain is the finite-sample twin of adjusted mutual information, not new information.

    Entropy without labels measures spread: uniform noise scores highest, discrete clinical
    scores lowest, and everything depends on the bins. It can help only by discarding columns
    that are nearly constant. It is here for comparison with published work.

    The raw gain of an irrelevant column is minus the log-probability of its own table, not 0,
    and grows with its number of filled bins: it favours finely divided noise. Columns are
    scored one by one in either case: redundant ones are kept together.

    Fit the selector inside a `Pipeline`. Selected on all rows before cross-validation, 20 of
    2,000 columns of pure noise reach an AUC of 0.79 with 200 rows (two bins, logistic
    regression; 0.86 for columns selected by ANOVA F).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> y = np.repeat(["nevus", "melanoma"], 100)
    >>> X = rng.normal(size=(200, 50))
    >>> X[:, 7] += 2 * (y == "melanoma")
    >>> BoltzmannSelector(k=1).fit(X, y).get_support(indices=True).tolist()
    [7]
    """

    def __init__(
        self,
        k: int | float | str = 0.1,
        *,
        criterion: str = "adjusted",
        n_bins: int | str = "auto",
        binning: str = "quantile-range",
        missing: str = "drop",
    ):
        self.k = k
        self.criterion = criterion
        self.n_bins = n_bins
        self.binning = binning
        self.missing = missing

    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> Self:
        """Score and rank the columns.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Numbers; NaN is a missing value.
        y : array-like of shape (n_samples,), default=None
            Class labels. Ignored, and not needed, with ``criterion="entropy"``.

        Returns
        -------
        BoltzmannSelector
            The fitted selector.

        Raises
        ------
        ValueError
            If a parameter is out of range, a value is infinite, or there are fewer than two
            samples for each class.
        """
        self._check_parameters()
        values, classes, n_classes = self._check_data(X, y)
        self.n_bins_ = self._choose_n_bins(len(values), n_classes)
        codes = bin_columns(values, self.n_bins_, self.binning)
        tables = contingency_tables(codes, self.n_bins_ + 1, classes, n_classes or 1)
        known = tables[:, : self.n_bins_].sum(axis=(1, 2))
        if self.missing == "drop":
            tables = tables[:, : self.n_bins_]
        self.eligible_ = (tables.sum(axis=2) > 0).sum(axis=1) > 1
        if self.missing == "drop":
            self.eligible_ &= known >= _LEAST_KNOWN_SHARE * len(values)
        # Missing values, where they are counted, are one level more.
        n_levels = self.n_bins_ + (known < tables.sum(axis=(1, 2)))
        self.scores_ = np.where(self.eligible_, CRITERIA[self.criterion](tables, n_levels), 0.0)
        self.ranking_ = _rank(values, self.scores_, self.eligible_)
        if not isinstance(self.k, str) and self._n_kept() > self.n_features_in_:
            warnings.warn(
                f"k={self.k} is more than the {self.n_features_in_} columns: all are kept.",
                stacklevel=2,
            )
        return self

    def _get_support_mask(self) -> NDArray[np.bool_]:
        check_is_fitted(self)
        if isinstance(self.k, str):
            ranked = self.scores_[self.eligible_]
            least = _THRESHOLDS[self.k](ranked) if len(ranked) else np.inf
            return self.eligible_ & (self.scores_ >= least - _ROUNDING)
        mask = np.zeros(self.n_features_in_, dtype=bool)
        mask[self.ranking_[: self._n_kept()]] = True
        return mask

    def _n_kept(self) -> int:
        if isinstance(self.k, int | np.integer):
            return int(self.k)
        # 0.07 * 100 is 7.000000000000001, which must not become 8.
        return int(np.ceil(round(float(self.k) * self.n_features_in_, 9)))

    def _check_parameters(self) -> None:
        allowed: dict[str, Collection[str]] = {
            "criterion": CRITERIA,
            "binning": RULES,
            "missing": ("bin", "drop"),
        }
        for name, values in allowed.items():
            if getattr(self, name) not in values:
                raise ValueError(
                    f"`{name}` must be one of {sorted(values)}, got {getattr(self, name)!r}."
                )
        if self.criterion == "entropy" and self.binning == "equal-frequency":
            raise ValueError(
                "With binning='equal-frequency' every continuous column has the same entropy. "
                "Choose another `binning`, or criterion='adjusted'."
            )
        if not _is_count_rule(self.k):
            raise ValueError(
                f"`k` must be an int >= 1, a float in (0, 1], 'mean' or 'median', got {self.k!r}."
            )

    def _check_data(
        self, X: ArrayLike, y: ArrayLike | None
    ) -> tuple[NDArray, NDArray[np.intp], int | None]:
        """Check table and labels; give class codes and their number, None if they do not count."""
        checks: dict[str, Any] = {
            "dtype": [np.float64, np.float32],
            "ensure_all_finite": "allow-nan",
            "ensure_min_samples": 2,
        }
        if self.criterion == "entropy":
            values = validate_data(self, X, **checks)
            return values, np.zeros(len(values), dtype=np.intp), None
        values, given = validate_data(self, X, y, **checks)
        check_classification_targets(given)
        labels, classes = np.unique(given, return_inverse=True)
        if len(values) < 2 * len(labels):
            raise ValueError(
                f"{len(values)} samples are too few for {len(labels)} classes: two for each are "
                "needed on average. Add rows, merge classes, or use criterion='entropy'."
            )
        return values, classes, len(labels)

    def _choose_n_bins(self, n_samples: int, n_classes: int | None) -> int:
        n_bins = choose_n_bins(n_samples, n_classes, self.n_bins)
        reduced = not isinstance(self.n_bins, str) and n_bins < self.n_bins
        if n_samples < _FEW_SAMPLES or reduced:
            warnings.warn(
                f"{n_samples} samples allow {n_bins} bins only: scores are coarse.", stacklevel=3
            )
        return n_bins

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.target_tags.required = self.criterion != "entropy"
        return tags


def _adjusted(tables: NDArray[np.int64], n_levels: NDArray[np.intp]) -> Floats:
    return adjusted_boltzmann_gain(tables)


def _gain(tables: NDArray[np.int64], n_levels: NDArray[np.intp]) -> Floats:
    # A sample's share, so that columns with unequal numbers of known values compare.
    return boltzmann_gain(tables) / np.maximum(tables.sum(axis=(1, 2)), 1)


def _entropy(tables: NDArray[np.int64], n_levels: NDArray[np.intp]) -> Floats:
    return normalized_boltzmann_entropy(tables.sum(axis=2), n_levels)


CRITERIA = {"adjusted": _adjusted, "entropy": _entropy, "gain": _gain}
_THRESHOLDS: dict[str, Callable[[Floats], np.floating]] = {"mean": np.mean, "median": np.median}


def _is_count_rule(k: object) -> bool:
    if isinstance(k, str):
        return k in _THRESHOLDS
    if isinstance(k, int | np.integer):
        return not isinstance(k, bool) and bool(k >= 1)
    return isinstance(k, float | np.floating) and bool(0 < k <= 1)


def _rank(X: NDArray, scores: Floats, eligible: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Columns from best to worst, in an order that does not depend on that of the rows."""
    # A column and its mirror image differ by rounding only: that must not break their tie.
    scores = np.round(scores / _ROUNDING)
    _, level, occurrences = np.unique(scores, return_inverse=True, return_counts=True)
    tied = occurrences[level] > 1
    variances = np.zeros(len(scores))
    variances[tied] = _variances(X[:, tied])
    # lexsort is stable and sorts by its last key first: equals stay in column order.
    return np.lexsort((-variances, -scores, ~eligible))


def _variances(X: NDArray) -> Floats:
    """Variance of the known values of each column."""
    # Sums over sorted values round in the same way whatever the order of the rows.
    ordered = np.sort(X, axis=0)
    known = ~np.isnan(ordered)
    size = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, ordered, 0).sum(axis=0, dtype=np.float64) / size
    centred = np.where(known, ordered - mean, 0)
    return np.square(centred, dtype=np.float64).sum(axis=0) / size
