"""Selection among most columns, while some blocks stay, and missing values too."""

from collections.abc import Sequence
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, clone
from sklearn.feature_selection import SelectorMixin
from sklearn.impute import SimpleImputer
from sklearn.utils import Tags, get_tags
from sklearn.utils.metadata_routing import MetadataRouter
from sklearn.utils.validation import check_is_fitted, validate_data

from fusion.blocks import column_blocks
from fusion.delegation import fit_router
from fusion.fitting import fit_with_groups


class SelectBeside(SelectorMixin, BaseEstimator):
    """Select among all columns but those of some blocks, which stay.

    A network's few logits, or three columns of metadata, would have to beat hundreds of
    descriptors to be kept. Values are passed on as they are: a selector that takes no missing ones
    sees the medians of the training rows in their place, and what comes after sees the holes.

    Parameters
    ----------
    selector : selector
        Has `fit` and `get_support`. Cloned.
    blocks : sequence of str, default=()
        Blocks whose columns, named ``block__feature``, stay. Without names of columns none does.

    Attributes
    ----------
    selector_ : selector or None
        Fitted on the other columns; None where there are none.
    offered_ : ndarray of shape (n_features_in_,), bool
        Columns that it chose from.
    n_features_in_ : int
        Number of columns seen in `fit`.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Their names, where all are strings.

    Examples
    --------
    >>> from fusion import BoltzmannSelector
    >>> rng = np.random.default_rng(0)
    >>> y = np.repeat(["melanoma", "nevus"], 50)
    >>> table = pd.DataFrame(
    ...     rng.normal(size=(100, 3)), columns=["hog__0", "hog__1", "metadata__age"]
    ... )
    >>> table["hog__1"] += 3 * (y == "nevus")
    >>> fitted = SelectBeside(BoltzmannSelector(k=1), ["metadata"]).fit(table, y)
    >>> fitted.get_feature_names_out().tolist()
    ['hog__1', 'metadata__age']
    """

    __metadata_request__fit: ClassVar[dict[str, bool]] = {"groups": True}

    def __init__(self, selector: Any, blocks: Sequence[str] = ()):
        self.selector = selector
        self.blocks = blocks

    def fit(self, X: Any, y: Any = None, groups: ArrayLike | None = None) -> Self:
        """Fit the selector on the columns that are to be chosen from.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, n_features)
            Numbers; NaN is a missing value.
        y : array-like of shape (n_samples,)
            Class labels.
        groups : array-like of shape (n_samples,), optional
            Rows that no split may tear apart, for a selector that splits.

        Returns
        -------
        SelectBeside
            The fitted selector.
        """
        table = validate_data(
            self, X, dtype=[np.float64, np.float32], ensure_all_finite="allow-nan"
        )
        names = getattr(self, "feature_names_in_", None)
        of_column = np.array(column_blocks(names, self.n_features_in_), dtype=object)
        self.offered_ = ~np.isin(of_column, list(self.blocks))
        self.selector_ = None
        if self.offered_.any():
            offered = self._offer(table, names)
            self.selector_ = fit_with_groups(clone(self.selector), offered, y, groups)
        return self

    def _offer(self, table: NDArray, names: NDArray[np.object_] | None) -> Any:
        """Columns to choose from, named as before, and without NaN where the selector minds it."""
        offered = table[:, self.offered_]
        if not get_tags(self.selector).input_tags.allow_nan:
            fill = SimpleImputer(strategy="median", keep_empty_features=True)
            offered = fill.fit_transform(offered)
        return offered if names is None else pd.DataFrame(offered, columns=names[self.offered_])

    def get_metadata_routing(self) -> MetadataRouter:
        """Metadata that this estimator uses, and passes to the `fit` of its selector."""
        return fit_router(self, selector=self.selector)

    def _get_support_mask(self) -> NDArray[np.bool_]:
        check_is_fitted(self, "selector_")
        kept = ~self.offered_
        if self.selector_ is not None:
            kept[self.offered_] = self.selector_.get_support()
        return kept

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.target_tags.required = get_tags(self.selector).target_tags.required
        return tags
