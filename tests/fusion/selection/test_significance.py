import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy.stats import fisher_exact, kstest

from fusion.binning import count_columns
from fusion.selection import BoltzmannSelector, permutation_p_values


def noise_tables(seed, n_columns, n_rows=300):
    rng = np.random.default_rng(seed)
    y = np.arange(n_rows) % 3
    tables, _ = count_columns(rng.normal(size=(n_rows, n_columns)), y, 3, 8)
    return tables[:, :8]


def test_a_single_table_has_the_p_value_of_fishers_test():
    # The gain is minus the log-probability of the table: both tests order tables alike.
    table = [[12, 5], [3, 10]]
    p_value = permutation_p_values([table], 20_000, random_state=0)
    assert p_value == pytest.approx(fisher_exact(table).pvalue, abs=0.003)


def test_noise_has_uniform_p_values():
    p_values = permutation_p_values(noise_tables(0, 400), 50, random_state=0)
    assert kstest(p_values, "uniform").pvalue > 0.01


def test_the_pooled_null_resolves_small_p_values():
    tables = noise_tables(1, 99)
    strong = np.zeros((1, 8, 3), dtype=int)
    strong[0, [0, 1, 2], [0, 1, 2]] = 100
    p_values = permutation_p_values(np.concatenate([tables, strong]), 20, random_state=0)
    assert p_values[-1] == 1 / (20 * 100 + 1)
    assert p_values.min() == p_values[-1]


def test_equal_tables_have_equal_p_values_up_to_their_draws():
    table = noise_tables(2, 1)
    p_values = permutation_p_values(np.repeat(table, 30, axis=0), 400, random_state=0)
    assert np.ptp(p_values) < 0.1


def test_same_seed_same_p_values():
    tables = noise_tables(3, 5)
    first = permutation_p_values(tables, 30, random_state=7)
    assert_array_equal(permutation_p_values(tables, 30, random_state=7), first)
    assert (permutation_p_values(tables, 30, random_state=8) != first).any()


@pytest.mark.parametrize("n_permutations", [1, 0, 2.5, None])
def test_number_of_permutations_out_of_range(n_permutations):
    with pytest.raises(ValueError, match="`n_permutations` must be an int >= 2"):
        permutation_p_values(noise_tables(0, 2), n_permutations)


def planted(seed, n_rows=200, n_columns=200, n_informative=20):
    rng = np.random.default_rng(seed)
    y = np.arange(n_rows) % 2
    table = rng.normal(size=(n_rows, n_columns))
    table[:, :n_informative] += 1.5 * y[:, None]
    return table, y


def test_false_discoveries_stay_below_the_rate():
    found, false = 0, []
    for seed in range(10):
        selector = BoltzmannSelector(k=("fdr", 0.1), n_permutations=20, random_state=seed)
        kept = selector.fit(*planted(seed)).get_support(indices=True)
        found += (kept < 20).sum()
        false.append((kept >= 20).sum() / max(1, len(kept)))
    assert found >= 0.9 * 200
    assert np.mean(false) < 0.15


def test_noise_alone_is_hardly_ever_kept():
    rng = np.random.default_rng(0)
    y = np.arange(200) % 2
    kept = [
        BoltzmannSelector(k="fdr", n_permutations=20, random_state=0)
        .fit(rng.normal(size=(200, 100)), y)
        .get_support()
        .sum()
        for _ in range(10)
    ]
    assert np.count_nonzero(kept) <= 2


def test_fdr_needs_p_values_from_fit():
    selector = BoltzmannSelector(k=5).fit(*planted(0))
    assert not hasattr(selector, "p_values_")
    with pytest.raises(ValueError, match="k='fdr' needs p-values"):
        selector.set_params(k="fdr").get_support()
    selector.set_params(random_state=0).fit(*planted(0))
    strict = selector.set_params(k=("fdr", 1e-3)).get_support()
    assert strict.sum() <= selector.set_params(k=("fdr", 0.5)).get_support().sum()


@pytest.mark.parametrize("k", [3, 0.2, "mean", "fdr"])
def test_p_values_are_there_under_any_rule(k):
    table, y = planted(0)
    selector = BoltzmannSelector(k=k, n_permutations=100, random_state=0).fit(table, y)
    by_rule = BoltzmannSelector(k="fdr", random_state=0).fit(table, y)
    assert_array_equal(selector.p_values_, by_rule.p_values_)
    assert_array_equal(selector.set_params(k="fdr").get_support(), by_rule.get_support())
    tables = selector.counts_[:, : selector.n_bins_]
    assert_array_equal(permutation_p_values(tables, 100, 0), selector.p_values_)


def test_p_values_of_an_earlier_fit_do_not_stay():
    selector = BoltzmannSelector(k=3, n_permutations=5, random_state=0).fit(*planted(0))
    assert not hasattr(selector.set_params(n_permutations=None).fit(*planted(1)), "p_values_")


def test_constant_columns_have_no_p_value():
    table, y = planted(0, n_columns=30)
    table[:, 4] = 1
    selector = BoltzmannSelector(k="fdr", random_state=0).fit(table, y)
    assert_array_equal(np.flatnonzero(np.isnan(selector.p_values_)), [4])
    assert not selector.get_support()[4]


def test_entropy_has_no_null_of_permuted_labels():
    with pytest.raises(ValueError, match="permuting them cannot change it"):
        BoltzmannSelector(k="fdr", criterion="entropy").fit(*planted(0))
    with pytest.raises(ValueError, match="`n_permutations` must be None, got 50"):
        BoltzmannSelector(criterion="entropy", n_permutations=50).fit(*planted(0))
