"""Labels of any data set in the classes of another."""

import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from pipelines.data.class_names import Term, find_term, same_dataset
from pipelines.data.manifest import check_columns
from pipelines.data.taxonomy import LABEL_SETS, LabelSet, leaves

__all__ = ["coarser_classes", "harmonize"]

ORIGINAL = "original_label"
_N_NAMED = 8

Target = str | Mapping[str, Sequence[str]]


def harmonize(
    manifest: pd.DataFrame,
    to: Target,
    *,
    mapping: Mapping[str, str] | None = None,
    uncertain: str = "keep",
) -> pd.DataFrame:
    """Map a manifest's labels to another set of classes, where that loses nothing.

    A label is mapped if all that it may stand for lies in one class of the target. HAM10000's
    "bkl" is no "seborrheic keratosis", since it holds solar lentigines too: it is dropped.

    Parameters
    ----------
    manifest : DataFrame
        With a column `label`. Which data set a label comes from is told by the column `dataset`
        (see `combine`) or by `attrs["dataset"]`.
    to : str or mapping of str to sequence of str
        One of `pipelines.data.LABEL_SETS`: "ham7", "isic8", "isic2017", "malignant",
        "malignant_or_premalignant", "melanocytic", "melanoma" or "melanoma_nevus". Or classes
        of one's own, each a list of nodes of `pipelines.data.TREE`.
    mapping : mapping of str to str, optional
        Nodes of labels of one's own; they come before what is known of a data set.
    uncertain : {"keep", "drop"}, default="keep"
        What becomes of labels whose place is uncertain.

    Returns
    -------
    DataFrame
        Rows that have a place, in their order, renumbered. `label` is the new one;
        `original_label` keeps the old, which is what `CNNClassifier(taxonomy="original_label")`
        takes to train on finer classes. `attrs` gains `labels` (the target), `dropped` and
        `uncertain`: lists of dicts with `dataset`, `label`, `class`, `images` and `reason`. A
        manifest that was mapped before is mapped anew from its original labels.

    Raises
    ------
    ValueError
        If a label is not known, the target is not, or no row has a place in it.

    Warns
    -----
    UserWarning
        Once, if labels were dropped or are uncertain.

    Examples
    --------
    >>> lesions = pd.DataFrame({"image": ["a.png", "b.png"], "label": ["MEL", "melanocytic nevus"]})
    >>> harmonize(lesions, "ham7")["label"].tolist()
    ['mel', 'nv']
    """
    if uncertain not in ("keep", "drop"):
        raise ValueError(f"`uncertain` must be 'keep' or 'drop', got {uncertain!r}.")
    pairs = _pairs(manifest)
    table = _places(pairs, _label_set(to), mapping or {})
    doubted = table["class"].notna() & (table["reason"] != "")
    gone = table["class"].isna() | (doubted & (uncertain == "drop"))
    if gone.all():
        raise ValueError(
            f"No label has a place in {_title(to)}: {_listed(table)}. Choose another `to`."
        )
    new = table[~gone].set_index(["dataset", "label"])["class"].to_dict()
    classes = np.array([new.get(pair) for pair in pairs.itertuples(index=False, name=None)], object)
    keep = pd.notna(classes)
    result = manifest[keep].copy()
    result[ORIGINAL] = pairs["label"].to_numpy()[keep]
    result["label"] = pd.array(classes[keep], dtype="str")
    result.attrs = dict(manifest.attrs) | {
        "labels": to if isinstance(to, str) else {name: list(nodes) for name, nodes in to.items()},
        "dropped": _records(table[gone]),
        "uncertain": _records(table[doubted & ~gone]),
    }
    _warn(table[gone], table[doubted & ~gone], to)
    return result.reset_index(drop=True)


def coarser_classes(
    labels: Iterable[str],
    to: Target,
    *,
    dataset: str = "",
    mapping: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Find the class of each label, as `CNNClassifier(taxonomy=...)` takes it.

    Parameters
    ----------
    labels : iterable of str
        Labels to train on.
    to : str or mapping of str to sequence of str
        Classes to predict, as in `harmonize`.
    dataset : str, default=""
        Where the labels come from.
    mapping : mapping of str to str, optional
        Nodes of labels of one's own.

    Returns
    -------
    dict of str to str

    Raises
    ------
    ValueError
        If a label is not known, or has no place in the target: a network cannot leave rows out.

    Examples
    --------
    >>> coarser_classes(["mel", "nv", "bcc"], "melanocytic")
    {'mel': 'melanocytic', 'nv': 'melanocytic', 'bcc': 'non_melanocytic'}
    """
    keys = [(dataset, str(label)) for label in dict.fromkeys(labels)]
    found = _images(keys, _label_set(to), mapping or {})
    lost = {label: reason for (_, label), (image, reason) in found.items() if image is None}
    if lost:
        first = "; ".join(f"{label!r}: {reason}" for label, reason in lost.items())
        raise ValueError(
            f"{len(lost)} labels have no place in {_title(to)} ({first}). Leave their rows out "
            "with `harmonize`, or choose another `to`."
        )
    return {label: str(found[dataset, label][0]) for _, label in keys}


def _label_set(to: Target) -> LabelSet:
    if isinstance(to, Mapping):
        label_set = LabelSet("classes of one's own", to)
        shares = [leaves(nodes) for nodes in to.values()]
        if sum(map(len, shares)) > len(frozenset().union(*shares)):
            raise ValueError(f"The classes of `to` overlap: {dict(to)}. Each leaf may be in one.")
        return label_set
    if to not in LABEL_SETS:
        raise ValueError(
            f"`to` must be one of {', '.join(LABEL_SETS)}, or a mapping of classes to nodes of "
            f"the taxonomy, got {to!r}."
        )
    return LABEL_SETS[to]


def _pairs(manifest: pd.DataFrame) -> pd.DataFrame:
    """Read data set and label of each row, as its publisher wrote them."""
    check_columns(manifest)
    labels = manifest[ORIGINAL if ORIGINAL in manifest else "label"]
    if labels.isna().any():
        raise ValueError(
            f"{int(labels.isna().sum())} of {len(labels)} rows have no label to map: leave them "
            "out."
        )
    datasets = manifest["dataset"] if "dataset" in manifest else manifest.attrs.get("dataset")
    pairs = pd.DataFrame({"label": labels.astype(str)})
    pairs.insert(0, "dataset", "" if datasets is None else datasets)
    return pairs.astype(str).reset_index(drop=True)


def _places(pairs: pd.DataFrame, target: LabelSet, mapping: Mapping[str, str]) -> pd.DataFrame:
    """Each label of each data set: its class, its number of images and what is to be said of it."""
    counts = pairs.value_counts(sort=False).sort_index()
    found = _images([(str(a), str(b)) for a, b in counts.index], target, mapping)
    rows = [
        (dataset, label, image, int(count), reason)
        for ((dataset, label), (image, reason)), count in zip(found.items(), counts, strict=True)
    ]
    return pd.DataFrame(rows, columns=["dataset", "label", "class", "images", "reason"])


def _images(
    keys: list[tuple[str, str]], target: LabelSet, mapping: Mapping[str, str]
) -> dict[tuple[str, str], tuple[str | None, str]]:
    """Class of each (data set, label), None where it has none, and what is to be said of it."""
    terms = {
        (dataset, label): Term(mapping[label]) if label in mapping else find_term(label, dataset)
        for dataset, label in keys
    }
    unknown = sorted({label for (_, label), term in terms.items() if term is None})
    if unknown:
        raise ValueError(
            f"Unknown labels: {unknown}. Say what they are with `mapping`, for instance "
            f"mapping={{{unknown[0]!r}: 'nv'}}; see `pipelines.data.TREE` for the nodes."
        )
    own = {name.lower(): (name, "") for name in target.classes}
    return {
        key: own[key[1].lower()]
        # Of its own classes a publisher is never in doubt.
        if key[1].lower() in own and any(same_dataset(key[0], name) for name in target.publishers)
        else _image(term, target)
        for key, term in terms.items()
        if term is not None
    }


def _image(term: Term, target: LabelSet) -> tuple[str | None, str]:
    everything = leaves([term.node, *term.doubtful])
    # A class that is doubtful as a whole still has a place: where its node lies.
    surely = leaves(term.node) - leaves(term.doubtful) or everything
    for name, nodes in target.classes.items():
        inside = leaves(nodes)
        if surely <= inside:
            doubts = [target.doubts[leaf] for leaf in sorted(everything & set(target.doubts))]
            if not everything <= inside or (term.reason and not term.doubtful):
                doubts.insert(0, term.reason)
            return name, "; ".join(doubts)
    return None, term.reason or f"it stands for '{term.node}', which is in no single class"


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {str(k): None if pd.isna(v) else v for k, v in row.items()}
        for row in table.to_dict("records")
    ]


def _listed(table: pd.DataFrame) -> str:
    """Name labels with the number of their images, the most frequent first."""
    rows = table.sort_values("images", ascending=False, kind="stable")
    named = [f"{label} ({n:,})" for label, n in zip(rows["label"], rows["images"], strict=True)]
    return ", ".join(named[:_N_NAMED]) + (", ..." if len(named) > _N_NAMED else "")


def _title(to: Target) -> str:
    return f"'{to}' ({LABEL_SETS[to].title})" if isinstance(to, str) else f"classes {list(to)}"


def _warn(dropped: pd.DataFrame, uncertain: pd.DataFrame, to: Target) -> None:
    said = []
    if len(dropped):
        said.append(
            f"{dropped['images'].sum():,} images were dropped, whose labels have no certain place "
            f"there: {_listed(dropped)}"
        )
    if len(uncertain):
        said.append(
            f"the place of {_listed(uncertain)} is uncertain (uncertain='drop' leaves them out)"
        )
    if said:
        warnings.warn(
            f"Labels were mapped to {_title(to)}; {'; and '.join(said)}. Reasons are in the "
            "manifest's attrs.",
            UserWarning,
            stacklevel=3,
        )
