"""An external test set in the place of folds: joined with what is trained on, and split off."""

import logging
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from pipelines.audit import audit, group
from pipelines.audit.identifiers import known_overlaps
from pipelines.audit.linking import SHARED, linked_rows
from pipelines.data import combine, group_ids
from pipelines.data.grouping import group_of
from pipelines.evaluation import Protocol, Split
from pipelines.evaluation.design.protocol import external_split
from pipelines.events import Event

_LOGGER = logging.getLogger(__name__)

Splitting = Callable[[pd.DataFrame, np.ndarray], list[Split]]


def join_test(
    manifest: pd.DataFrame, test: pd.DataFrame, *, n_jobs: int | None = None
) -> pd.DataFrame:
    """Put an external test set behind what is trained on.

    Parameters
    ----------
    manifest, test : DataFrame
        One row an image.
    n_jobs : int, optional
        Threads that read files.

    Returns
    -------
    DataFrame
        Rows of both, told apart by `dataset`, "training" or "test". Ids of patients, lesions and
        groups of the two do not meet, as `combine` joins them; but `group` connects what
        `linked_rows` finds in both, and every row that hangs together with it.

    Raises
    ------
    ValueError
        If the test set has classes that the other lacks.

    Warns
    -----
    UserWarning
        If one data set is known to hold images of the other and the two were not audited
        together: resized copies would go unseen.
    """
    unknown = sorted(set(test["label"]) - set(manifest["label"]))
    if unknown:
        raise ValueError(
            f"The test data set has classes that cannot be learned from the other: {unknown}. "
            "Bring both to the same ones with `harmonize`."
        )
    both = combine({"training": manifest, "test": test})
    both.attrs |= {name: manifest.attrs.get(name) for name in ("dataset", "partial", "leaks")}
    linked, tested = linked_rows(both, n_jobs=n_jobs), (both["dataset"] == "test").to_numpy()
    in_both = np.isin(linked, linked[tested]) & np.isin(linked, linked[~tested])
    if in_both.any():
        own = both["group"] if "group" in both else pd.Series(None, index=both.index, dtype="str")
        both["group"] = own.mask(in_both, "both:" + pd.Series(linked).astype("str"))
        both.attrs["group_of"] = group_of(manifest, test, found=True)
    n_shared = int((in_both & ~tested).sum())
    _LOGGER.info(Event("test set joined", left_out_of_training=n_shared, tested=int(tested.sum())))
    _warn_of_copies(manifest, test, n_shared)
    return both


def audit_with_test(
    manifest: pd.DataFrame, test: pd.DataFrame, **options: Any
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Audit an external test set and what is trained on as one.

    Parameters
    ----------
    manifest, test : DataFrame
        One row an image.
    **options
        Of `pipelines.audit.audit`.

    Returns
    -------
    tuple of two DataFrame
        The same rows with the columns `group` and `shared`, both the audit's groups: by the second
        `join_test` connects copies that are no longer the same file. `attrs["leaks"]` of the
        first lists the findings.
    """
    names = [str(table.attrs.get("dataset") or "") for table in (manifest, test)]
    if "" in names or names[0] == names[1]:
        names = ["training", "test"]
    both = combine(dict(zip(names, (manifest, test), strict=True)))
    grouped = group(both, audit(both, **options))
    ids = grouped["group"].to_numpy()
    parts = []
    for table, own in ((manifest, ids[: len(manifest)]), (test, ids[len(manifest) :])):
        part = table.assign(**{"group": own, SHARED: own})
        part.attrs = dict(table.attrs) | {"group_of": group_of(table, found=True)}
        parts.append(part)
    parts[0].attrs["leaks"] = grouped.attrs["leaks"]
    return parts[0], parts[1]


def splitting(protocol: Protocol, n_train: int | None, random_state: int) -> Splitting:
    """Make the function that splits images.

    Parameters
    ----------
    protocol : Protocol
        Its rules.
    n_train : int or None
        With an external test set, the number of rows before it; else None.
    random_state : int
        Seed.

    Returns
    -------
    callable
        Takes the manifest of images that were kept and their numbers among all; returns their
        splits.

    Raises
    ------
    ValueError
        If an external test set comes with rules for another kind of split. The function raises
        one if the manifest does not allow what is asked for.
    """
    if n_train is None:
        return lambda used, kept: protocol.splits(used, random_state)
    protocol.check()
    if protocol.by != "groups" or protocol.test_folds is not None:
        raise ValueError(
            "A test data set takes the place of folds: leave `by` and `test_folds` as they are, "
            f"got by={protocol.by!r} and test_folds={protocol.test_folds!r}."
        )
    return lambda used, kept: [_split_off(used, int((kept < n_train).sum()))]


def _split_off(used: pd.DataFrame, n_train: int) -> Split:
    split = external_split(n_train, group_ids(used))
    labels = used["label"].to_numpy()
    lost = sorted(set(labels[split.test]) - set(labels[split.train]))
    if lost:
        raise ValueError(
            f"The test data set has {n_train - len(split.train)} of {n_train} training images too. "
            f"Without them there is none of {lost} to learn from. Train on other images, or test "
            "others."
        )
    return split


def _warn_of_copies(manifest: pd.DataFrame, test: pd.DataFrame, n_shared: int) -> None:
    """Say that copies may be left where two data sets are known to overlap."""
    names = pd.Series([table.attrs.get("dataset", "unknown") for table in (manifest, test)])
    if known_overlaps(names) and not (SHARED in manifest and SHARED in test):
        warnings.warn(
            f"{names[0]} and {names[1]} are known to have images in common. {n_shared} training "
            "images were found in the test set by file and id and left out; resized copies are "
            "only found by auditing both together (--audit).",
            UserWarning,
            stacklevel=4,
        )
