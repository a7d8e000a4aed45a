import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import NotFittedError
from sklearn.naive_bayes import GaussianNB

from fusion.selection import (
    BoltzmannSelector,
    OneStandardError,
    ScoreSelector,
    plot_bins,
    plot_candidates,
    plot_scores,
    score_curve,
)


@pytest.fixture
def named():
    rng = np.random.default_rng(0)
    y = np.arange(200) % 2
    table = rng.normal(size=(200, 6)) + y[:, None] * [0, 0, 2.0, 0, 1.0, 0]
    names = ["a__0", "a__1", "a__2", "b__0", "b__1", "b__2"]
    return pd.DataFrame(table, columns=names), y


def test_curve_lists_columns_from_best_to_worst(named):
    selector = BoltzmannSelector(k=2).fit(*named)
    curve = score_curve(selector)
    assert curve.columns.tolist() == ["rank", "column", "block", "score", "kept"]
    assert curve["column"].tolist()[:2] == ["a__2", "b__1"]
    assert_array_equal(curve["rank"], np.arange(1, 7))
    assert_array_equal(curve["kept"], [True, True, False, False, False, False])
    assert (np.diff(curve["score"]) <= 0).all()


def test_curve_follows_a_change_of_k_and_knows_blocks(named):
    selector = BoltzmannSelector(k=1, per="block").fit(*named)
    curve = score_curve(selector)
    assert curve["block"].tolist() == ["a"] * 3 + ["b"] * 3
    assert curve["column"][curve["kept"]].tolist() == ["a__2", "b__1"]
    assert score_curve(selector.set_params(k=2))["kept"].sum() == 4


@pytest.mark.parametrize(
    "selector", [BoltzmannSelector(k="fdr", random_state=0), ScoreSelector("anova_f")]
)
def test_curve_has_p_values_where_there_are_any(named, selector):
    curve = score_curve(selector.fit(*named))
    expected = dict(zip(named[0].columns, selector.p_values_, strict=True))
    assert dict(zip(curve["column"], curve["p_value"], strict=True)) == expected


def test_scores_are_drawn_with_the_columns_kept_on_top(named):
    ax = plot_scores(BoltzmannSelector(k=2).fit(*named))
    every, kept = ax.get_lines()
    assert_array_equal(every.get_xdata(), np.arange(1, 7))
    assert_array_equal(kept.get_xdata(), [1, 2])
    assert_allclose(kept.get_ydata(), every.get_ydata()[:2])
    assert kept.get_label() == "2 of 6 kept"


def test_p_values_are_drawn_on_an_axis_of_their_own(named):
    selector = BoltzmannSelector(k=2, n_permutations=20, random_state=0).fit(*named)
    ax = plot_scores(selector)
    scores, beside = ax.figure.axes
    assert scores is ax
    assert beside.get_yscale() == "log"
    (points,) = beside.get_lines()
    order = np.argsort(-selector.scores_, kind="stable")
    assert_array_equal(points.get_ydata(), selector.p_values_[order])
    assert_array_equal(ax.get_lines()[0].get_ydata(), selector.scores_[order])
    assert len(plot_scores(BoltzmannSelector(k=2).fit(*named)).figure.axes) == 1


def test_p_values_of_zero_and_none_can_be_drawn(named):
    table, y = named
    separated = table.assign(a__0=y + 1e-9 * table["a__0"], b__2=1.0)
    figure = plot_scores(ScoreSelector("anova_f", k=2).fit(separated, y)).figure
    figure.canvas.draw()


def bars(ax):
    """Heights of the bars, shape (n_classes, n_bins)."""
    return np.array([[bar.get_height() for bar in stack] for stack in ax.containers])


def test_bins_are_drawn_with_the_shares_of_their_classes(named):
    table, y = named
    labels = np.array(["nevus", "melanoma"])[y]
    selector = BoltzmannSelector(k=2).fit(table, labels)
    ax = plot_bins(selector, "a__2")
    counts = selector.counts_[2, : selector.n_bins_]
    assert_allclose(bars(ax), (counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)).T)
    assert_allclose(ax.get_lines()[0].get_ydata(), counts.sum(axis=1) / 200)
    assert_allclose(ax.get_xticks(), np.arange(len(selector.bins_[2].edges)) + 0.5)
    labels = [tick.get_text() for tick in ax.get_xticklabels()]
    assert labels == [f"{edge:.3g}" for edge in selector.bins_[2].edges]
    names = [text.get_text() for text in ax.get_legend().get_texts()]
    assert set(names) == {"melanoma", "nevus", "share of all rows"}
    assert [stack.get_label() for stack in ax.containers] == ["melanoma", "nevus"]
    assert ax.get_xlabel() == "bins of a__2"
    assert_allclose(bars(plot_bins(selector, 2, Figure().subplots())), bars(ax))


def test_bins_of_zeros_of_levels_and_of_missing_values(named):
    table, y = named
    rectified = np.maximum(table["a__0"], 0)
    table = table.assign(a__0=rectified, a__1=np.r_[np.full(50, np.nan), np.arange(150) % 3])
    selector = BoltzmannSelector(k=2, missing="bin").fit(table, y)
    zeros = plot_bins(selector, 0)
    assert [tick.get_text() for tick in zeros.get_xticklabels()][-1] == "0"
    assert zeros.get_lines()[0].get_ydata()[0] == pytest.approx((rectified == 0).mean())
    levels = plot_bins(selector, 1)
    assert [tick.get_text() for tick in levels.get_xticklabels()] == ["1", "2", "missing"]
    assert_array_equal(levels.get_lines()[0].get_xdata(), [0, 1, 2, selector.n_bins_])
    assert_allclose(levels.get_lines()[0].get_ydata(), [0.25] * 4)
    constant = BoltzmannSelector(k=1, criterion="entropy").fit(table.assign(b__0=1.0))
    assert_array_equal(bars(plot_bins(constant, "b__0")), [[1]])


@pytest.mark.parametrize(
    ("column", "message"), [("c__9", "fitted on, got 'c__9'"), (6, "0 to 5"), (-1, "got -1")]
)
def test_bins_of_unknown_columns(named, column, message):
    with pytest.raises(ValueError, match=message):
        plot_bins(BoltzmannSelector(k=2).fit(*named), column)


def test_an_order_of_redundancy_is_drawn_by_score(named):
    table, y = named
    table = table.assign(b__3=table["a__2"] * 1.01)
    ax = plot_scores(BoltzmannSelector(k=2, redundancy="mrmr").fit(table, y))
    every, kept = ax.get_lines()
    assert (np.diff(every.get_ydata()) <= 0).all()
    assert kept.get_xdata().tolist() == [1, 3]


def test_candidates_are_drawn_with_their_errors(named):
    rule = OneStandardError(BoltzmannSelector(), GaussianNB(), [1, 2, 6], random_state=0)
    ax = Figure().subplots()
    assert plot_candidates(rule.fit(*named), ax) is ax
    chosen = next(line for line in ax.get_lines() if line.get_label().startswith("chosen"))
    assert chosen.get_label() == f"chosen: k = {rule.k_}"
    assert chosen.get_xdata().tolist() == [rule.k_]
    assert len(ax.containers[0].lines[0].get_xdata()) == 3


def test_one_column_is_not_all_of_them(named):
    rule = OneStandardError(BoltzmannSelector(), GaussianNB(), [1.0, 1], random_state=0)
    rule.n_errors = 1000  # whatever has the fewest columns is good enough
    ax = plot_candidates(rule.fit(*named), Figure().subplots())
    chosen = next(line for line in ax.get_lines() if line.get_label().startswith("chosen"))
    assert chosen.get_xdata().tolist() == [1]


def test_unfitted_selectors_have_no_curve():
    with pytest.raises(NotFittedError):
        score_curve(BoltzmannSelector())
    with pytest.raises(NotFittedError):
        plot_scores(ScoreSelector())
