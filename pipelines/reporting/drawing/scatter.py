"""Cost against quality, a dot a model."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pipelines.reporting.drawing.figures import FONT, WIDTH, new_axes, plain_log_axis, shorten
from pipelines.reporting.drawing.palette import INK, RULE, SERIES


def draw_front(
    points: pd.DataFrame, series: Mapping[str, int], x: tuple[str, str], y: tuple[str, str]
) -> Figure:
    """Draw each model by its cost and its score; filled where no model beats it on all criteria.

    Parameters
    ----------
    points : DataFrame
        Columns `model`, the cost, the score, and `dominated` (bool).
    series : mapping of str to int
        Place of each model in the palette.
    x, y : tuple of str
        Column and name of either axis; the cost is drawn on a logarithmic one.

    Returns
    -------
    Figure
        One axis.
    """
    figure, axes = new_axes(height=WIDTH * 0.8)
    for row in points.to_dict("records"):
        color = SERIES[series[row["model"]]]
        face = "none" if row["dominated"] else color
        axes.plot(row[x[0]], row[y[0]], "o", color=color, mfc=face, mew=1.6, ms=8)
    plain_log_axis(axes)
    axes.margins(x=0.16, y=0.14)
    _name(axes, points, x[0], y[0])
    axes.set_xlabel(x[1])
    axes.set_ylabel(y[1])
    axes.grid(color=RULE, lw=0.5)
    return figure


def _name(axes: Axes, points: pd.DataFrame, x: str, y: str) -> None:
    """Write names beside the dots, towards the middle, and none over another."""
    low, high = axes.get_ylim()
    step = 0.06 * (high - low)
    middle = points[x].median()
    for right, part in points.groupby(points[x] <= middle):
        level = -np.inf
        for row in part.sort_values(y, kind="stable").to_dict("records"):
            level = max(level + step, row[y])
            axes.annotate(
                shorten([row["model"]])[0],
                (row[x], level),
                xytext=(8 if right else -8, 0),
                textcoords="offset points",
                ha="left" if right else "right",
                va="center",
                size=FONT - 1,
                color=INK,
            )
