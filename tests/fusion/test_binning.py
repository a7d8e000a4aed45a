import numpy as np
import pytest
from numpy.testing import assert_array_equal

from fusion import bin_columns, choose_n_bins, contingency_tables
from fusion.binning import RULES, count_columns


@pytest.mark.parametrize(
    ("n_samples", "n_classes", "expected"),
    [(8000, 7, 32), (400, None, 15), (400, 2, 15), (200, 7, 5), (40, None, 8), (30, 7, 2)],
)
def test_automatic_number_of_bins(n_samples, n_classes, expected):
    assert choose_n_bins(n_samples, n_classes) == expected


def test_number_of_bins_asked_for_is_a_ceiling():
    assert choose_n_bins(1000, 2, 16) == 16
    assert choose_n_bins(100, 2, 16) == 10


@pytest.mark.parametrize("n_bins", [1, 0, 2.0, "many", True, 10**6])
def test_number_of_bins_out_of_range(n_bins):
    with pytest.raises(ValueError, match="`n_bins` must be 'auto' or an int"):
        choose_n_bins(100, 2, n_bins)


def column(*values):
    return np.array(values, dtype=float)[:, None]


def codes_of(values, n_bins, rule):
    return bin_columns(np.asarray(values, dtype=float)[:, None], n_bins, rule).ravel()


def test_equal_widths_between_extremes():
    codes = codes_of(np.linspace(1, 2, 101), 4, "min-max")
    assert_array_equal(codes[[0, 24, 25, 26, 50, 74, 76, 100]], [0, 0, 1, 1, 2, 2, 3, 3])


def test_outliers_are_counted_in_the_end_bins():
    values = np.r_[np.linspace(1, 2, 1000), 1e6]
    assert len(np.unique(codes_of(values, 8, "min-max"))) == 2
    codes = codes_of(values, 8, "quantile-range")
    assert_array_equal(np.unique(codes), np.arange(8))
    assert codes[-1] == 7


def test_quantile_range_follows_numpy_quantiles():
    values = np.random.default_rng(0).normal(size=501)
    low, high = np.quantile(values, [0.01, 0.99])
    expected = np.clip(np.floor((values - low) / (high - low) * 10), 0, 9)
    assert_array_equal(codes_of(values, 10, "quantile-range"), expected)


def test_z_score_grid_is_three_deviations_wide():
    values = np.random.default_rng(0).normal(5, 2, size=4000)
    z = (values - values.mean()) / values.std()
    expected = np.clip(np.floor((z + 3) / 6 * 12), 0, 11)
    assert_array_equal(codes_of(values, 12, "z-score"), expected)


def test_equal_frequency_fills_bins_evenly():
    values = np.random.default_rng(0).exponential(size=1000) + 1
    assert_array_equal(np.bincount(codes_of(values, 10, "equal-frequency")), [100] * 10)


@pytest.mark.parametrize("rule", sorted(RULES))
def test_few_levels_stay_as_they_are(rule):
    codes = codes_of([3, 7, 7, 100, 3, 7, 100, -2], 8, rule)
    assert_array_equal(codes, [1, 2, 2, 3, 1, 2, 3, 0])


@pytest.mark.parametrize("rule", sorted(RULES))
def test_zeros_of_inflated_columns_have_a_bin_of_their_own(rule):
    rng = np.random.default_rng(0)
    values = np.r_[np.zeros(500), rng.normal(size=500)]
    codes = codes_of(values, 8, rule)
    assert_array_equal(codes == 0, values == 0)
    assert codes.max() == 7


def test_zero_bin_does_not_change_the_bins_of_the_rest():
    rest = np.random.default_rng(0).normal(size=500)
    together = codes_of(np.r_[np.zeros(500), rest], 9, "quantile-range")[500:]
    assert_array_equal(together, codes_of(rest, 8, "quantile-range") + 1)


def test_a_zero_by_chance_is_a_number_like_others():
    codes = codes_of(np.r_[0.0, np.random.default_rng(0).normal(size=999)], 8, "quantile-range")
    assert np.count_nonzero(codes == codes[0]) > 50


@pytest.mark.parametrize("rule", sorted(RULES))
def test_missing_values_have_the_code_after_the_last_bin(rule):
    values = np.random.default_rng(0).normal(size=300)
    holes = values.copy()
    holes[::3] = np.nan
    codes = codes_of(holes, 8, rule)
    assert_array_equal(codes == 8, np.isnan(holes))
    assert_array_equal(codes[~np.isnan(holes)], codes_of(holes[~np.isnan(holes)], 8, rule))


@pytest.mark.parametrize("rule", sorted(RULES))
@pytest.mark.parametrize("value", [0.0, 3.7, -1e30, 1e-310])
def test_constant_columns_fill_one_bin(rule, value):
    assert_array_equal(codes_of([value] * 20, 8, rule), 0)


@pytest.mark.parametrize("rule", sorted(RULES))
def test_unknown_columns_are_all_missing(rule):
    assert_array_equal(codes_of([np.nan] * 20, 8, rule), 8)


def test_equal_quantiles_make_one_bin():
    values = np.r_[np.full(995, 3.0), np.arange(5)]
    assert_array_equal(codes_of(values, 4, "quantile-range"), 0)
    assert codes_of(values, 4, "min-max").max() > 0


def test_columns_do_not_depend_on_each_other():
    rng = np.random.default_rng(0)
    table = rng.normal(size=(50, 7)) * np.array([1, 0, 1, 5, 0, 1, 1])
    table[::4, 3] = np.nan
    together = bin_columns(table, 6)
    for j in range(7):
        assert_array_equal(together[:, [j]], bin_columns(table[:, [j]], 6))


def test_infinite_values_and_unknown_rules():
    with pytest.raises(ValueError, match="Infinite values"):
        bin_columns(column(1, np.inf), 4)
    with pytest.raises(ValueError, match="`rule` must be one of"):
        bin_columns(column(1, 2), 4, "quantiles")


def test_contingency_tables_count_pairs():
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 5, size=(100, 3)).astype(np.int16)
    classes = rng.integers(0, 2, size=100)
    tables = contingency_tables(codes, 5, classes, 2)
    assert tables.shape == (3, 5, 2)
    for j in range(3):
        for code in range(5):
            for label in range(2):
                pairs = (codes[:, j] == code) & (classes == label)
                assert tables[j, code, label] == pairs.sum()


@pytest.fixture(scope="module")
def mixed():
    """Columns of every kind: continuous, missing, inflated by zeros, few levels, constant."""
    rng = np.random.default_rng(0)
    table = rng.normal(size=(300, 7))
    table[::5, 1] = np.nan
    table[:, 2] = np.maximum(table[:, 2], 0)
    table[:, 3] = rng.integers(0, 4, size=300)
    table[:, 4] = 2.5
    table[:, 5] = np.nan
    table[:, 6] *= 1e6
    return table, rng.integers(0, 3, size=300)


@pytest.mark.parametrize("rule", sorted(RULES))
def test_counts_in_one_pass_are_those_of_the_codes(mixed, rule):
    table, classes = mixed
    tables, _ = count_columns(table, classes, 3, 8, rule)
    assert_array_equal(tables, contingency_tables(bin_columns(table, 8, rule), 9, classes, 3))
    assert_array_equal(tables.sum(axis=(1, 2)), 300)


@pytest.mark.parametrize("rule", sorted(RULES))
def test_edges_tell_the_bin_of_a_value(mixed, rule):
    table, classes = mixed
    codes = bin_columns(table, 8, rule)
    _, bins = count_columns(table, classes, 3, 8, rule)
    assert [one.zero_apart for one in bins] == [False, False, True, *[False] * 4]
    for column, one in enumerate(bins):
        known = ~np.isnan(table[:, column])
        values, expected = table[known, column], codes[known, column]
        found = np.searchsorted(one.edges, values, side="right")
        if one.zero_apart:
            found = np.where(values == 0, 0, found + 1)
        # Rounding may put a value that lies on an edge on its other side.
        assert np.count_nonzero(found != expected) <= 2


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_threads_and_chunks_change_nothing(mixed, dtype, monkeypatch):
    table, classes = mixed[0].astype(dtype), mixed[1]
    whole, bins = count_columns(table, classes, 3, 8)
    monkeypatch.setattr("fusion.binning._TRANSPOSED_VALUES", 900)
    monkeypatch.setattr("fusion.binning._CACHED_VALUES", 300)
    parts, again = count_columns(np.asfortranarray(table), classes, 3, 8, n_jobs=2)
    assert_array_equal(parts, whole)
    for one, other in zip(bins, again, strict=True):
        assert_array_equal(one.edges, other.edges)


def test_infinite_values_are_not_counted():
    with pytest.raises(ValueError, match="Infinite values"):
        count_columns(column(1, -np.inf, np.nan), np.zeros(3, dtype=int), 1, 4)
