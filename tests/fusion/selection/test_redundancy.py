import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.feature_selection import f_classif
from sklearn.metrics import adjusted_mutual_info_score

from fusion import BoltzmannSelector, bin_columns, contingency_tables
from fusion.selection import ScoreSelector, symmetric_uncertainty
from fusion.selection.counts import number_kept
from fusion.selection.redundancy import (
    PairwiseUncertainty,
    fcbf_survivors,
    mrmr_order,
    thin_out,
)


@pytest.fixture
def doubled():
    """600 rows: three informative columns, noisy copies of the first two, two of noise."""
    rng = np.random.default_rng(0)
    y = np.arange(600) % 3
    informative = rng.normal(size=(600, 3)) + np.column_stack([1.5 * y, y == 1, 0.8 * (y == 2)])
    copies = informative[:, :2] + 0.05 * rng.normal(size=(600, 2))
    return np.hstack([informative, copies, rng.normal(size=(600, 2))]), y


def pair_table(a, b, n_bins):
    return contingency_tables(bin_columns(a[:, None], n_bins), n_bins, b, n_bins)[0]


def test_uncertainty_of_equal_and_of_independent_columns():
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 6, (2, 300))
    assert symmetric_uncertainty(pair_table(a, a, 6)) == pytest.approx(1)
    independent = [symmetric_uncertainty(pair_table(a, rng.permutation(b), 6)) for _ in range(200)]
    assert abs(np.mean(independent)) < 3 * np.std(independent) / np.sqrt(200)
    assert symmetric_uncertainty([[7, 0], [0, 0]]) == 0


def test_uncertainty_tends_to_adjusted_mutual_information():
    rng = np.random.default_rng(1)
    a = rng.integers(0, 4, 5000)
    b = np.where(rng.random(5000) < 0.4, a, rng.integers(0, 5, 5000))
    rival = adjusted_mutual_info_score(a, b, average_method="arithmetic")
    assert symmetric_uncertainty(pair_table(a, b, 5)) == pytest.approx(rival, abs=5e-3)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 9), st.integers(12, 60))
def test_all_pairs_at_once_are_pairs_one_by_one(seed, n_codes, n_rows):
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, n_codes, (n_rows, 4)).astype(np.int16)
    codes[:, 2] = codes[:, 0] // 2
    codes[:, 3] = 0
    pairs = PairwiseUncertainty(codes)
    for column in range(4):
        other = codes[:, column].astype(np.intp)
        tables = contingency_tables(codes, n_codes, other, n_codes)
        assert_allclose(pairs(column), symmetric_uncertainty(tables), atol=1e-9)


def test_greedy_order_by_hand():
    alike = np.array([[1.0, 0.8, 0.1], [0.8, 1.0, 0.2], [0.1, 0.2, 1.0]])
    # First 0.9; then 0.85 - 0.8 against 0.3 - 0.1.
    assert_array_equal(mrmr_order(np.array([0.9, 0.85, 0.3]), alike.__getitem__), [0, 2, 1])
    # 0.85 / 0.8 against 0.3 / 0.1.
    quotient = mrmr_order(np.array([0.9, 0.85, 0.3]), alike.__getitem__, quotient=True)
    assert_array_equal(quotient, [0, 2, 1])
    assert_array_equal(mrmr_order(np.array([0.1, 0.5, 0.5]), np.eye(3).__getitem__), [1, 2, 0])


def test_fcbf_by_hand():
    alike = np.array([[1.0, 0.4, 0.1], [0.4, 1.0, 0.3], [0.1, 0.3, 1.0]])
    # The second goes for the first; the third would go for the second, which is gone.
    assert_array_equal(
        fcbf_survivors(np.array([0.5, 0.35, 0.2]), alike.__getitem__), [True, False, True]
    )
    assert fcbf_survivors(np.array([0.5, 0.41, 0.31]), alike.__getitem__).all()


def test_order_of_mrmr_puts_copies_last(doubled):
    plain = BoltzmannSelector(k=3).fit(*doubled)
    thinned = BoltzmannSelector(k=3, redundancy="mrmr").fit(*doubled)
    assert not plain.get_support()[:3].all()
    assert_array_equal(thinned.scores_, plain.scores_)
    first = thinned.ranking_[:3] % 3
    assert sorted(first.tolist()) == [0, 1, 2]
    assert thinned.eligible_.all()


def test_fcbf_drops_copies(doubled):
    selector = BoltzmannSelector(k=1.0, redundancy="fcbf").fit(*doubled)
    kept = selector.get_support(indices=True)
    assert_array_equal(kept, np.flatnonzero(selector.eligible_))
    assert len({0, 3} & set(kept)) == 1
    assert len({1, 4} & set(kept)) == 1
    assert 2 in kept
    assert_array_equal(np.sort(selector.ranking_), np.arange(7))
    assert selector.eligible_[selector.ranking_[: len(kept)]].all()


@pytest.mark.parametrize("k", [1, 2, 6, 0.3, 0.5, 1.0])
def test_a_number_never_brings_back_what_fcbf_has_dropped(doubled, k):
    selector = BoltzmannSelector(k=k, redundancy="fcbf").fit(*doubled)
    support, n_offered = selector.get_support(), selector.eligible_.sum()
    assert 1 < n_offered < 6
    assert support.sum() == min(number_kept(k, 7), n_offered)
    assert not support[~selector.eligible_].any()


def test_fcbf_keeps_at_most_k_of_each_block():
    rng = np.random.default_rng(0)
    y = np.arange(300) % 2
    noise = rng.normal(size=(2, 300)) * 3
    signal = rng.normal(size=300) + y
    columns = {"a__x": signal, "a__y": 2 * signal, "b__x": noise[0] + y, "b__y": noise[1] + y}
    table = pd.DataFrame(columns)
    selector = BoltzmannSelector(k=2, redundancy="fcbf", per="block").fit(table, y)
    assert selector.get_support().sum() == selector.eligible_.sum()
    assert selector.get_support()[:2].sum() == 1


def test_thinning_works_within_blocks():
    rng = np.random.default_rng(0)
    y = np.arange(300) % 2
    column = rng.normal(size=300) + y
    table = pd.DataFrame({"a__x": column, "a__y": column, "b__x": column, "b__y": -column})
    one = BoltzmannSelector(k=1.0, redundancy="fcbf").fit(table, y)
    each = BoltzmannSelector(k=1.0, redundancy="fcbf", per="block").fit(table, y)
    assert one.eligible_.sum() == 1
    assert_array_equal(each.eligible_, [True, False, True, False])


def test_only_the_best_are_compared(doubled, monkeypatch):
    monkeypatch.setattr("fusion.selection.boltzmann_selector.MOST_COMPARED", 2)
    table, y = doubled
    ranking = BoltzmannSelector().fit(table, y).ranking_
    mrmr = BoltzmannSelector(redundancy="mrmr").fit(table, y).ranking_
    assert_array_equal(np.sort(mrmr[:2]), np.sort(ranking[:2]))
    assert_array_equal(mrmr[2:], ranking[2:])
    # Both are copies of one column: FCBF keeps one, and what it has not compared is out too.
    fcbf = BoltzmannSelector(redundancy="fcbf").fit(table, y)
    assert fcbf.eligible_.sum() == 1
    assert_array_equal(fcbf.ranking_, ranking)


def test_missing_values_count_as_a_bin(doubled):
    table, y = doubled
    table[::5, 0] = np.nan
    assert BoltzmannSelector(k=3, redundancy="mrmr").fit(table, y).get_support().sum() == 3
    fcbf = BoltzmannSelector(k=3, redundancy="fcbf").fit(table, y)
    assert fcbf.get_support().sum() == min(3, fcbf.eligible_.sum())


def test_columns_without_any_worth_are_left_as_they_are():
    selector = BoltzmannSelector(k=1, redundancy="fcbf").fit(np.ones((40, 3)), np.arange(40) % 2)
    assert not selector.eligible_.any()
    assert not selector.get_support().any()


def test_labels_are_one_column_more(doubled):
    table, y = doubled
    codes = bin_columns(table, 8)
    order, n_kept = thin_out("fcbf", codes, np.zeros(7), y)
    to_labels = [
        symmetric_uncertainty(contingency_tables(codes[:, [j]], 8, y, 3)[0]) for j in range(7)
    ]
    kept = fcbf_survivors(np.array(to_labels), PairwiseUncertainty(codes))
    assert_array_equal(np.sort(order[:n_kept]), np.flatnonzero(kept))


@pytest.mark.parametrize("k", ["mean", "knee", ("cumulative", 0.5), "fdr"])
def test_an_order_without_scores_cannot_be_cut(doubled, k):
    with pytest.raises(ValueError, match="gives an order and no scores to cut"):
        BoltzmannSelector(k, redundancy="mrmr").fit(*doubled)


@pytest.mark.parametrize("redundancy", ["mrmr", "fcbf"])
@pytest.mark.parametrize("criterion", ["gain", "entropy"])
def test_redundancy_goes_with_the_adjusted_gain(doubled, redundancy, criterion):
    with pytest.raises(ValueError, match="it needs criterion='adjusted'"):
        BoltzmannSelector(redundancy=redundancy, criterion=criterion).fit(*doubled)


def plain_mrmr(table, y, k):
    """The loop that mrmr-selection runs: F over the mean absolute correlation, at least 0.001."""
    relevance = f_classif(table, y)[0]
    correlation = np.abs(np.corrcoef(table.T)).clip(1e-3)
    order = [int(relevance.argmax())]
    while len(order) < k:
        value = relevance / correlation[:, order].mean(axis=1)
        value[order] = -np.inf
        order.append(int(value.argmax()))
    return order


def test_quotient_order_is_that_of_the_plain_loop(doubled):
    table, y = doubled
    ranking = ScoreSelector("mrmr").fit(table, y).ranking_
    assert_array_equal(ranking, plain_mrmr(table, y, 7))
