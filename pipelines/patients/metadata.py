"""Age, sex and site of a patient as columns, and which of them are missing."""

import warnings
from collections.abc import Sequence
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import is_bool_dtype, is_numeric_dtype
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from features.extraction import View

# What a manifest may know of a patient, and of where a lesion is.
METADATA_COLUMNS = ("age", "sex", "site")
# Words by which tables say that they do not know; HAM10000 has "unknown".
MISSING_WORDS = ("", "na", "n/a", "nan", "unknown", "unk")


def missing_values(values: pd.Series) -> NDArray[np.bool_]:
    """Tell which values are missing, or are words that say so.

    Parameters
    ----------
    values : Series of n rows
        A column of a manifest.

    Returns
    -------
    ndarray of shape (n,), bool
        Case and blanks do not matter.

    Examples
    --------
    >>> missing_values(pd.Series(["female", "Unknown", None, " "])).tolist()
    [False, True, True, True]
    """
    words = values.astype("str").str.strip().str.lower()
    return (values.isna() | words.isin(MISSING_WORDS)).to_numpy(dtype=bool)


class _ManifestColumns(TransformerMixin, BaseEstimator):
    """Base of what reads columns of a manifest and looks at no image."""

    block: ClassVar[str]
    # With the others', so that nothing is read for this alone.
    store: ClassVar[str] = "memory"

    columns: Sequence[str] | None

    def image_parts(self) -> dict[str, tuple[Any, View]]:
        """List what is asked of an image: nothing."""
        return {}

    def columns_in(self, X: Any) -> list[str]:
        """Tell which columns are read: those asked for, or those of the usual ones that are there.

        Parameters
        ----------
        X : manifest (DataFrame)
            One row an image.

        Returns
        -------
        list of str
            At least one.

        Raises
        ------
        ValueError
            If the manifest lacks a column.
        """
        present = list(_manifest(X).columns)
        if self.columns is None:
            asked = [name for name in METADATA_COLUMNS if name in present]
            wanted = f"any of {list(METADATA_COLUMNS)}"
        else:
            asked = list(self.columns)
            wanted = f"all of {asked}"
        if not asked or not set(asked) <= set(present):
            raise ValueError(
                f"{type(self).__name__} needs a manifest with {wanted}, got the columns {present}. "
                "Rename those it has, or name them with `columns`."
            )
        return asked

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.string = True
        return tags


class PatientMetadata(_ManifestColumns):
    """Age, sex, site and the like, as numbers.

    A column of numbers keeps its values; a missing one becomes the median of the training rows. A
    column of words becomes one column a word seen in `fit`; other words are none of them. Each also
    has a column that says whether its value is missing.

    Never a part of the default fusion: in public data sets the missing values alone can give the
    label away. Run a `Missingness` model beside it.

    Parameters
    ----------
    columns : sequence of str, default=None
        Columns of the manifest; those of age, sex and site that it has by default.

    Attributes
    ----------
    columns_ : list of str
        Columns that are read. Where later rows lack one, it is missing.
    medians_ : dict of str to float
        Median of each column of numbers, 0 where none is known.
    words_ : dict of str to list of str
        Words of each other column, sorted, in lower case.

    Examples
    --------
    >>> lesions = pd.DataFrame({"age": [40.0, None, 60.0], "sex": ["female", "male", "unknown"]})
    >>> PatientMetadata().set_output(transform="pandas").fit_transform(lesions).T
                              0     1     2
    metadata__age          40.0  50.0  60.0
    metadata__age_missing   0.0   1.0   0.0
    metadata__sex=female    1.0   0.0   0.0
    metadata__sex=male      0.0   1.0   0.0
    metadata__sex_missing   0.0   0.0   1.0
    """

    block = "metadata"
    # Each fold of a cross-validation needs a fit of its own.
    learns: ClassVar[bool] = True

    def __init__(self, columns: Sequence[str] | None = None):
        self.columns = columns

    def fit(self, X: pd.DataFrame, y: Any = None) -> Self:
        """Learn medians and words.

        Parameters
        ----------
        X : manifest (DataFrame)
            With the columns.
        y : None
            Ignored.

        Returns
        -------
        PatientMetadata
            The fitted transformer.

        Raises
        ------
        ValueError
            If the manifest lacks a column.
        """
        self.columns_ = self.columns_in(X)
        self.medians_, self.words_ = {}, {}
        for name in self.columns_:
            known = X[name][~missing_values(X[name])]
            if is_numeric_dtype(X[name]) and not is_bool_dtype(X[name]):
                self.medians_[name] = float(known.median()) if len(known) else 0.0
            else:
                self.words_[name] = sorted(set(_words(known)))
        return self

    def transform(self, X: Any) -> NDArray[np.float32]:
        """Turn the columns of a manifest into numbers.

        Parameters
        ----------
        X : manifest (DataFrame), or images without one
            Any number of rows.

        Returns
        -------
        ndarray of shape (n, n_columns), float32
            No NaN.

        Warns
        -----
        UserWarning
            If the manifest lacks a column that was there in `fit`.
        """
        check_is_fitted(self)
        absent = [name for name in self.columns_ if name not in getattr(X, "columns", ())]
        if absent:
            warnings.warn(
                f"The model knows {', '.join(self.columns_)}; these images come without "
                f"{', '.join(absent)}. Medians of its training rows stand in for numbers.",
                UserWarning,
                stacklevel=2,
            )
        read = []
        for name in self.columns_:
            values = _column(X, name)
            missing = missing_values(values)
            if name in self.medians_:
                known = values.where(~missing)
                read.append(_numbers(known, name).fillna(self.medians_[name]).to_numpy())
            else:
                words = _words(values)
                read += [(words == word) & ~missing for word in self.words_[name]]
            read.append(missing)
        return np.column_stack(read).astype(np.float32)

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Column names: ``metadata__age``, ``metadata__sex=male``, ``metadata__sex_missing``."""
        check_is_fitted(self)
        names = []
        for name in self.columns_:
            words = [f"{name}={word}" for word in self.words_.get(name, [])]
            names += [*(words if name in self.words_ else [name]), f"{name}_missing"]
        return np.array([f"{self.block}__{name}" for name in names], dtype=object)


class Missingness(_ManifestColumns):
    """Which metadata are missing, and nothing else: the control of any model of them.

    Parameters
    ----------
    columns : sequence of str, default=None
        Columns of the manifest; those of age, sex and site that it has by default. Name those that
        the model under control uses.

    Attributes
    ----------
    columns_ : list of str
        Columns that are read. Where later rows lack one, it is missing.

    Examples
    --------
    >>> lesions = pd.DataFrame({"age": [40.0, None, 60.0], "sex": ["female", "male", "unknown"]})
    >>> Missingness().fit_transform(lesions).tolist()
    [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]
    """

    block = "missing"

    def __init__(self, columns: Sequence[str] | None = None):
        self.columns = columns

    def fit(self, X: pd.DataFrame, y: Any = None) -> Self:
        """Note the columns.

        Parameters
        ----------
        X : manifest (DataFrame)
            With the columns.
        y : None
            Ignored.

        Returns
        -------
        Missingness
            The fitted transformer.

        Raises
        ------
        ValueError
            If the manifest lacks a column.
        """
        self.columns_ = self.columns_in(X)
        return self

    def transform(self, X: Any) -> NDArray[np.float32]:
        """Tell what is missing.

        Parameters
        ----------
        X : manifest (DataFrame), or images without one
            Any number of rows.

        Returns
        -------
        ndarray of shape (n, n_columns), float32
            1 where the value is missing, else 0.
        """
        check_is_fitted(self)
        missing = [missing_values(_column(X, name)) for name in self.columns_]
        return np.column_stack(missing).astype(np.float32)

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Column names, ``missing__age`` and so on."""
        check_is_fitted(self)
        return np.array([f"{self.block}__{name}" for name in self.columns_], dtype=object)


def _manifest(X: Any) -> pd.DataFrame:
    if not isinstance(X, pd.DataFrame):
        raise TypeError(f"Expected a manifest (a pandas DataFrame), got {type(X).__name__}.")
    return X


def _column(X: Any, name: str) -> pd.Series:
    """Read a column; all missing where there is none, as for bare images."""
    if isinstance(X, pd.DataFrame) and name in X.columns:
        return X[name].reset_index(drop=True)
    return pd.Series(np.full(len(X), np.nan))


def _words(values: pd.Series) -> pd.Series:
    return values.astype("str").str.strip().str.lower()


def _numbers(values: pd.Series, name: str) -> pd.Series:
    try:
        return pd.to_numeric(values).astype(np.float64)
    except (TypeError, ValueError) as exc:
        raise ValueError(
            f"The model knows `{name}` as numbers, but this manifest has other values: {exc}."
        ) from exc
