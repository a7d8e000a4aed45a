"""Scores inside each source, and on histologically verified lesions.

Where a device or clinic goes with a diagnosis, a model that knows the device knows the diagnosis.
Lesions of one source have that in common, so what it scores among them it owes to the lesion.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.evaluation.predictions import class_names, probabilities
from pipelines.evaluation.scoring.drawn import (
    Floats,
    auc_in_parts,
    interval,
    lesion_index,
    score_models_on,
    weighted_mean,
)
from pipelines.evaluation.scoring.metrics import known_mean
from pipelines.evaluation.subgroups.strata import ENOUGH, LEAST, count_of, enough, lesion_words

WITHIN, ALL_SOURCES, HISTOLOGY = "within source", "all sources", "histo"
# Words by which manifests say that a diagnosis was verified by histology.
HISTOLOGY_WORDS = ("histo", "histology", "histopathology")
# A pooled AUC so far above that within sources is a warning, where its interval excludes 0.
GAP = 0.05

_COLUMNS = [
    *("model", "column", "value", "score", "auc", "auc_low", "auc_high"),
    *("n", "n_positive", "classes", "enough"),
]
_GAP_COLUMNS = tuple(
    name + end for name in ("pooled", "within", "gap") for end in ("", "_low", "_high")
)

Stratum = tuple[str, str]  # column and value
Rows = NDArray[np.bool_]
Areas = dict[tuple, Floats]  # by column, value and class
Sizes = dict[tuple, tuple[int, int]]  # lesions of a class and of all, where the class is scored


class Within(NamedTuple):
    """What `within_tables` returns.

    Attributes
    ----------
    within : DataFrame
        One row a model, stratum and score: `model`, `column` ("source" or "dx_type"), `value`,
        `score` ("macro_auc" or "positive_auc"), `auc` with `auc_low` and `auc_high`, `n` lesions,
        `n_positive` of the class of concern (NaN without one), `classes`, those that are scored,
        and `enough`.
        `value` is "all sources", "within source" or a source's name; or "histo".
    gaps : DataFrame
        One row a model: `model`, `score`, `pooled`, `within` and `gap` (their difference), each
        with ends, `flagged`, and `reason`, a sentence.
    """

    within: pd.DataFrame
    gaps: pd.DataFrame


def within_tables(
    lesions: pd.DataFrame,
    facts: pd.DataFrame,
    counts: np.ndarray,
    positive: str | None = None,
    *,
    pooled: bool = True,
) -> Within:
    """Score models within each source, over all of them, and on verified lesions.

    Parameters
    ----------
    lesions : DataFrame
        Predictions per lesion, from `aggregate_lesions`.
    facts : DataFrame
        One row an image, with `lesion` and, where known, `source` and `dx_type`.
    counts : ndarray of shape (n_lesions, n_draws)
        From `draw_lesions`, in the order in which lesions first appear.
    positive : str, optional
        Class of concern.
    pooled : bool, default=True
        Whether lesions of several sources may be ranked together. Not so where each source was
        tested by models of its own, which never saw it and whose probabilities are on another
        scale: False leaves out "all sources" and the gaps.

    Returns
    -------
    Within
        Tables; empty where the facts have neither two sources nor a verification.

    Notes
    -----
    Scores are pooled over folds, for strata are small. A class counts in a stratum if it has at
    least 5 lesions there, and the others 5: absent classes are left out of its macro AUC, which
    therefore compares models and not strata. "within source" is, class by class, the mean over
    the sources that score it, weighted by its lesions; the macro AUC is the mean over classes, and
    that of "all sources" beside it is of the same classes. Lesions of unknown source, or with
    images of several, are in neither. `enough` asks for 20 lesions of the class and 20 others in
    the stratum, and of two classes at least for a macro AUC.

    A gap is flagged where the pooled AUC (of the class of concern, or macro) is at least 0.05
    above that within sources and the interval of their difference is above 0.
    """
    labels = lesions.drop_duplicates("lesion")["label"].to_numpy()
    strata = _strata(lesion_index(lesions), facts)
    if not pooled:
        strata.pop(("source", ALL_SOURCES), None)
    sizes = _sizes(strata, labels, class_names(lesions))

    def score(part: pd.DataFrame, weights: np.ndarray) -> Areas:
        return _areas(part, labels, strata, sizes, weights)

    rows, gaps = [], []
    for model, areas in score_models_on(score, lesions, counts):
        for stratum, members in strata.items():
            present = labels[members]
            head: dict[str, Any] = {"model": model, "column": stratum[0], "value": stratum[1]}
            head |= {"n": len(present), "n_positive": count_of(present, positive)}
            rows += [head | row for row in _scores(areas, sizes, stratum, positive)]
        if _classes(areas, ("source", ALL_SOURCES)):
            gaps.append({"model": model} | _gap(areas, sizes, model, positive))
    gap_columns = ["model", "score", *_GAP_COLUMNS, "flagged", "reason"]
    return Within(pd.DataFrame(rows, columns=_COLUMNS), pd.DataFrame(gaps, columns=gap_columns))


def _strata(order: pd.Index, facts: pd.DataFrame) -> dict[Stratum, Rows]:
    """Which lesions are in each stratum; sources only where there are several."""
    found: dict[Stratum, Rows] = {}
    if "source" in facts:
        sources = lesion_words(facts, order, "source")
        names = sorted(sources.dropna().unique())
        if len(names) > 1:
            known = sources.notna().to_numpy()
            found = {("source", ALL_SOURCES): known, ("source", WITHIN): known}
            found |= {("source", name): (sources == name).to_numpy() for name in names}
    if "dx_type" in facts:
        verified = lesion_words(facts, order, "dx_type").isin(HISTOLOGY_WORDS)
        found["dx_type", HISTOLOGY] = verified.to_numpy()
    return found


def _sizes(strata: Mapping[Stratum, Rows], labels: np.ndarray, classes: list[str]) -> Sizes:
    found: Sizes = {}
    for name in classes:
        for stratum, rows in strata.items():
            n, n_positive = int(rows.sum()), int((labels[rows] == name).sum())
            if min(n_positive, n - n_positive) >= LEAST:
                found[*stratum, name] = n_positive, n
        parts = [size for key, size in found.items() if _is_source(key, name)]
        found.pop(("source", WITHIN, name), None)
        if parts:
            found["source", WITHIN, name] = sum(p for p, _ in parts), sum(n for _, n in parts)
    return found


def _is_source(key: tuple, name: str) -> bool:
    return key[0] == "source" and key[1] not in (WITHIN, ALL_SOURCES) and key[2] == name


def _areas(
    part: pd.DataFrame,
    labels: np.ndarray,
    strata: Mapping[Stratum, Rows],
    sizes: Sizes,
    weights: np.ndarray,
) -> Areas:
    """AUC of each class in each stratum; within sources, the weighted mean over them."""
    values, found = probabilities(part), Areas()
    for stratum, rows in strata.items():
        drawn = weights[rows]
        for code, name in enumerate(class_names(part)):
            if stratum[1] != WITHIN and (*stratum, name) in sizes:
                found[*stratum, name] = auc_in_parts(
                    values[rows, code], labels[rows] == name, drawn
                )
    for name in class_names(part):
        keys = [key for key in found if _is_source(key, name)]
        if keys:
            mass = [sizes[key][0] for key in keys]
            found["source", WITHIN, name] = weighted_mean([found[key] for key in keys], mass)
    return found


def _scores(
    areas: Areas, sizes: Sizes, stratum: Stratum, positive: str | None
) -> Iterator[dict[str, Any]]:
    """Macro AUC of a stratum, and the AUC of the class of concern, where they are scored."""
    classes = _classes(areas, stratum)
    if stratum == ("source", ALL_SOURCES):
        # Those that a source scores too, so that the two can be compared.
        classes = _classes(areas, ("source", WITHIN)) or classes
    solid = {name for name in classes if enough(*sizes[*stratum, name])}
    if classes:
        macro = known_mean(np.stack([areas[*stratum, name] for name in classes]), axis=0)
        yield {
            "score": "macro_auc",
            "classes": ", ".join(classes),
            "enough": len(solid) > 1,
        } | interval("auc", macro)
    if positive in classes:
        yield {
            "score": "positive_auc",
            "classes": positive,
            "enough": positive in solid,
        } | interval("auc", areas[*stratum, positive])


def _classes(areas: Areas, stratum: Stratum) -> list[str]:
    return [key[2] for key in areas if key[:2] == stratum]


def _gap(areas: Areas, sizes: Sizes, model: str, positive: str | None) -> dict[str, Any]:
    """How far the AUC over all sources is above that within them, and what to say about it."""
    of_concern = ("source", ALL_SOURCES, positive) in areas
    pooled = [str(positive)] if of_concern else _classes(areas, ("source", ALL_SOURCES))
    both = [name for name in pooled if ("source", WITHIN, name) in areas]
    over_all = _macro(areas, ALL_SOURCES, both or pooled)
    row: dict[str, Any] = {"score": "positive_auc" if of_concern else "macro_auc"}
    row |= interval("pooled", over_all)
    said = f"{model}: the AUC {f'of {positive}' if of_concern else '(macro)'} is "
    said += f"{row['pooled']:.2f} over all sources"
    if not both:
        solid = all(enough(*sizes["source", ALL_SOURCES, name]) for name in pooled)
        reason = (
            f"{said}, and no source has {LEAST} lesions of the class and {LEAST} others: nothing "
            "tells whether the score is of the lesion or of the source."
        )
        return row | {"flagged": solid, "reason": reason}
    inside = _macro(areas, WITHIN, both)
    row |= interval("within", inside) | interval("gap", over_all - inside)
    solid = all(enough(*sizes["source", WITHIN, name]) for name in both)
    flagged = bool(solid and row["gap"] >= GAP and row["gap_low"] > 0)
    reason = (
        f"{said} and {row['within']:.2f} within them, a difference of {row['gap']:.2f} (95 % "
        f"interval {row['gap_low']:.2f} to {row['gap_high']:.2f}). {_verdict(solid, flagged)}."
    )
    return row | {"flagged": flagged, "reason": reason}


def _verdict(solid: bool, flagged: bool) -> str:
    if flagged:
        return "Part of the score is the source, not the lesion"
    if solid:
        return f"No warning: it is under {GAP}, or its interval reaches 0"
    return f"Under {ENOUGH} lesions, so nothing is concluded"


def _macro(areas: Areas, value: str, classes: list[str]) -> Floats:
    return known_mean(np.stack([areas["source", value, name] for name in classes]), axis=0)
