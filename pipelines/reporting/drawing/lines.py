"""Curves with bands."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pipelines.reporting.drawing.figures import FONT, WIDTH, new_axes, plain_log_axis, shorten
from pipelines.reporting.drawing.palette import DASHES, INK, RULE, SERIES


@dataclass(frozen=True)
class Line:
    """A curve; `place` fixes its colour and its dashes, `low` and `high` bound a band."""

    name: str
    x: np.ndarray
    y: np.ndarray
    place: int
    low: np.ndarray | None = None
    high: np.ndarray | None = None
    marked: bool = False
    bars: bool = False
    muted: bool = False


@dataclass(frozen=True)
class Frame:
    """Axes of curves: names, limits, whether they are equal, and a straight line across."""

    x: str
    y: str
    x_limits: tuple[float, float] | None = None
    y_limits: tuple[float, float] | None = None
    square: bool = False
    diagonal: bool = False
    log: bool = False


def draw_lines(lines: Sequence[Line], frame: Frame) -> Figure:
    """Draw curves with a legend above them.

    Parameters
    ----------
    lines : sequence of Line
        In the order of the legend.
    frame : Frame
        Axes.

    Returns
    -------
    Figure
        One axis.
    """
    legend = 0.2 * ((len(lines) + 1) // 2)
    figure, axes = new_axes(height=WIDTH * (0.95 if frame.square else 0.72) + legend)
    if frame.diagonal:
        axes.plot([0, 1], [0, 1], color=RULE, lw=1)
    for line in lines:
        _draw(axes, line)
    if frame.log:
        plain_log_axis(axes)
    axes.set(xlim=frame.x_limits, ylim=frame.y_limits)
    if frame.square:
        axes.set_aspect("equal")
    axes.set_xlabel(frame.x)
    axes.set_ylabel(frame.y)
    axes.grid(color=RULE, lw=0.5)
    figure.legend(
        loc="outside upper center",
        ncols=2,
        frameon=False,
        handlelength=2.6,
        labelcolor=INK,
        fontsize=FONT - 0.5,
    )
    return figure


def _draw(axes: Axes, line: Line) -> None:
    color = SERIES[7] if line.muted else SERIES[line.place]
    dashes = DASHES[line.place % len(DASHES)]
    if line.low is not None and line.high is not None:
        if line.bars:
            axes.vlines(line.x, line.low, line.high, color=color, lw=1, alpha=0.6)
        else:
            axes.fill_between(line.x, line.low, line.high, color=color, alpha=0.13, lw=0)
    axes.plot(
        line.x,
        line.y,
        color=color,
        lw=1.6,
        ls=dashes,
        marker="o" if line.marked else None,
        ms=3.5,
        label=shorten([line.name])[0],
    )
