"""Scores as dots with their intervals, in rows that can be read down."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from pipelines.reporting.drawing.figures import FONT, new_axes, shorten
from pipelines.reporting.drawing.palette import INK, MUTED, RULE

_MARKERS = ("o", "s", "D", "^", "v", "P", "X", "h")


@dataclass(frozen=True)
class Dots:
    """Scores of one series, a dot a row of the figure.

    `scores` has the columns `value` and, where there are intervals, `low` and `high`; its index
    names the rows. Rows that it lacks stay empty. `colors`, one a row of it, override `color`.
    """

    name: str
    scores: pd.DataFrame
    color: str
    marker: str | None = None
    colors: Sequence[str] | None = None
    hollow: bool = False


def dots_of(
    table: pd.DataFrame, rows: str, score: str, low: str = "", high: str = ""
) -> pd.DataFrame:
    """Take the scores of `Dots` from an analysis.

    Parameters
    ----------
    table : DataFrame
        With `score` and, where it has them, its ends.
    rows : str
        Column that names the rows of the figure.
    score, low, high : str
        Columns; the ends are called after the score where they are not named.

    Returns
    -------
    DataFrame
        Columns `value`, `low`, `high`, indexed by the rows; NaN where there is no interval.
    """
    ends = (low or f"{score}_low", high or f"{score}_high")
    found = table.reindex(columns=[rows, score, *ends]).set_axis(
        ["row", "value", "low", "high"], axis=1
    )
    return found.set_index("row").astype(float)


def draw_dots(
    rows: Sequence[str],
    series: Sequence[Dots],
    label: str,
    *,
    lines: Sequence[float] = (),
    band: tuple[float, float] | None = None,
) -> Figure:
    """Draw series of scores, rows from top to bottom.

    Parameters
    ----------
    rows : sequence of str
        Names of the rows.
    series : sequence of Dots
        Side by side in each row; a legend where there is more than one.
    label : str
        Of the axis.
    lines : sequence of float
        Where a vertical line is drawn.
    band : tuple of float, optional
        Ends of a shaded range.

    Returns
    -------
    Figure
        One axis.
    """
    step = 0.34 if len(series) == 1 else 0.16 + 0.135 * len(series)
    figure, axes = new_axes(height=0.75 + 0.05 * len(series) + step * len(rows))
    if band is not None:
        axes.axvspan(*band, color=RULE, alpha=0.5, lw=0)
    for x in lines:
        axes.axvline(x, color=MUTED, lw=1)
    for place, dots in enumerate(series):
        shift = 0.0 if len(series) == 1 else (place + 0.5) / len(series) * 0.8 - 0.4
        _draw(axes, rows, dots, shift, dots.marker or _MARKERS[place % len(_MARKERS)])
    axes.set_yticks(range(len(rows)), shorten(rows))
    axes.set_ylim(len(rows) - 0.4, -0.6)
    # From the right: a long label may reach below the names of the rows, not off the page.
    axes.set_xlabel(label, loc="right")
    # So many steps have room for their numbers, with three decimals and a sign, beside long names.
    axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.grid(axis="x", color=RULE, lw=0.7)
    axes.spines["left"].set_visible(False)
    if len(series) > 1:
        figure.legend(
            loc="outside upper center",
            ncols=2,
            frameon=False,
            labelcolor=INK,
            fontsize=FONT - 0.5,
            handletextpad=0.2,
        )
    return figure


def _draw(axes: Axes, rows: Sequence[str], dots: Dots, shift: float, marker: str) -> None:
    colors = dots.colors or [dots.color] * len(dots.scores)
    levels = pd.Index(rows).get_indexer(dots.scores.index)
    values = dots.scores[["value", "low", "high"]].to_numpy(float)
    size = 6.5 if shift == 0 else 5
    for level, color, (value, low, high) in zip(levels, colors, values, strict=True):
        if level < 0 or np.isnan(value):
            continue
        y = level + shift
        if not np.isnan(low):
            axes.plot([low, high], [y, y], color=color, lw=2 if shift == 0 else 1.5)
        # An unfilled dot shows the ground of the page through.
        face = "none" if dots.hollow else color
        axes.plot(value, y, marker, color=color, mfc=face, mew=1.5, ms=size)
    # The legend has the colour of the series, whatever the first dot has.
    face = "none" if dots.hollow else dots.color
    label = shorten([dots.name], 26)[0]
    axes.plot([], [], marker, color=dots.color, mfc=face, mew=1.5, ms=size, label=label, ls="none")
