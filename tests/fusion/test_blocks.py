import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import loguniform
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    ParameterGrid,
    ParameterSampler,
    RandomizedSearchCV,
)
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline

from fusion import BlockScaler, BlockSelector, column_blocks

NAMES = ["hog__0", "hog__1", "hog__2", "hog__3", "abcd__area", "lbp__0", "lbp__1"]


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    values = rng.normal(size=(200, 7)) * 10.0 ** np.arange(-3, 4) + 5
    return pd.DataFrame(values, columns=NAMES)


def squared_norms(scaled, names=NAMES):
    blocks = pd.Series(column_blocks(names))
    return {b: np.square(scaled[:, blocks == b]).sum(axis=1).mean() for b in blocks.unique()}


def test_block_is_what_precedes_the_first_double_underscore():
    assert column_blocks(["a__b__c", "a_b", "__x", "b__"]) == ["a", "", "", "b"]
    assert column_blocks(None, n_columns=2) == ["", ""]


def test_every_block_has_the_same_expected_squared_norm(table):
    assert_allclose(list(squared_norms(BlockScaler().fit_transform(table)).values()), 1)


def test_weights_scale_blocks(table):
    scaled = BlockScaler(weights={"hog": 0.5, "abcd": 0}).fit_transform(table)
    assert squared_norms(scaled) == pytest.approx({"hog": 0.25, "abcd": 0, "lbp": 1})


def test_arrays_and_plain_names_are_one_block(table):
    scaled = BlockScaler().fit_transform(table.to_numpy())
    assert np.square(scaled).sum(axis=1).mean() == pytest.approx(1)
    plain = table.set_axis(list("abcdefg"), axis=1)
    assert_array_equal(BlockScaler().fit_transform(plain), scaled)


def test_scales_come_from_the_training_rows(table):
    scaler = BlockScaler().fit(table[:100])
    expected = (table - table[:100].mean()) / table[:100].std(ddof=0) / np.sqrt([4] * 4 + [1, 2, 2])
    assert_allclose(scaler.transform(table), expected)


@pytest.mark.parametrize("value", [0.0, 0.1, 1e8])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_constant_columns_become_zero(value, dtype):
    values = np.random.default_rng(0).normal(size=(31, 2)).astype(dtype)
    values[:, 1] = value
    scaled = BlockScaler().fit_transform(values)
    assert_array_equal(scaled[:, 1], 0)
    assert scaled.dtype == dtype


def test_missing_values_stay_and_do_not_count(table):
    values = table.to_numpy()
    holes = values.copy()
    holes[::3, 0] = np.nan
    holes[:, 1] = np.nan
    scaled = BlockScaler().fit_transform(holes)
    assert_array_equal(np.isnan(scaled), np.isnan(holes))
    assert np.nanmean(scaled[:, 0]) == pytest.approx(0, abs=1e-12)


def test_names_are_kept(table):
    scaled = BlockScaler().set_output(transform="pandas").fit_transform(table.astype("float32"))
    assert scaled.columns.tolist() == NAMES
    assert set(scaled.dtypes) == {np.dtype(np.float32)}


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ({"glcm": 1}, r"No column belongs to block\(s\) \['glcm'\]"),
        ({"hog": -1}, "The weight of block 'hog' must be >= 0"),
        ({"hog": np.nan}, "The weight of block 'hog' must be >= 0"),
    ],
)
def test_weights_out_of_range(table, weights, message):
    with pytest.raises(ValueError, match=message):
        BlockScaler(weights=weights).fit(table)


def test_blocks_are_selected_by_name(table):
    selector = BlockSelector(["lbp", "abcd"]).set_output(transform="pandas")
    assert selector.fit_transform(table).columns.tolist() == NAMES[4:]


def test_unknown_blocks_are_named(table):
    with pytest.raises(ValueError, match=r"\['glcm'\]. The table's blocks are \['abcd', 'hog'"):
        BlockSelector(["glcm"]).fit(table)


@pytest.fixture(scope="module")
def toy():
    """Block abcd tells two classes apart, block hog is noise; two images a lesion."""
    rng = np.random.default_rng(0)
    y = rng.permutation(np.arange(150) % 2).repeat(2)
    X = rng.normal(size=(300, 6))
    X[:, :2] += 1.5 * y[:, None]
    names = ["abcd__0", "abcd__1", *(f"hog__{i}" for i in range(4))]
    return pd.DataFrame(X, columns=names), y, np.arange(150).repeat(2)


class TestWeightsAreTuned:
    """The weight of the noise should fall."""

    @pytest.fixture
    def model(self):
        steps = [("scale", BlockScaler()), ("classify", KNeighborsClassifier(15))]
        return Pipeline(steps).set_output(transform="pandas")

    def test_on_a_grid(self, toy, model):
        X, y, lesion = toy
        weights = list(ParameterGrid({"abcd": [1.0], "hog": [0.0, 1.0, 8.0]}))
        search = GridSearchCV(
            model, {"scale__weights": weights}, cv=GroupKFold(3), error_score="raise"
        )
        search.fit(X, y, groups=lesion)
        assert search.best_params_["scale__weights"] == {"abcd": 1.0, "hog": 0.0}
        scores = search.cv_results_["mean_test_score"]
        assert scores[0] > scores[1] > scores[2]

    def test_at_random(self, toy, model):
        X, y, lesion = toy
        ranges = {"abcd": loguniform(0.1, 10), "hog": loguniform(0.1, 10)}
        drawn = list(ParameterSampler(ranges, 8, random_state=0))
        search = RandomizedSearchCV(
            model, {"scale__weights": drawn}, n_iter=8, cv=GroupKFold(3), random_state=0
        )
        best = search.fit(X, y, groups=lesion).best_params_["scale__weights"]
        assert best["abcd"] > best["hog"]
