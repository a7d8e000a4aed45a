"""The plan of a comparison: written before any model is fitted, and locked."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pipelines.data import lesion_ids
from pipelines.evaluation.design.detectable import detectable_difference, paired_auc_error
from pipelines.evaluation.design.fingerprints import data_fingerprint
from pipelines.evaluation.design.folds import Split
from pipelines.evaluation.design.protocol import Protocol

FILE = "plan.json"
_PRIMARY = {"unit": "lesion", "metric": "macro_auc", "estimate": "mean over folds"}
# What a later run in the same folder may not change.
_FIXED = ("data", "splits", "primary", "positive", "protocol", "seed")


def make_plan(
    models: Mapping[str, str],
    manifest: pd.DataFrame,
    splits: Sequence[Split],
    protocol: Protocol,
    random_state: int,
    positive: str | None = None,
) -> dict[str, Any]:
    """State what will be compared and how, before it is.

    Parameters
    ----------
    models : mapping of str to str
        Name and fingerprint of each.
    manifest : DataFrame
        The images that will be used.
    splits : sequence of Split
        Their training and test rows.
    protocol : Protocol
        The rules.
    random_state : int
        Seed.
    positive : str or None, default=None
        Class of concern.

    Returns
    -------
    dict
        JSON values: hashes of data and splits, models, primary score, class of concern,
        comparisons, the smallest difference worth having (`margin`) and the smallest detectable
        at this number of lesions with 80% power, and the plan's own `hash`.
    """
    tested = np.unique(np.concatenate([split.test for split in splits]))
    rows = manifest.iloc[tested]
    per_class = pd.Series(lesion_ids(rows)).groupby(rows["label"].to_numpy()).nunique()
    counts = {str(name): int(count) for name, count in per_class.items()}
    plan: dict[str, Any] = {
        "written": datetime.now(UTC).isoformat(timespec="seconds"),
        "data": data_fingerprint(manifest),
        "splits": _hash([[split.train.tolist(), split.test.tolist()] for split in splits]),
        "models": dict(models),
        "primary": _PRIMARY,
        "positive": positive,
        "comparisons": [list(pair) for pair in declared_pairs(list(models), protocol.reference)],
        "margin": protocol.margin,
        "lesions": counts,
        "detectable": detectable_difference(paired_auc_error(counts)) if len(counts) > 1 else None,
        "seed": random_state,
        "protocol": json.loads(json.dumps(asdict(protocol), default=list)),
    }
    return plan | {"hash": _hash(plan)}


def declared_pairs(models: Sequence[str], reference: str | None = None) -> list[tuple[str, str]]:
    """Comparisons of the family that p-values are adjusted for.

    Parameters
    ----------
    models : sequence of str
        In their order.
    reference : str, optional
        Model that the others are compared with; by default the first is compared with each other.

    Returns
    -------
    list of (model, reference)
        One fewer than there are models.

    Raises
    ------
    ValueError
        If the reference is not among the models.

    Examples
    --------
    >>> declared_pairs(["fusion", "classical", "cnn"])
    [('fusion', 'classical'), ('fusion', 'cnn')]
    >>> declared_pairs(["fusion", "classical", "cnn"], "cnn")
    [('fusion', 'cnn'), ('classical', 'cnn')]
    """
    if reference is None:
        return [(models[0], other) for other in models[1:]]
    if reference not in models:
        raise ValueError(f"`reference` must be one of {list(models)}, got {reference!r}.")
    return [(model, reference) for model in models if model != reference]


def lock_plan(plan: dict[str, Any], directory: Path | None) -> dict[str, Any]:
    """Write the plan, or keep to the one that is there.

    Parameters
    ----------
    plan : dict
        From `make_plan`.
    directory : Path or None
        Folder of the run; None locks nothing.

    Returns
    -------
    dict
        The plan that holds, with `exploratory`: models that it does not name, or names with other
        settings. Comparisons with one of these are no longer among its `comparisons`: what was
        declared was another model.

    Raises
    ------
    ValueError
        If the folder's plan is of other images, splits or rules, or of another class of concern,
        or was changed by hand.
    """
    if directory is None or not (directory / FILE).is_file():
        if directory is not None:
            directory.mkdir(parents=True, exist_ok=True)
            (directory / FILE).write_text(json.dumps(plan, indent=2) + "\n", encoding="utf-8")
        return plan | {"exploratory": []}
    locked = read_plan(directory)
    differing = [name for name in _FIXED if locked.get(name) != plan[name]]
    if differing:
        raise ValueError(
            f"{directory / FILE} holds the plan of another comparison: {', '.join(differing)} "
            "differ. Choose another folder, or delete this one to start anew."
        )
    added = [name for name, what in plan["models"].items() if locked["models"].get(name) != what]
    return locked | {
        "exploratory": added,
        "comparisons": [pair for pair in locked["comparisons"] if not set(pair) & set(added)],
    }


def read_plan(directory: Path) -> dict[str, Any]:
    """Read a plan, and refuse one that was changed after it was written."""
    plan = json.loads((directory / FILE).read_text(encoding="utf-8"))
    if plan["hash"] != _hash({name: value for name, value in plan.items() if name != "hash"}):
        raise ValueError(
            f"{directory / FILE} does not fit its own hash: it was changed after it was written."
        )
    return plan


def _hash(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
