"""The pictures of an ablation: the ladder, and the selection curve."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pipelines.reporting.drawing.figures import FONT, WIDTH, new_axes
from pipelines.reporting.drawing.palette import DASHES, INK, MUTED, RULE, SERIES
from pipelines.reporting.experiments.ablation_words import in_percent
from pipelines.reporting.markdown import signed

_FIRST = "majority"
_PER_ROW = 0.46
_BETTER, _WORSE, _UNSURE = SERIES[2], SERIES[1], SERIES[7]


def draw_ladder(ladder: pd.DataFrame) -> Figure:
    """Draw the score of each block alone above, and the gain of every other step below.

    Parameters
    ----------
    ladder : DataFrame
        One row a step, see `pipelines.experiments.Ablation`.

    Returns
    -------
    Figure
        One axis, or two above each other.
    """
    alone = ladder[ladder["reference"] == _FIRST]
    others = ladder[~ladder["reference"].isin(["", _FIRST])]
    parts = [(part, draw) for part, draw in ((alone, _scores), (others, _gains)) if len(part)]
    heights = [_PER_ROW * len(part) + 0.7 for part, _ in parts]
    figure, first = new_axes(height=max(sum(heights), 1.2))
    figure.delaxes(first)
    grid = figure.add_gridspec(max(len(parts), 1), 1, height_ratios=heights or [1])
    for row, (part, draw) in enumerate(parts):
        axes = figure.add_subplot(grid[row])
        _style(axes, len(part))
        draw(axes, part)
    return figure


def draw_curve(curve: pd.DataFrame) -> Figure:
    """Draw macro AUC against the share of columns that is kept, a line a selector.

    Parameters
    ----------
    curve : DataFrame
        One row a selector and share, see `pipelines.experiments.Ablation`.

    Returns
    -------
    Figure
        One axis; thin bars are 95% intervals, side by side so that they can be told apart.
    """
    figure, axes = new_axes(height=WIDTH * 1.15)
    selectors = list(dict.fromkeys(curve["selector"]))
    spread = np.linspace(-0.06, 0.06, len(selectors)) if len(selectors) > 1 else [0.0]
    for place, (name, shift) in enumerate(zip(selectors, spread, strict=True)):
        own = curve[curve["selector"] == name]
        # The last point is all columns, the same for all.
        x = own["share"] * np.where(own["share"] < 1, np.exp(shift), 1.0)
        color = SERIES[place % len(SERIES)]
        axes.vlines(x, own["macro_auc_low"], own["macro_auc_high"], color=color, lw=0.8, alpha=0.45)
        dashes = DASHES[(place + place // len(SERIES)) % len(DASHES)]
        label = name.replace("_", " ")
        axes.plot(x, own["macro_auc"], "o", color=color, ms=3)
        axes.plot(x, own["macro_auc"], color=color, lw=1.5, ls=dashes, label=label)
    axes.set_xscale("log")
    shares = sorted(set(curve["share"]))
    axes.set_xticks(shares, [in_percent(share) for share in shares], minor=False)
    axes.set_xticks([], minor=True)
    axes.set_xlabel("Share of the columns that is kept")
    axes.set_ylabel("Macro AUC per lesion")
    axes.grid(axis="y", color=RULE, lw=0.7)
    figure.legend(
        loc="outside lower center", ncols=2, frameon=False, labelcolor=INK, fontsize=FONT - 1
    )
    return figure


def _style(axes: Axes, n_rows: int) -> None:
    axes.set_axisbelow(True)
    axes.tick_params(length=0, labelsize=FONT, labelcolor=INK, pad=5)
    axes.xaxis.label.set(color=MUTED, size=FONT)
    for name, side in axes.spines.items():
        side.set_color(RULE)
        side.set_visible(name == "bottom")
    axes.grid(axis="x", color=RULE, lw=0.7)
    axes.set_yticks([])
    axes.set_ylim(n_rows - 0.55, -0.75)


def _scores(axes: Axes, part: pd.DataFrame) -> None:
    for level, (_, row) in enumerate(part.iterrows()):
        _mark(axes, level, row, "macro_auc", SERIES[0], f"{row['macro_auc']:.3f}")
    _make_room(axes, part, "macro_auc")
    axes.set_xlabel("Macro AUC of each block alone, 95% interval")


def _gains(axes: Axes, part: pd.DataFrame) -> None:
    axes.axvline(0, color=MUTED, lw=1)
    for level, (_, row) in enumerate(part.iterrows()):
        sure = row["gain_low"] > 0 or row["gain_high"] < 0
        color = (_BETTER if row["gain"] > 0 else _WORSE) if sure else _UNSURE
        _mark(axes, level, row, "gain", color, signed(row["gain"]))
    _make_room(axes, part, "gain")
    axes.set_xlabel("Gain of macro AUC over the step it is compared with")


def _mark(axes: Axes, level: int, row: pd.Series, name: str, color: str, text: str) -> None:
    across = axes.get_yaxis_transform()
    axes.text(0, level - 0.36, row["step"], transform=across, size=FONT, color=INK, va="center")
    axes.text(
        1,
        level - 0.36,
        _note(row),
        transform=across,
        size=FONT - 2.5,
        color=MUTED,
        ha="right",
        va="center",
    )
    if np.isnan(row[name]):
        return
    low, high = row[f"{name}_low"], row[f"{name}_high"]
    axes.plot([low, high], [level, level], color=color, lw=2.2)
    axes.plot(row[name], level, "o", color=color, ms=6)
    axes.annotate(
        text,
        (high, level),
        xytext=(6, 0),
        textcoords="offset points",
        size=FONT - 1,
        color=INK,
        va="center",
    )


def _note(row: pd.Series) -> str:
    against = "" if row["reference"] == _FIRST else f"vs {row['reference']}"
    columns = "" if pd.isna(row["columns"]) else f"{row['columns']:,.0f} columns"
    return ", ".join(part for part in (against, columns, f"{row['seconds']:,.0f} s") if part)


def _make_room(axes: Axes, part: pd.DataFrame, name: str) -> None:
    """Leave space for the number on the right of the farthest interval."""
    low, high = part[f"{name}_low"].min(), part[f"{name}_high"].max()
    if np.isnan(low):
        return
    if name == "gain":
        low, high = min(low, 0.0), max(high, 0.0)
    room = max(high - low, 0.01)
    axes.set_xlim(low - 0.05 * room, high + 0.22 * room)
