"""The picture of an inflation ledger."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from pipelines.reporting.drawing.figures import FONT, new_axes
from pipelines.reporting.drawing.palette import INK, MUTED, RULE, SERIES
from pipelines.reporting.markdown import signed

_HONEST, _SINFUL = SERIES[0], SERIES[1]
# Share of the axis that the number beside the farther dot needs.
_NUMBER = 0.2
_USUAL = "macro AUC"


def draw_ledger(entries: pd.DataFrame) -> Figure:
    """Draw what each sin would have added, from the honest score to the sinful one; worst on top.

    Parameters
    ----------
    entries : DataFrame
        One row a sin with `title`, `metric`, `honest`, `sinful`, `difference`, and the ends of its
        interval, `difference_low` and `difference_high`.

    Returns
    -------
    Figure
        One axis. A thin line is the interval of the difference, drawn from the honest score.
    """
    ranked = entries.sort_values("difference", kind="stable").reset_index(drop=True)
    figure, axes = new_axes(height=0.95 + 0.56 * len(ranked))
    for level, (_, row) in enumerate(ranked.iterrows()):
        _draw_sin(axes, level, row)
    ends = [ranked["honest"] + ranked[f"difference{end}"] for end in ("", "_low", "_high")]
    reached = pd.concat([ranked["honest"], *ends])
    low, high = reached.min(), reached.max()
    room = max(high - low, 0.02)
    axes.set_xlim(low - 0.05 * room, high + _NUMBER * room)
    # The space on the right is for the numbers: no score is above 1.
    left = axes.get_xlim()[0]
    ticks = MaxNLocator(6).tick_values(low, min(high, 1.0))
    axes.set_xticks([tick for tick in ticks if left <= tick <= 1.0])
    axes.set_ylim(-0.5, len(ranked) - 0.25)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x", color=RULE, lw=0.7)
    others = set(ranked["metric"]) != {_USUAL}
    axes.set_xlabel("Macro AUC per lesion" + (", unless another is named" if others else ""))
    axes.plot([], [], "o", color=_HONEST, ms=6.5, label="honest")
    axes.plot([], [], "o", color=_SINFUL, ms=6.5, label="under the sin")
    axes.plot([], [], color=_SINFUL, lw=1, alpha=0.7, label="95% of what it adds")
    figure.legend(
        loc="outside upper left",
        ncols=3,
        frameon=False,
        labelcolor=INK,
        fontsize=FONT - 0.5,
        handlelength=1.2,
        handletextpad=0.3,
        columnspacing=1.0,
    )
    return figure


def _draw_sin(axes: Axes, level: int, row: pd.Series) -> None:
    honest, sinful = row["honest"], row["sinful"]
    reach = [honest + row["difference_low"], honest + row["difference_high"]]
    axes.plot(reach, [level, level], color=_SINFUL, lw=1, alpha=0.7)
    axes.plot([honest, sinful], [level, level], color=_SINFUL, lw=3, alpha=0.35)
    axes.plot(sinful, level, "o", color=_SINFUL, ms=6.5)
    axes.plot(honest, level, "o", color=_HONEST, ms=6.5)
    across = axes.get_yaxis_transform()
    axes.text(0.0, level + 0.26, row["title"], transform=across, size=FONT, color=INK, va="center")
    if row["metric"] != _USUAL:
        metric = row["metric"].partition(" of ")[0]
        axes.text(
            1.0,
            level + 0.26,
            metric,
            transform=across,
            size=FONT - 2,
            color=MUTED,
            ha="right",
            va="center",
        )
    axes.annotate(
        signed(row["difference"]),
        (max(honest, sinful, reach[1]), level),
        xytext=(7, 0),
        textcoords="offset points",
        size=FONT,
        color=INK,
        va="center",
    )
