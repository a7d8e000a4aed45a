import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal

from fusion import BoltzmannSelector
from fusion.selection.counts import check_count_rule, choose_columns, number_kept


def n_kept(k, scores, q_values=None):
    scores = np.array(scores, dtype=float)
    q_values = None if q_values is None else np.array(q_values)
    return int(choose_columns(k, scores, np.ones(len(scores), dtype=bool), q_values).sum())


@pytest.mark.parametrize(
    ("k", "expected"),
    [
        (2, 2),
        (np.int64(3), 3),
        (0.5, 3),
        (0.51, 4),
        ("mean", 2),  # mean 0.3
        ("median", 3),
        (("cumulative", 0.5), 1),  # sum 1.8, half 0.9
        (("cumulative", 0.95), 3),
        (("cumulative", 1.0), 3),
        ("cumulative", 3),
    ],
)
def test_rules_by_hand(k, expected):
    assert n_kept(k, [1.0, 0.6, 0.2, 0.0, 0.0, 0.0]) == expected


def test_cumulative_counts_negative_scores_as_nothing():
    assert n_kept("cumulative", [0.5, 0.5, -0.4, -0.4]) == 2
    assert n_kept("cumulative", [-0.1, -0.2]) == 0


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ([1.0, 0.1, 0.05, 0.02, 0.01, 0.0], 1),
        ([1.0, 0.99, 0.98, 0.1, 0.0], 3),
        ([1.0, 1.0, 1.0, 0.0, 0.0, 0.0], 3),
        ([0.4, 0.4, 0.4], 3),
        ([0.4], 1),
        ([0.9, 0.1], 1),
        ([3.0, 2.0, 1.0], 1),
    ],
)
def test_knee_is_where_the_curve_bends(scores, expected):
    assert n_kept("knee", scores) == expected


def test_fdr_keeps_small_q_values():
    assert n_kept("fdr", [3, 2, 1], [0.01, 0.2, 0.04]) == 2
    assert n_kept(("fdr", 0.5), [3, 2, 1], [0.01, 0.2, 0.04]) == 3


def test_columns_that_are_not_eligible_do_not_count():
    scores, eligible = np.array([0.9, 0.5, 0.0, 0.0]), np.array([True, True, False, False])
    assert choose_columns("mean", scores, eligible).tolist() == [True, False, False, False]
    assert choose_columns("fdr", scores, eligible, np.zeros(4)).sum() == 2
    assert choose_columns("knee", scores, ~eligible & False).sum() == 0
    assert choose_columns(4, scores, eligible).all()


@pytest.mark.parametrize("n_columns", [1, 7, 50, 100, 1000])
def test_shares_are_rounded_up_but_not_by_rounding_errors(n_columns):
    for part in range(1, 101):
        assert number_kept(part / 100, n_columns) == -(-part * n_columns // 100)


@pytest.mark.parametrize(
    "k", [0, -1, 1.5, 0.0, True, None, "best", ("mean", 0.5), ("fdr", 0), ("fdr",), ("fdr", 1.5)]
)
def test_rules_that_are_none(k):
    with pytest.raises(ValueError, match="`k` must be an int >= 1, a float in"):
        check_count_rule(k)


@pytest.fixture
def blocks():
    """Three informative columns in block a, noise in b, one informative column in c."""
    rng = np.random.default_rng(0)
    y = np.arange(400) % 2
    table = rng.normal(size=(400, 9))
    table[:, [0, 1, 2, 8]] += y[:, None] * [3.0, 2.5, 2.0, 1.5]
    names = ["a__0", "a__1", "a__2", "b__0", "b__1", "b__2", "b__3", "c__0", "c__1"]
    return pd.DataFrame(table, columns=names), y


def names_kept(selector):
    return selector.get_feature_names_out().tolist()


def test_each_block_keeps_its_best(blocks):
    table, y = blocks
    assert names_kept(BoltzmannSelector(k=3).fit(table, y)) == ["a__0", "a__1", "a__2"]
    selector = BoltzmannSelector(k=1, per="block").fit(table, y)
    kept = names_kept(selector)
    assert kept[0] == "a__0"
    assert kept[2] == "c__1"
    assert [name[0] for name in kept] == ["a", "b", "c"]
    assert selector.blocks_ == ["a"] * 3 + ["b"] * 4 + ["c"] * 2
    assert [selector.blocks_[j] for j in selector.ranking_] == selector.blocks_


def test_shares_and_thresholds_hold_within_blocks(blocks):
    selector = BoltzmannSelector(k=0.5, per="block").fit(*blocks)
    assert [name[0] for name in names_kept(selector)] == ["a", "a", "b", "b", "c"]
    best = selector.set_params(k="knee").get_support()
    assert best[8]
    assert not best[7]


def test_more_than_a_block_has_is_all_of_it(blocks):
    kept = names_kept(BoltzmannSelector(k=3, per="block").fit(*blocks))
    assert [name[0] for name in kept] == ["a"] * 3 + ["b"] * 3 + ["c"] * 2


def test_columns_without_names_are_one_block(blocks):
    table, y = blocks
    whole = BoltzmannSelector(k=3).fit(table.to_numpy(), y)
    one = BoltzmannSelector(k=3, per="block").fit(table.to_numpy(), y)
    assert_array_equal(one.get_support(), whole.get_support())
    with pytest.raises(ValueError, match=r"`per` must be one of \['block', 'table'\]"):
        BoltzmannSelector(per="column").fit(table, y)
