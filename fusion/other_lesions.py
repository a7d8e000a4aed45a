"""A lesion among the other lesions of its patient."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import coo_array
from sklearn.utils.validation import column_or_1d

Floats = NDArray[np.float64]


class Relation(NamedTuple):
    """Which lesion and patient each row is of, by number.

    Attributes
    ----------
    lesion : ndarray of shape (n_samples,), int
        From 0; a lesion belongs to one patient.
    patient : ndarray of shape (n_lesions,), int
        Of each lesion, from 0.
    """

    lesion: NDArray[np.intp]
    patient: NDArray[np.intp]

    @property
    def n_others(self) -> NDArray[np.intp]:
        """Number of the patient's other lesions, of each lesion."""
        return np.bincount(self.patient)[self.patient] - 1


def relate(
    n_samples: int, patients: ArrayLike | None = None, lesions: ArrayLike | None = None
) -> Relation:
    """Give lesions and patients numbers.

    Parameters
    ----------
    n_samples : int
        Number of rows.
    patients : array-like of shape (n_samples,), default=None
        Patient of each row; who is missing, or all if None, has this one lesion only.
    lesions : array-like of shape (n_samples,), default=None
        Lesion of each row; one that is missing, or each row if None, is a lesion of its own. Equal
        names of different patients are different lesions.

    Returns
    -------
    Relation
        Lesions in order of appearance.

    Examples
    --------
    >>> relate(4, ["a", "a", "a", None], [1, 1, 2, 1])
    Relation(lesion=array([0, 0, 1, 2]), patient=array([0, 0, 1]))
    """
    keys = [_numbers(values, n_samples) for values in (lesions, patients)]
    lesion, _ = pd.factorize(keys[0] * (2 * n_samples + 1) + keys[1])
    first = np.unique(lesion, return_index=True)[1]
    return Relation(lesion, pd.factorize(keys[1][first])[0])


def differences_to_others(table: Floats, relation: Relation) -> Floats:
    """Subtract from each row the mean of the patient's other lesions.

    Parameters
    ----------
    table : ndarray of shape (n_samples, n_features)
        NaN does not count.
    relation : Relation
        Of the rows.

    Returns
    -------
    ndarray of shape (n_samples, n_features)
        Each other lesion counts once, by the mean of its rows. 0 where there is no other lesion,
        or nothing known of it or of the row.
    """
    own, known = _means(table, relation.lesion)
    others = _sums(known, relation.patient)[relation.patient] - known
    total = _sums(own, relation.patient)[relation.patient] - own
    mean = total / np.maximum(others, 1)
    difference = table - mean[relation.lesion]
    return np.where(np.isnan(difference) | (others[relation.lesion] == 0), 0.0, difference)


def rank_among_others(values: Floats, relation: Relation) -> Floats:
    """Place of each lesion among those of its patient.

    Parameters
    ----------
    values : ndarray of shape (n_samples,)
        One number a row; of several rows of a lesion the mean counts.
    relation : Relation
        Of the rows.

    Returns
    -------
    ndarray of shape (n_samples,)
        Share of the patient's other lesions that are below, minus those above, in [-1, 1]; 0
        for the only lesion.
    """
    # Two lesions are equally far from each other: rounding must not tell them apart.
    own = _means(values[:, None], relation.lesion)[0][:, 0].round(9)
    by_patient = pd.Series(own).groupby(relation.patient)
    least, most = (by_patient.rank(method=method).to_numpy() for method in ("min", "max"))
    # Below are least - 1 of them, above n_others + 1 - most.
    place = (least + most - 2 - relation.n_others) / np.maximum(relation.n_others, 1)
    return place[relation.lesion]


def _numbers(values: ArrayLike | None, n_samples: int) -> NDArray[np.intp]:
    """Equal numbers for equal values, a number of its own for each missing one."""
    alone = n_samples + np.arange(n_samples)
    if values is None:
        return alone
    codes = pd.factorize(column_or_1d(values))[0]
    if len(codes) != n_samples:
        raise ValueError(f"Expected one value for each of {n_samples} rows, got {len(codes)}.")
    return np.where(codes < 0, alone, codes)


def _means(table: Floats, code: NDArray[np.intp]) -> tuple[Floats, Floats]:
    """Mean of the known values in the rows of each code, 0 where none is; and whether one is."""
    known = ~np.isnan(table)
    count = _sums(known.astype(np.float64), code)
    return _sums(np.where(known, table, 0), code) / np.maximum(count, 1), np.minimum(count, 1)


def _sums(table: Floats, code: NDArray[np.intp]) -> Floats:
    """Sum of the rows of each code, shape (n_codes, n_features)."""
    rows = np.arange(len(code))
    return coo_array((np.ones(len(code)), (code, rows))).tocsr() @ table
