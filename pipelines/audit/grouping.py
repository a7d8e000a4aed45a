"""Rows that no split may separate: connected by patient, lesion, group or duplicate."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from pipelines.data import group_ids

__all__ = ["DUPLICATES", "connected_rows", "duplicate_sets"]

# Ways in which a pair is held to be one picture; looking alike to a network is none.
DUPLICATES = ("same file", "same picture", "mirrored", "turned", "same id")


def connected_rows(manifest: pd.DataFrame, pairs: pd.DataFrame) -> NDArray[np.int64]:
    """Give rows one number that are connected by patient, lesion, group or a pair of duplicates.

    Parameters
    ----------
    manifest : DataFrame of n rows
        With any of `patient`, `lesion` and `group`.
    pairs : DataFrame
        `row_a`, `row_b` and `how`; pairs found by embedding connect nothing.

    Returns
    -------
    ndarray of shape (n,), int64
        Numbered by first appearance.

    Examples
    --------
    >>> manifest = pd.DataFrame({"image": list("abcd"), "lesion": [1, 1, 2, 3]})
    >>> pairs = pd.DataFrame({"row_a": [1], "row_b": [2], "how": ["mirrored"]})
    >>> connected_rows(manifest, pairs)
    array([0, 0, 0, 1])
    """
    return _join(group_ids(manifest), pairs)


def duplicate_sets(n: int, pairs: pd.DataFrame) -> NDArray[np.int64]:
    """Give rows one number that are one picture, directly or through other rows."""
    return _join(np.arange(n), pairs)


def _join(ids: NDArray[np.int64], pairs: pd.DataFrame) -> NDArray[np.int64]:
    sure = pairs[pairs["how"].isin(DUPLICATES)]
    ends = ids[sure["row_a"].to_numpy(dtype=int)], ids[sure["row_b"].to_numpy(dtype=int)]
    n = int(ids.max(initial=-1)) + 1
    edges = coo_array((np.ones(len(sure), dtype=np.int8), ends), (n, n))
    _, component = connected_components(edges, directed=False)
    return pd.factorize(component[ids])[0].astype(np.int64)
