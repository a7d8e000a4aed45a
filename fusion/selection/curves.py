"""What a selection looks like: tables and pictures of fitted selectors."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from sklearn.utils.validation import _check_feature_names_in, check_is_fitted

from fusion.selection._axes import own_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def score_curve(selector: Any) -> pd.DataFrame:
    """Columns from best to worst, with what the selector knows of them.

    Parameters
    ----------
    selector : RankingSelector
        Fitted.

    Returns
    -------
    DataFrame
        One row a column in the order of `ranking_`: `rank` from 1, `column` (its name), `block`,
        `score`, `kept`, and `p_value` where there are any.

    Examples
    --------
    >>> from fusion import BoltzmannSelector
    >>> y = np.repeat([0, 1], 50)
    >>> X = np.column_stack([np.random.default_rng(0).normal(size=100), y + 0.0])
    >>> score_curve(BoltzmannSelector(k=1).fit(X, y))[["rank", "column", "kept"]]
       rank column   kept
    0     1     x1   True
    1     2     x0  False
    """
    check_is_fitted(selector)
    order = selector.ranking_
    table = pd.DataFrame(
        {
            "rank": np.arange(1, len(order) + 1),
            "column": _check_feature_names_in(selector)[order],
            "block": np.array(selector.blocks_, dtype=object)[order],
            "score": selector.scores_[order],
            "kept": selector.get_support()[order],
        }
    )
    if hasattr(selector, "p_values_"):
        table["p_value"] = selector.p_values_[order]
    return table


def plot_scores(selector: Any, ax: "Axes | None" = None) -> "Axes":
    """Draw the sorted scores of a fitted selector, and where it cuts.

    Parameters
    ----------
    selector : RankingSelector
        Fitted.
    ax : Axes, default=None
        Where to draw; a figure of its own by default.

    Returns
    -------
    Axes
        With two lines: all scores in grey, those of the columns kept on top. P-values, where the
        selector has them, are points on an axis of their own, ``ax.figure.axes[-1]``.
    """
    table = score_curve(selector).sort_values("score", ascending=False, kind="stable")
    place = np.arange(1, len(table) + 1)
    kept = table["kept"].to_numpy()
    ax = ax or own_axes()
    ax.plot(place, table["score"], color="0.7")
    ax.plot(place[kept], table["score"][kept], ".", label=f"{kept.sum()} of {len(kept)} kept")
    ax.set(xlabel="columns, best first", ylabel="score")
    ax.legend()
    if "p_value" in table:
        beside = ax.twinx()
        # A p-value of 0 is one below the smallest float.
        drawn = table["p_value"].clip(lower=np.finfo(np.float64).tiny)
        beside.plot(place, drawn, "x", color="tab:red", markersize=3)
        beside.set(yscale="log", ylabel="p-value")
    return ax


def plot_candidates(rule: Any, ax: "Axes | None" = None) -> "Axes":
    """Draw the inner score of a fitted `OneStandardError` against the number of columns.

    Parameters
    ----------
    rule : OneStandardError
        Fitted.
    ax : Axes, default=None
        Where to draw; a figure of its own by default.

    Returns
    -------
    Axes
        Means with one corrected standard error, and the candidate chosen.
    """
    check_is_fitted(rule)
    table = rule.results_.sort_values("n_columns", kind="stable")
    # By their words: 1 is one column, 1.0 all of them.
    chosen = rule.results_[[repr(k) == repr(rule.k_) for k in rule.results_["k"]]].iloc[0]
    ax = ax or own_axes()
    ax.errorbar(table["n_columns"], table["mean"], yerr=table["standard_error"], capsize=3)
    ax.plot(chosen["n_columns"], chosen["mean"], "o", label=f"chosen: k = {rule.k_}")
    ax.set(xscale="log", xlabel="columns kept", ylabel="score on inner folds")
    ax.legend()
    return ax
