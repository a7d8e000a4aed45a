"""Look for what makes a score on a data set wrong."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features import CNNEmbedding
from features.extraction import extract
from features.preparation.lesion_view import Preparation
from features.store import FeatureStore, open_store
from pipelines.audit.file_facts import facts_table
from pipelines.audit.findings import findings_table, list_findings
from pipelines.audit.fingerprints import Fingerprints, take_fingerprints
from pipelines.audit.giveaways import give_aways
from pipelines.audit.grouping import connected_rows
from pipelines.audit.identifiers import id_pairs, image_ids
from pipelines.audit.pairs import embedding_pairs, file_pairs, picture_pairs
from pipelines.audit.result import Audit
from pipelines.data import validate_manifest

__all__ = ["audit"]


def audit(
    manifest: pd.DataFrame,
    *,
    embeddings: NDArray[np.floating] | str | None = None,
    store: FeatureStore | str | Path | None = "memory",
    n_jobs: int | None = None,
    random_state: int = 0,
    progress: bool = False,
) -> Audit:
    """Look for duplicates, torn groups, shared images and give-aways.

    Parameters
    ----------
    manifest : DataFrame of n rows
        With `image`; `label`, `lesion`, `patient`, `group`, `split`, `dataset` and `image_id` are
        used as far as they are there. Several data sets are audited together, as
        `pipelines.data.combine` joins them.
    embeddings : ndarray of shape (n, d) or str, optional
        A vector an image, or the name of a backbone that makes them: pairs that look alike are
        then listed too. None looks at files, pictures and ids alone.
    store : FeatureStore, {"memory", None} or path-like, default="memory"
        Where fingerprints are kept, about 4.6 KB an image; a path makes the next audit quick.
    n_jobs : int, optional
        Threads, counted as joblib does.
    random_state : int, default=0
        Of the folds and the bootstrap behind give-aways.
    progress : bool, default=False
        Show images per second on standard error.

    Returns
    -------
    Audit
        Findings, pairs, columns and files. An image that cannot be read is a finding, no error.

    Raises
    ------
    TypeError, ValueError
        If the manifest has no rows or no column `image`, or embeddings are of another length.

    Notes
    -----
    Copies are found by `imagehash`'s perceptual hash in eight views (mirrored and turned) and six
    crops, and kept only if the two pictures, laid over each other, agree in fine detail. Changes
    of size, proportions, compression, brightness and contrast, and crops down to about nine
    tenths of a side, are found. Two photographs of one lesion from one sitting may agree as well,
    and then count as the same picture; others are found only if embeddings show them. Comparing
    takes time with the square of the number of images: half a minute of one core for 10,000, an
    hour for 100,000.

    Examples
    --------
    >>> import tempfile
    >>> from pipelines.data import make_lesions
    >>> lesions = make_lesions(12, random_state=0, root=tempfile.mkdtemp())
    >>> twice = pd.concat([lesions, lesions.head(1)], ignore_index=True)
    >>> audit(twice).pairs[["row_a", "row_b", "how"]].to_dict("list")
    {'row_a': [0], 'row_b': [12], 'how': ['same file']}
    """
    validate_manifest(manifest, labels=False)
    manifest = manifest.reset_index(drop=True)
    kept = open_store(store)
    prints = take_fingerprints(
        list(manifest["image"]), store=kept, n_jobs=n_jobs, progress=progress
    )
    found = [
        file_pairs(prints),
        picture_pairs(prints, kept, n_jobs=n_jobs),
        id_pairs(manifest, image_ids(manifest)),
    ]
    if embeddings is not None:
        vectors = _embed(manifest.iloc[prints.rows], embeddings, prints, kept, n_jobs, progress)
        found.append(embedding_pairs(vectors, prints.rows))
    pairs = _describe_pairs(manifest, pd.concat(found, ignore_index=True))
    files = _files(manifest, prints)
    if "label" in manifest.columns:
        groups = connected_rows(manifest, pairs)
        columns = give_aways(manifest, files, groups, random_state=random_state)
    else:
        columns = give_aways(manifest.assign(label=None), files, np.arange(len(manifest)))
    findings = findings_table(list_findings(manifest, pairs, columns, prints.failures))
    return Audit(findings, pairs, columns, files, list(manifest["image"].astype(str)))


def _embed(
    manifest: pd.DataFrame,
    embeddings: NDArray[np.floating] | str,
    prints: Fingerprints,
    store: FeatureStore,
    n_jobs: int | None,
    progress: bool,
) -> NDArray[np.floating]:
    """Vectors of the rows that could be read."""
    if isinstance(embeddings, str):
        network = CNNEmbedding(embeddings)
        parts: dict[str, Any] = {"embedding": (network, network.view(Preparation()))}
        found = extract(manifest, parts, store=store, n_jobs=n_jobs, progress=progress)
        return found.values["embedding"]
    vectors = np.asarray(embeddings)
    n = len(prints.rows) + len(prints.failures)
    if vectors.ndim != 2 or len(vectors) != n:
        raise ValueError(
            f"Expected embeddings of shape ({n}, d), a row an image of the manifest, got "
            f"{vectors.shape}."
        )
    return vectors[prints.rows]


def _describe_pairs(manifest: pd.DataFrame, pairs: pd.DataFrame) -> pd.DataFrame:
    """Say of each pair what its rows have in common; the surest word on a pair stays."""
    pairs = pairs.drop_duplicates(["row_a", "row_b"], ignore_index=True)
    one, other = (manifest.iloc[pairs[name]].reset_index(drop=True) for name in ("row_a", "row_b"))
    pairs = pairs.assign(image_a=one["image"], image_b=other["image"])
    for column in ("label", "lesion", "patient"):
        pairs[f"same_{column}"] = _same(one, other, column)
    pairs["same_label"] = pairs["same_label"].where(_one_vocabulary(manifest, one, other))
    for column, name in (("split", "splits"), ("dataset", "datasets")):
        pairs[name] = _both(one, other, column)
    order = ["row_a", "row_b", "image_a", "image_b", "how", "distance"]
    return pairs[[*order, *(name for name in pairs.columns if name not in order)]]


def _same(one, other, column):
    """Whether two rows agree in a column; missing where either is unknown."""
    if column not in one.columns:
        return pd.Series(pd.NA, index=one.index, dtype="boolean")
    known = one[column].notna() & other[column].notna()
    return (one[column] == other[column]).astype("boolean").where(known)


def _one_vocabulary(manifest, one, other):
    """Whether both labels of each pair are words of both data sets, and so can be compared."""
    if not {"label", "dataset"} <= set(manifest.columns):
        return np.ones(len(one), dtype=bool)
    words = set(zip(manifest["dataset"], manifest["label"], strict=True))
    crossed = [
        *zip(one["dataset"], other["label"], strict=True),
        *zip(other["dataset"], one["label"], strict=True),
    ]
    known = np.array([entry in words for entry in crossed], dtype=bool).reshape(2, -1)
    return known.all(axis=0)


def _both(one, other, column):
    """Name the value that two rows share in a column, or both in the order of the alphabet."""
    if column not in one.columns:
        return pd.Series(None, index=one.index, dtype="str")
    left, right = (table[column].astype("str").fillna("unknown") for table in (one, other))
    low, high = left.where(left <= right, right), right.where(left <= right, left)
    return low.where(low == high, low + " | " + high)


def _files(manifest: pd.DataFrame, prints: Fingerprints) -> pd.DataFrame:
    """Facts of every row's file, missing where it could not be read."""
    table = facts_table(prints.facts).assign(sha256=prints.digests)
    table.index = pd.Index(prints.rows)
    return table.reindex(manifest.index)
