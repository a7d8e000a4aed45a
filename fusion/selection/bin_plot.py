"""A picture of one column's bins: where they begin, and which classes fill them."""

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils.validation import _check_feature_names_in, check_is_fitted

from fusion.binning import ColumnBins
from fusion.selection._axes import own_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_bins(selector: Any, column: int | str, ax: "Axes | None" = None) -> "Axes":
    """Draw the bins of a column, and the classes' shares of each.

    Parameters
    ----------
    selector : BoltzmannSelector
        Fitted.
    column : int or str
        Position of the column, or its name.
    ax : Axes, default=None
        Where to draw; a figure of its own by default.

    Returns
    -------
    Axes
        Bin i of `counts_` stands at ``x = i``: bars stacked by class, which fill 1 where the bin
        has samples, and a line with the bin's share of all rows. Ticks between the bars bear the
        column's edges in `bins_`; a bin for exact zeros is marked "0", the last one, where values
        are missing, "missing".

    Raises
    ------
    ValueError
        If there is no such column.
    """
    check_is_fitted(selector)
    position = _position(selector, column)
    bins, counts = selector.bins_[position], selector.counts_[position]
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    # Columns of few levels have fewer bins; missing values come last whatever their number.
    n_filled = len(bins.edges) + 1 + bins.zero_apart
    shown = np.r_[:n_filled, selector.n_bins_] if counts[-1].any() else np.arange(n_filled)
    ax = ax or own_axes()
    below = np.zeros(len(shown))
    for label, share in zip(_class_names(selector), shares[shown].T, strict=True):
        ax.bar(shown, share, 1.0, below, label=label, edgecolor="white", linewidth=0.5)
        below += share
    rows = counts.sum(axis=1)[shown] / counts.sum()
    ax.plot(shown, rows, ".-", color="black", label="share of all rows")
    _mark_edges(ax, bins, selector.n_bins_ if n_filled < len(shown) else None)
    name = _check_feature_names_in(selector)[position]
    ax.set(xlabel=f"bins of {name}", ylabel="share of the bin", ylim=(0, 1))
    ax.legend()
    return ax


def _position(selector: Any, column: int | str) -> int:
    if isinstance(column, str):
        names = list(_check_feature_names_in(selector))
        if column not in names:
            raise ValueError(f"`column` must be one the selector was fitted on, got {column!r}.")
        return names.index(column)
    if not 0 <= column < selector.n_features_in_:
        raise ValueError(
            f"`column` must be from 0 to {selector.n_features_in_ - 1}, or a name, got {column}."
        )
    return int(column)


def _class_names(selector: Any) -> list[str]:
    return [str(label) for label in getattr(selector, "classes_", ["all rows"])]


def _mark_edges(ax: "Axes", bins: ColumnBins, missing: int | None) -> None:
    """Label the border of two bins with the value that parts them."""
    first = 0.5 + bins.zero_apart
    marks = {first + place: f"{edge:.3g}" for place, edge in enumerate(bins.edges)}
    if bins.zero_apart:
        marks[0.0] = "0"
    if missing is not None:
        marks[float(missing)] = "missing"
    ax.set_xticks(list(marks), list(marks.values()), rotation=90, fontsize="small")
