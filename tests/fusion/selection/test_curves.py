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


def test_unfitted_selectors_have_no_curve():
    with pytest.raises(NotFittedError):
        score_curve(BoltzmannSelector())
    with pytest.raises(NotFittedError):
        plot_scores(ScoreSelector())
