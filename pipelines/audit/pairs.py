"""Pairs of rows that show the same: by file, by picture, by embedding, by the publisher's id."""

import hashlib

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.neighbors import NearestNeighbors

from features.store import FeatureStore
from pipelines.audit.fingerprints import Fingerprints
from pipelines.audit.hashing import VIEWS, close_pairs
from pipelines.audit.verification import SAME_PICTURE, compare_pairs

__all__ = ["embedding_pairs", "file_pairs", "picture_pairs"]

_REQUEST = f"audit:pairs:2:{SAME_PICTURE}"
_N_NEIGHBOURS = 5


def file_pairs(prints: Fingerprints) -> pd.DataFrame:
    """Pair the first row of each file's bytes with every other row of the same bytes."""
    first, _ = _distinct(prints)
    later = np.setdiff1d(np.arange(len(prints.rows)), first)
    position = {prints.digests[i]: i for i in first}
    earlier = [position[prints.digests[i]] for i in later]
    return _table(prints.rows[earlier], prints.rows[later], "same file", 0.0)


def picture_pairs(
    prints: Fingerprints, store: FeatureStore, *, n_jobs: int | None = None
) -> pd.DataFrame:
    """Pair files that differ and show the same picture, mirrored and cropped ones too.

    Parameters
    ----------
    prints : Fingerprints
        Of n files.
    store : FeatureStore
        Keeps what was found of exactly these files.
    n_jobs : int, optional
        Threads, counted as joblib does.

    Returns
    -------
    DataFrame
        `row_a`, `row_b`, `how` and `distance`: 1 less the agreement in detail.
    """
    first, together = _distinct(prints)
    if store.missing(_REQUEST, [together]):
        close = close_pairs(prints.hashes[first], n_jobs=n_jobs)
        agreement = compare_pairs(prints.pictures[first], close)[:, 1]
        same = agreement >= SAME_PICTURE
        found = np.column_stack([close[same][:, :3], agreement[same]])
        store.add([(together, _REQUEST, found.ravel(), 0.0)])
    found = store.rows(_REQUEST, [together])[0].reshape(-1, 4)
    rows = prints.rows[first]
    i, j, view = found[:, :3].astype(int).T
    words = np.array([_word(*each) for each in VIEWS], dtype=object)
    return _table(rows[i], rows[j], words[view], 1 - found[:, 3])


def embedding_pairs(
    embeddings: NDArray[np.floating], rows: NDArray[np.int64], *, closeness: float = 0.5
) -> pd.DataFrame:
    """Pair rows whose embeddings are unusually close.

    Parameters
    ----------
    embeddings : ndarray of shape (n, d)
        A row an image.
    rows : ndarray of shape (n,), int64
        Positions in the manifest.
    closeness : float, default=0.5
        Pairs are kept whose cosine distance is below this share of the median distance to the
        nearest neighbour.

    Returns
    -------
    DataFrame
        `row_a`, `row_b`, `how` ("embedding") and `distance` (cosine).
    """
    n = len(rows)
    if n < 2:
        return _table(rows[:0], rows[:0], "embedding", 0.0)
    neighbours = NearestNeighbors(n_neighbors=min(_N_NEIGHBOURS, n - 1), metric="cosine")
    distance, found = neighbours.fit(embeddings).kneighbors()
    limit = closeness * float(np.median(distance[:, 0]))
    i, k = np.nonzero(distance <= limit)
    table = _table(rows[i], rows[found[i, k]], "embedding", distance[i, k])
    return table.drop_duplicates(["row_a", "row_b"], ignore_index=True)


def _word(mirrored: bool, upside_down: bool, transposed: bool) -> str:
    """Name a view: an odd number of mirrors is a mirror image, an even one a turn."""
    if not (mirrored or upside_down or transposed):
        return "same picture"
    return "mirrored" if (mirrored + upside_down + transposed) % 2 else "turned"


def _distinct(prints: Fingerprints) -> tuple[NDArray[np.int64], str]:
    """Positions of the first row of each file's bytes, and one digest of them all."""
    digests = pd.Series(prints.digests, dtype="str")
    first = np.flatnonzero(~digests.duplicated())
    together = hashlib.sha256("".join(digests.iloc[first]).encode()).hexdigest()
    return first, together


def _table(left, right, how, distance) -> pd.DataFrame:
    """Pairs with the earlier row first."""
    table = pd.DataFrame(
        {
            "row_a": np.minimum(left, right).astype(np.int64),
            "row_b": np.maximum(left, right).astype(np.int64),
        }
    )
    table["how"] = pd.Series(how, index=table.index, dtype="str")
    table["distance"] = pd.Series(distance, index=table.index, dtype=float)
    return table
