"""Several data sets as one manifest."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from pipelines.data.grouping import group_of
from pipelines.data.manifest import GROUP_COLUMNS

__all__ = ["combine"]

# Lists in `attrs` whose entries are kept, each with the name of its data set.
_LISTS = ("skipped", "dropped", "uncertain")


def combine(
    manifests: Sequence[pd.DataFrame] | Mapping[str, pd.DataFrame],
) -> pd.DataFrame:
    """Join the manifests of several data sets.

    Parameters
    ----------
    manifests : sequence of DataFrame, or mapping of str to DataFrame
        Manifests, each called by its `attrs["dataset"]`, or by a name of one's own.

    Returns
    -------
    DataFrame
        Their rows one after the other, with a column `dataset`. A column that one of them lacks
        is empty there. Ids of patients, lesions and groups become "dataset:id", so that equal
        numbers of two publishers do not meet; images that two sets share are for `audit` to find.
        Labels stay as they are: `harmonize` the result, or each manifest before. `attrs` has the
        joined names as `dataset`, those of each set as `datasets`, and the lists `skipped`,
        `dropped`, `uncertain` and `group_of` of all, as far as there are any.

    Raises
    ------
    ValueError
        If there are fewer than two manifests, one has no name, names repeat, or one has a column
        `dataset` already.

    Examples
    --------
    >>> one = pd.DataFrame({"image": ["a.png"], "label": ["mel"], "lesion": [1]})
    >>> both = combine({"mine": one, "yours": one.assign(image="b.png")})
    >>> both[["image", "lesion", "dataset"]].to_dict("list")
    {'image': ['a.png', 'b.png'], 'lesion': ['mine:1', 'yours:1'], 'dataset': ['mine', 'yours']}
    """
    named = _named(manifests)
    parts = [_with_names(manifest, name) for name, manifest in named.items()]
    joined = pd.concat(parts, ignore_index=True)
    joined.attrs = _attrs(named)
    return joined


def _named(
    manifests: Sequence[pd.DataFrame] | Mapping[str, pd.DataFrame],
) -> dict[str, pd.DataFrame]:
    if isinstance(manifests, Mapping):
        pairs = [(str(name), manifest) for name, manifest in manifests.items()]
    else:
        pairs = [(str(manifest.attrs.get("dataset") or ""), manifest) for manifest in manifests]
    names = [name for name, _ in pairs]
    if len(pairs) < 2:
        raise ValueError(f"Expected at least two manifests to combine, got {len(pairs)}.")
    if "" in names or len(set(names)) < len(names):
        raise ValueError(
            f"Every manifest needs a name of its own, got {names}. Name them yourself: "
            "combine({'clinic': manifest, 'ham10000': other})."
        )
    for name, manifest in pairs:
        if "dataset" in manifest.columns:
            raise ValueError(
                f"The manifest {name!r} has a column `dataset` already. Combine all data sets in "
                "one call, or rename that column."
            )
    return dict(pairs)


def _with_names(manifest: pd.DataFrame, name: str) -> pd.DataFrame:
    part = manifest.copy()
    part.attrs = {}
    for column in GROUP_COLUMNS:
        if column in part.columns:
            ids = part[column]
            named = [None if pd.isna(value) else f"{name}:{value}" for value in ids]
            part[column] = pd.Series(named, index=part.index, dtype="str")
    return part.assign(dataset=name)


def _attrs(named: Mapping[str, pd.DataFrame]) -> dict[Any, Any]:
    attrs: dict[Any, Any] = {
        "dataset": " + ".join(named),
        "datasets": {name: dict(manifest.attrs) for name, manifest in named.items()},
        "partial": any(bool(m.attrs.get("partial", False)) for m in named.values()),
    }
    for key in _LISTS:
        entries = [
            {"dataset": name} | entry
            for name, manifest in named.items()
            for entry in manifest.attrs.get(key, [])
        ]
        if entries or key == "skipped":
            attrs[key] = entries
    if made_of := group_of(*named.values()):
        attrs["group_of"] = made_of
    targets = [manifest.attrs.get("labels") for manifest in named.values()]
    if targets[0] is not None and all(target == targets[0] for target in targets):
        attrs["labels"] = targets[0]
    return attrs
