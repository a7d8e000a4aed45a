"""Manifests without duplicates, or with groups that hold them together."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from pipelines.audit.auditing import audit as run_audit
from pipelines.audit.grouping import DUPLICATES, connected_rows, duplicate_sets
from pipelines.audit.result import Audit
from pipelines.data.grouping import group_of

__all__ = ["deduplicate", "group"]

_TEST_FIRST = ("test", "val", "validation", "train", "training")


def deduplicate(
    manifest: pd.DataFrame,
    audit: Audit | None = None,
    *,
    prefer: Sequence[str] = _TEST_FIRST,
    conflicts: str = "drop",
) -> pd.DataFrame:
    """Keep one row of every picture.

    Parameters
    ----------
    manifest : DataFrame of n rows
        As audited.
    audit : Audit, optional
        Of this manifest; None makes one.
    prefer : sequence of str, default=("test", "val", "validation", "train", "training")
        Splits of which a row is kept first, where copies are in several. The test part comes
        first, so that it stays as published and scores on it stay comparable; give
        ("train", "val", "test") to learn from all there is instead. A data set's own order of
        rows decides between splits that are not named.
    conflicts : {"drop", "keep"}, default="drop"
        What to do about a picture with several labels: remove all its rows, since nobody knows
        which is right, or keep the better one as if they agreed.

    Returns
    -------
    DataFrame
        Rows of `manifest`, their order and index kept. `attrs["removed"]` lists the others as
        dicts with `row` (position), `file`, `kept` (the file that stands for it, or None) and
        `reason`.

    Raises
    ------
    ValueError
        If the audit is of another manifest, or `conflicts` is unknown.

    Notes
    -----
    Within a split the picture of most pixels is kept, then the larger file, then the earlier row.
    Only pairs by file, picture or id count; pairs found by embedding remove nothing.
    """
    if conflicts not in ("drop", "keep"):
        raise ValueError(f"`conflicts` must be 'drop' or 'keep', got {conflicts!r}.")
    found = _audit_of(manifest, audit)
    removed = sorted(_removals(manifest, found, prefer, conflicts), key=lambda entry: entry["row"])
    gone = np.zeros(len(manifest), dtype=bool)
    gone[[entry["row"] for entry in removed]] = True
    clean = manifest[~gone].copy()
    clean.attrs = dict(manifest.attrs) | {"removed": removed}
    return clean


def group(manifest: pd.DataFrame, audit: Audit | None = None) -> pd.DataFrame:
    """Give rows that no split may separate one number.

    Parameters
    ----------
    manifest : DataFrame of n rows
        As audited.
    audit : Audit, optional
        Of this manifest; None makes one.

    Returns
    -------
    DataFrame
        A copy with the column `group`: connected components of patient, lesion, any earlier
        `group`, and duplicates. `pipelines.data.group_ids` follows it. `attrs["leaks"]` lists the
        audit's findings, `attrs["group_of"]` tells whether ids were in `group` before.

    Raises
    ------
    ValueError
        If the audit is of another manifest.
    """
    found = _audit_of(manifest, audit)
    made_of = group_of(manifest, found=True)
    grouped = manifest.copy()
    grouped["group"] = connected_rows(manifest, found.pairs)
    # A comparison reports them.
    leaks = found.findings.to_dict("records")
    grouped.attrs = dict(manifest.attrs) | {"leaks": leaks, "group_of": made_of}
    return grouped


def _audit_of(manifest: pd.DataFrame, audit: Audit | None) -> Audit:
    if audit is None:
        return run_audit(manifest)
    if list(manifest["image"].astype(str)) != audit.images:
        raise ValueError(
            f"The audit is of another manifest: it saw {len(audit.images)} images, got "
            f"{len(manifest)}, or their order differs. Audit this one."
        )
    return audit


def _removals(
    manifest: pd.DataFrame, audit: Audit, prefer: Sequence[str], conflicts: str
) -> Iterator[dict[str, Any]]:
    """Rows to be removed, and why."""
    sets = duplicate_sets(len(manifest), audit.pairs)
    how = _reasons(audit.pairs)
    rank = _rank(manifest, audit.files, prefer)
    disputed = _disputed(manifest, audit.pairs, sets)
    files = list(manifest["image"].astype(str))
    for one in np.flatnonzero(np.bincount(sets) > 1):
        rows = np.flatnonzero(sets == one)
        best, *others = (int(row) for row in rows[np.argsort(rank[rows])])
        if conflicts == "drop" and disputed[rows].any():
            labels = sorted(manifest["label"].iloc[rows].dropna().astype(str).unique())
            reason = f"duplicates with the labels {' and '.join(labels)}"
            for row in (best, *others):
                yield {"row": row, "file": files[row], "kept": None, "reason": reason}
        else:
            for row in others:
                yield {"row": row, "file": files[row], "kept": files[best], "reason": how[row]}


def _disputed(manifest, pairs, sets):
    """Rows of a picture of which two rows, whose labels can be compared, have different ones."""
    disputed = np.zeros(len(manifest), dtype=bool)
    if "label" not in manifest.columns:
        return disputed
    differing = pairs["how"].isin(DUPLICATES) & pairs["same_label"].eq(False).fillna(False)
    disputed[pairs.loc[differing.astype(bool), "row_a"]] = True
    # Two copies of a third need not be a pair themselves.
    source = manifest.get("dataset", pd.Series("", index=manifest.index))
    labels = manifest["label"].groupby([sets, source.to_numpy()], observed=True)
    disputed |= (labels.transform("nunique") > 1).to_numpy()
    return np.isin(sets, sets[disputed])


def _reasons(pairs):
    """Way in which each row was first found to be a copy."""
    named: dict[int, str] = {}
    for a, b, how in zip(pairs["row_a"], pairs["row_b"], pairs["how"], strict=True):
        if how != "embedding":
            named.setdefault(int(a), how)
            named.setdefault(int(b), how)
    return named


def _rank(manifest, files, prefer):
    """Place of each row in the order in which copies are kept."""
    places = {name: place for place, name in enumerate(prefer)}
    splits = manifest["split"] if "split" in manifest.columns else [None] * len(manifest)
    table = pd.DataFrame(
        {
            "split": [places.get(name, len(places)) for name in splits],
            "pixels": -(files["width"] * files["height"]).to_numpy(),
            "bytes": -files["bytes"].to_numpy(),
        }
    )
    order = table.sort_values(["split", "pixels", "bytes"], kind="stable").index
    return np.argsort(order.to_numpy())
