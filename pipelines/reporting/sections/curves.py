"""ROC and precision-recall curves with bootstrap bands."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from pipelines.evaluation.predictions import probabilities
from pipelines.reporting.content import Picture, Pictures, Section
from pipelines.reporting.curve_points import (
    GRID,
    N_THRESHOLDS,
    counts_above,
    precision_points,
    roc_points,
)
from pipelines.reporting.drawing.lines import Frame, Line, draw_lines
from pipelines.reporting.pictures import picture, slug
from pipelines.reporting.results import Results
from pipelines.reporting.words.repeats import several_folds


class _Curve(NamedTuple):
    """Points at `GRID` and the ends of their bands."""

    y: np.ndarray
    low: np.ndarray
    high: np.ndarray


_POINTS: dict[str, Callable] = {"roc": roc_points, "precision-recall": precision_points}
_FRAMES = {
    "roc": Frame(
        "False-positive rate (1 − specificity)",
        "True-positive rate (sensitivity)",
        (-0.01, 1.01),
        (-0.01, 1.01),
        square=True,
        diagonal=True,
    ),
    "precision-recall": Frame(
        "Recall (sensitivity)", "Precision", (-0.01, 1.01), (-0.01, 1.01), square=True
    ),
}
_NAMES = {"roc": "ROC", "precision-recall": "Precision-recall"}


def make_section(results: Results) -> Section:
    """Make the section."""
    curves = {model: model_curves(results, model) for model in results.models}
    # No lesion of the class of concern may be among those tested.
    tested = (results.lesions["label"] == results.positive).any()
    targets = [results.positive, None] if tested else [None]
    pictures = [_picture(results, curves, target, kind) for target in targets for kind in _POINTS]
    return Section(
        "curves",
        "Curves",
        f"{_of(results)} Bands hold 95% of bootstrap draws of {results.unit}s, point by point. "
        "Precision depends on how frequent a class is, and here it is as frequent as in these "
        "data.",
        [Pictures(pictures)],
    )


def _of(results: Results) -> str:
    """Say which predictions are drawn."""
    heap = ", those of all folds in one heap" if several_folds(results) else ""
    one = f"one prediction for each {results.unit}{heap}"
    if results.n_repeats == 1:
        return f"Curves of {one}."
    return (
        f"Curves of the first of {results.n_repeats} draws of the folds, {one}; scores in the "
        "tables are means over the draws."
    )


def model_curves(results: Results, model: str) -> dict[tuple[str | None, str], _Curve]:
    """ROC and precision-recall curves of one model.

    Parameters
    ----------
    results : Results
        Of a comparison.
    model : str
        Its name.

    Returns
    -------
    dict
        Keyed by class and by "roc" or "precision-recall". The class None is the mean over classes
        at equal false-positive rate or recall. Of the first draw of the folds: in one heap with
        the others, a lesion would count as several that are sure to be drawn together.
    """
    table = results.of_model(model)
    table = table[table["repeat"] == table["repeat"].min()]
    weights, scores = results.draws_of(table), probabilities(table)
    labels = table["label"].to_numpy()
    one = np.ones((len(table), 1))
    found: dict[tuple[str | None, str], _Curve] = {}
    sums: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    for place, name in enumerate(results.classes):
        positive = labels == name
        if not positive.any():
            continue
        plain = counts_above(scores[:, place], positive, one)
        drawn = counts_above(scores[:, place], positive, weights, N_THRESHOLDS)
        for kind, points in _POINTS.items():
            pair = points(*plain), points(*drawn)
            found[name, kind] = _band(*pair)
            before = sums.get(kind, (0.0, 0.0))
            sums[kind] = before[0] + pair[0], before[1] + pair[1]
    count = len({name for name, _ in found})
    return found | {(None, kind): _band(a / count, b / count) for kind, (a, b) in sums.items()}


def _band(plain: np.ndarray, drawn: np.ndarray) -> _Curve:
    low, high = np.nanquantile(drawn, [0.025, 0.975], axis=1)
    return _Curve(plain[:, 0], low, high)


def _picture(results: Results, curves: dict, target: str | None, kind: str) -> Picture:
    lines = []
    for model, place in results.series.items():
        curve = curves[model][target, kind]
        # A ROC curve starts in the corner, however steep its first step is.
        start = [0.0] if kind == "roc" else [curve.y[0]]
        x, y = np.r_[0, GRID], np.r_[start, curve.y]
        low, high = np.r_[start, curve.low], np.r_[start, curve.high]
        lines.append(Line(model, x, y, place, low, high))
    of = "mean of all classes" if target is None else f"{target} against all others"
    name = f"{kind}-{'macro' if target is None else slug(target)}"
    return picture(
        name,
        draw_lines(lines, _FRAMES[kind]),
        f"{_NAMES[kind]}: {of}, per {results.unit}.",
        f"{_NAMES[kind]} curves, {of}, one a model. The areas under them are in the tables.",
    )
