"""The empty figure in the reports' style, and matrices of cells."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from pipelines.reporting.drawing.palette import INK, MUTED, RULE

WIDTH = 4.2  # inches: legible when a phone shows the figure at its full width
FONT = 10


def draw_cells(
    shares: np.ndarray,
    texts: np.ndarray,
    rows: Sequence[str],
    columns: Sequence[str],
    color: str,
    names: tuple[str, str],
) -> Figure:
    """Matrix whose cells are darker for larger shares, with a number in each.

    Parameters
    ----------
    shares : ndarray of shape (n_rows, n_columns)
        In [0, 1].
    texts : ndarray of shape (n_rows, n_columns), str
        What the cells say.
    rows, columns : sequence of str
        Their names, from the top and from the left.
    color : str
        Hue of the cells.
    names : tuple of str
        What columns and rows are, on the horizontal and on the vertical axis.

    Returns
    -------
    Figure
        One axis without a raster image.
    """
    longest = max(len(rows), len(columns))
    figure, axes = new_axes(height=0.9 + WIDTH * 0.68 * len(rows) / longest)
    size = FONT - 2 if longest > 5 else FONT
    for row, column in np.ndindex(shares.shape):
        corner = (column - 0.5 + 0.02, row - 0.5 + 0.02)
        # Half opaque at most, so that the ink reads on any cell, on light and on dark paper.
        opacity = 0.04 + 0.5 * shares[row, column]
        axes.add_patch(Rectangle(corner, 0.96, 0.96, color=color, alpha=opacity, lw=0))
        axes.text(
            column, row, str(texts[row, column]), ha="center", va="center", size=size, color=INK
        )
    axes.set(xlim=(-0.5, len(columns) - 0.5), ylim=(len(rows) - 0.5, -0.5), aspect="equal")
    across = shorten(columns)
    long = max(map(len, across)) * len(across) > 40
    turn, anchor = (35, "right") if long else (0, "center")
    axes.set_xticks(range(len(across)), across, rotation=turn, ha=anchor)
    axes.set_yticks(range(len(rows)), shorten(rows))
    axes.set_xlabel(names[0], labelpad=8)
    axes.set_ylabel(names[1], labelpad=8)
    for side in axes.spines.values():
        side.set_visible(False)
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


def plain_log_axis(axes: Axes) -> None:
    """Make the horizontal axis logarithmic, with few and plain numbers."""
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,.6g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())


def shorten(names: Sequence[str], longest: int = 22) -> list[str]:
    """Cut names that would push a figure off its page.

    Examples
    --------
    >>> shorten(["fusion", "a_very_long_name_of_a_model"], longest=10)
    ['fusion', 'a_very_lo…']
    """
    return [n if len(n) <= longest else n[: longest - 1] + "…" for n in names]
