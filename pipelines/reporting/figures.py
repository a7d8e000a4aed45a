"""Figures of a comparison, drawn with matplotlib's object interface."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from sklearn.metrics import confusion_matrix, roc_curve

from pipelines.evaluation.predictions import class_names, probabilities
from pipelines.reporting.palette import DASHES, INK, MUTED, RULE, SERIES, series_index

WIDTH = 4.2  # inches: legible when a phone shows the figure at its full width
FONT = 10
GRID = np.linspace(0, 1, 401)


def draw_ranking(metrics: pd.DataFrame, models: Sequence[str]) -> Figure:
    """Macro AUC of each model with its interval, best on top.

    Parameters
    ----------
    metrics : DataFrame
        Rows of one unit of the metrics table.
    models : sequence of str
        All models, which fixes their colours.

    Returns
    -------
    Figure
        One axis.
    """
    ranked = metrics.sort_values("macro_auc", kind="stable")
    figure, axes = new_axes(height=0.75 + 0.34 * len(ranked))
    places = series_index(models)
    for level, (_, row) in enumerate(ranked.iterrows()):
        color = SERIES[places[row["model"]]]
        axes.plot(
            [row["macro_auc_low"], row["macro_auc_high"]], [level, level], color=color, lw=2.2
        )
        axes.plot(row["macro_auc"], level, "o", color=color, ms=6.5)
    axes.set_yticks(range(len(ranked)), _shorten(list(ranked["model"])))
    axes.set_ylim(-0.6, len(ranked) - 0.4)
    axes.set_xlabel("Macro one-vs-rest AUC, 95% interval")
    axes.grid(axis="x", color=RULE, lw=0.7)
    axes.spines["left"].set_visible(False)
    return figure


def draw_roc(predictions: pd.DataFrame, models: Sequence[str], positive: str | None) -> Figure:
    """ROC curves, one a model.

    Parameters
    ----------
    predictions : DataFrame
        Predictions of one unit.
    models : sequence of str
        Models in their order.
    positive : str or None
        Class against all others; None averages the curves of all classes at equal false-positive
        rates.

    Returns
    -------
    Figure
        One square axis.
    """
    figure, axes = new_axes(height=WIDTH * 0.96)
    axes.plot([0, 1], [0, 1], color=RULE, lw=1)
    for model, place in series_index(models).items():
        table = predictions[predictions["model"] == model]
        classes = class_names(table) if positive is None else [positive]
        rate = np.mean([_true_positive_rate(table, name) for name in classes], axis=0)
        # A curve starts in the corner, however steep its first step is.
        x, y = np.r_[0, GRID], np.r_[0, rate]
        dashes = DASHES[place % len(DASHES)]
        axes.plot(x, y, color=SERIES[place], lw=1.7, ls=dashes, label=_shorten([model])[0])
    axes.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.01), aspect="equal")
    axes.set_xlabel("False-positive rate (1 − specificity)")
    axes.set_ylabel("True-positive rate (sensitivity)")
    axes.grid(color=RULE, lw=0.5)
    axes.legend(loc="lower right", frameon=False, handlelength=2.6, labelcolor=INK, fontsize=FONT)
    return figure


def draw_confusion(table: pd.DataFrame, rule: str, color: str) -> Figure:
    """Confusion matrix with shares of each true class.

    Parameters
    ----------
    table : DataFrame
        Predictions of one model and unit.
    rule : {"argmax", "prior_corrected"}
        Column of decided labels.
    color : str
        Hue of the cells; darker for a larger share.

    Returns
    -------
    Figure
        One square axis without a raster image.
    """
    classes = class_names(table)
    counts = confusion_matrix(table["label"], table[rule], labels=classes)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    figure, axes = new_axes(height=WIDTH * 0.9)
    size = FONT - 2 if len(classes) > 5 else FONT
    for row, column in np.ndindex(counts.shape):
        corner = (column - 0.5 + 0.02, row - 0.5 + 0.02)
        # Half opaque at most, so that the ink reads on any cell, on light and on dark paper.
        opacity = 0.04 + 0.5 * shares[row, column]
        axes.add_patch(Rectangle(corner, 0.96, 0.96, color=color, alpha=opacity, lw=0))
        axes.text(
            column, row, f"{counts[row, column]:,}", ha="center", va="center", size=size, color=INK
        )
    axes.set(xlim=(-0.5, len(classes) - 0.5), ylim=(len(classes) - 0.5, -0.5), aspect="equal")
    names = _shorten(classes)
    long = max(map(len, names)) * len(names) > 40
    turn, anchor = (35, "right") if long else (0, "center")
    axes.set_xticks(range(len(names)), names, rotation=turn, ha=anchor)
    axes.set_yticks(range(len(names)), names)
    axes.set_xlabel("Predicted", labelpad=8)
    axes.set_ylabel("Diagnosis", labelpad=8)
    for side in axes.spines.values():
        side.set_visible(False)
    return figure


def draw_sensitivity(
    metrics: pd.DataFrame, classes: Sequence[str], models: Sequence[str]
) -> Figure:
    """Sensitivity to each class, a bar a model, with intervals.

    Parameters
    ----------
    metrics : DataFrame
        Rows of one unit of the metrics table.
    classes, models : sequence of str
        Order from top to bottom.

    Returns
    -------
    Figure
        One axis.
    """
    rows = metrics.set_index("model")
    height = 0.8 / len(models)
    figure, axes = new_axes(height=0.9 + len(classes) * (0.22 + 0.15 * len(models)))
    for model, place in series_index(models).items():
        level = np.arange(len(classes)) - 0.4 + height * (list(models).index(model) + 0.5)
        value, low, high = (
            rows.loc[model, [f"sensitivity_{name}{end}" for name in classes]].to_numpy(float)
            for end in ("", "_low", "_high")
        )
        label = _shorten([model])[0]
        axes.barh(level, value, height * 0.86, color=SERIES[place], alpha=0.8, label=label)
        axes.hlines(level, low, high, color=INK, lw=0.9)
    axes.set_yticks(range(len(classes)), _shorten(classes))
    axes.set(xlim=(0, 1), ylim=(len(classes) - 0.5, -0.5))
    axes.set_xlabel("Sensitivity, 95% interval")
    axes.grid(axis="x", color=RULE, lw=0.7)
    axes.spines["left"].set_visible(False)
    figure.legend(loc="outside upper center", ncols=2, frameon=False, labelcolor=INK, fontsize=FONT)
    return figure


def new_axes(height: float) -> tuple[Figure, Axes]:
    """Give the empty figure, in the reports' style, that all others are drawn on.

    Parameters
    ----------
    height : float
        In inches; every figure is `WIDTH` wide.

    Returns
    -------
    figure : Figure
        Drawn without pyplot.
    axes : Axes
        Its only one.
    """
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    axes = figure.add_subplot()
    axes.set_axisbelow(True)
    axes.tick_params(length=0, labelsize=FONT, labelcolor=INK, pad=5)
    axes.xaxis.label.set(color=MUTED, size=FONT)
    axes.yaxis.label.set(color=MUTED, size=FONT)
    for name, side in axes.spines.items():
        side.set_color(RULE)
        side.set_visible(name in ("left", "bottom"))
    return figure, axes


def _true_positive_rate(table: pd.DataFrame, name: str) -> np.ndarray:
    scores = probabilities(table)[:, class_names(table).index(name)]
    false_positive, true_positive, _ = roc_curve(table["label"] == name, scores)
    return np.interp(GRID, false_positive, true_positive)


def _shorten(names: Sequence[str], longest: int = 22) -> list[str]:
    return [n if len(n) <= longest else n[: longest - 1] + "…" for n in names]
