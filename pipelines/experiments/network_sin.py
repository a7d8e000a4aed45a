"""A fine-tuned network's embedding of the rows it was trained on, as columns."""

from collections.abc import Sequence
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from fusion import fit_with_groups
from pipelines.cnn.image_side import EMBEDDING
from pipelines.cnn.seeding import clone_with_seed


class FineTunedColumns(TransformerMixin, BaseEstimator):
    """Saved columns, and the embedding of a network that is fine-tuned in `fit`.

    Rows seen in `fit` are embedded by the network that was trained on them, as most papers do.
    Inside a fold that costs accuracy, since a classifier learns from embeddings more clear-cut
    than those of new rows; outside the folds it gives test labels away.

    Parameters
    ----------
    network : classifier of manifests
        Has `embed`, such as a `CNNClassifier`. Cloned.
    columns : sequence of str
        Columns of the manifest that come first.
    random_state : int, RandomState instance or None, default=None
        Seed of the network.

    Attributes
    ----------
    network_ : classifier
        The fitted network.
    names_ : list of str
        Names of the columns given, then ``cnn_embedding__i``.
    """

    __metadata_request__fit: ClassVar[dict[str, bool]] = {"groups": True}

    learns: ClassVar[bool] = True

    def __init__(
        self,
        network: Any,
        columns: Sequence[str],
        *,
        random_state: int | np.random.RandomState | None = None,
    ):
        self.network = network
        self.columns = columns
        self.random_state = random_state

    def fit(self, X: pd.DataFrame, y: ArrayLike, groups: ArrayLike | None = None) -> Self:
        """Fine-tune the network.

        Parameters
        ----------
        X : DataFrame of n rows
            A manifest with the columns.
        y : array-like of shape (n,)
            Labels.
        groups : array-like of shape (n,), optional
            Rows that belong together.

        Returns
        -------
        FineTunedColumns
            Fitted.
        """
        network = clone_with_seed(self.network, check_random_state(self.random_state))
        self.network_ = fit_with_groups(network, X, y, groups)
        width = self.network_.embed(X.iloc[:1]).shape[1]
        self.names_ = [*self.columns, *(f"{EMBEDDING}__{i}" for i in range(width))]
        return self

    def transform(self, X: pd.DataFrame) -> pd.DataFrame:
        """Take the columns and embed the images.

        Parameters
        ----------
        X : DataFrame of n rows
            A manifest with the columns.

        Returns
        -------
        DataFrame of shape (n, n_columns)
            Columns as in `names_`.
        """
        check_is_fitted(self)
        embedding = np.asarray(self.network_.embed(X), dtype=np.float32)
        saved = X[list(self.columns)].to_numpy(np.float32)
        return pd.DataFrame(np.hstack([saved, embedding]), index=X.index, columns=self.names_)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Names of the columns."""
        check_is_fitted(self)
        return np.array(self.names_, dtype=object)
