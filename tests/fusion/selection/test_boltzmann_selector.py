import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.feature_selection import SelectKBest, f_classif
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from fusion import (
    BoltzmannSelector,
    ScoreSelector,
    adjusted_boltzmann_gain,
    fit_with_groups,
)

CRITERIA = ["adjusted", "gain", "entropy"]


@pytest.fixture
def toy():
    """400 rows: two informative columns, three of noise, then a constant one."""
    rng = np.random.default_rng(0)
    y = np.repeat(["melanoma", "nevus"], 200)
    is_nevus = (y == "nevus").astype(float)
    bimodal = rng.normal(size=400) + 8 * is_nevus
    count = np.clip(rng.poisson(1 + 2 * is_nevus), 0, 5)
    table = np.column_stack(
        [
            rng.uniform(size=400),
            bimodal,
            rng.normal(size=400),
            count,
            rng.normal(size=400),
            np.ones(400),
        ]
    )
    return table, y


def few_rows(seed, n_rows=60, n_columns=8):
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.arange(n_rows) % 3)
    table = rng.normal(size=(n_rows, n_columns)) + 0.5 * y[:, None] * rng.random(n_columns)
    return table, y


def test_informative_columns_come_first(toy):
    table, y = toy
    selector = BoltzmannSelector(k=2).fit(table, y)
    assert_array_equal(selector.get_support(indices=True), [1, 3])
    assert selector.scores_[1] == pytest.approx(1, abs=0.02)
    assert_allclose(selector.scores_[[0, 2, 4]], 0, atol=0.03)


def test_entropy_rewards_noise_and_penalises_counts(toy):
    scores = BoltzmannSelector(criterion="entropy", n_bins=16).fit(toy[0]).scores_
    assert scores[0] > 0.98 > scores[1] > scores[3]
    assert scores[5] == 0


def test_entropy_ignores_labels(toy):
    table, y = toy
    selector = BoltzmannSelector(criterion="entropy")
    alone = selector.fit(table).scores_
    assert_array_equal(selector.fit(table, y).scores_, alone)
    assert_array_equal(selector.fit(table, y[::-1]).scores_, alone)


def test_labels_are_required_where_they_count(toy):
    with pytest.raises(ValueError, match="requires y to be passed"):
        BoltzmannSelector().fit(toy[0])


def test_gain_is_per_sample_and_biased_upwards(toy):
    scores = BoltzmannSelector(criterion="gain").fit(*toy).scores_
    assert (scores[:5] > 0).all()
    assert scores.max() <= np.log(2)


def test_entropy_refuses_equal_frequency(toy):
    with pytest.raises(ValueError, match="every continuous column has the same entropy"):
        BoltzmannSelector(criterion="entropy", binning="equal-frequency").fit(toy[0])
    BoltzmannSelector(binning="equal-frequency").fit(*toy)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"criterion": "shannon"}, "`criterion` must be one of"),
        ({"binning": "kmeans"}, "`binning` must be one of"),
        ({"missing": "impute"}, "`missing` must be one of"),
        ({"k": 0}, "`k` must be an int >= 1"),
        ({"k": 1.5}, "`k` must be an int >= 1"),
        ({"k": True}, "`k` must be an int >= 1"),
        ({"k": "best"}, "`k` must be an int >= 1"),
        ({"n_bins": 1}, "`n_bins` must be 'auto'"),
    ],
)
def test_parameters_out_of_range(toy, parameters, message):
    with pytest.raises(ValueError, match=message):
        BoltzmannSelector(**parameters).fit(*toy)


@pytest.mark.parametrize(
    ("k", "n_kept"), [(1, 1), (3, 3), (0.1, 1), (0.5, 3), (1.0, 6), ("mean", 2), ("median", 3)]
)
def test_how_many_are_kept(toy, k, n_kept):
    assert BoltzmannSelector(k=k).fit_transform(*toy).shape == (400, n_kept)


def test_rounding_does_not_add_a_column():
    table, y = few_rows(0, n_columns=100)
    assert BoltzmannSelector(k=0.07).fit(table, y).get_support().sum() == 7


def test_more_than_all_columns_are_all_columns(toy):
    with pytest.warns(UserWarning, match="k=9 is more than the 6 columns"):
        selector = BoltzmannSelector(k=9).fit(*toy)
    assert selector.get_support().all()


@pytest.mark.parametrize("criterion", CRITERIA)
def test_constant_columns_come_last_unless_k_forces_them(toy, criterion):
    table, y = toy
    table[:, 0] = np.r_[np.full(398, 7.0), 1.0, 2.0]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        selector = BoltzmannSelector(k=4, criterion=criterion).fit(table, y)
    assert_array_equal(selector.scores_[[0, 5]], 0)
    assert_array_equal(selector.eligible_, [False, True, True, True, True, False])
    assert_array_equal(selector.get_support(), selector.eligible_)
    assert selector.set_params(k=6).get_support().all()
    assert not selector.set_params(k="median").get_support()[[0, 5]].any()


def test_all_constant_columns():
    selector = BoltzmannSelector(k=1).fit(np.ones((40, 3)), np.arange(40) % 2)
    assert_array_equal(selector.get_support(), [True, False, False])
    assert not selector.set_params(k="mean").get_support().any()


def test_columns_are_scored_on_their_known_rows(toy):
    table, y = toy
    table[::4, 1] = np.nan
    kept = ~np.isnan(table[:, 1])
    scores = BoltzmannSelector(n_bins=12).fit(table, y).scores_
    assert scores[1] == BoltzmannSelector(n_bins=12).fit(table[kept], y[kept]).scores_[1]


def test_columns_that_are_mostly_missing_are_not_ranked(toy):
    table, y = toy
    table[:210, 1] = np.nan
    selector = BoltzmannSelector(k=1).fit(table, y)
    assert not selector.eligible_[1]
    assert_array_equal(selector.get_support(indices=True), [3])


def test_missingness_can_inform(toy):
    table, y = toy
    table[y == "nevus", 0] = np.nan
    assert not BoltzmannSelector(k=1).fit(table, y).eligible_[5]
    selector = BoltzmannSelector(k=2, missing="bin").fit(table, y)
    assert selector.scores_[0] == pytest.approx(1)
    assert 0 in selector.get_support(indices=True)
    entropy = BoltzmannSelector(criterion="entropy", missing="bin").fit(table).scores_
    assert (entropy <= 1).all()


def test_missing_values_pass_through_transform(toy):
    table, y = toy
    table[::4, 1] = np.nan
    assert np.isnan(BoltzmannSelector(k=1).fit_transform(table, y)).sum() == 100


def test_infinite_values_are_refused(toy):
    table, y = toy
    table[3, 1] = -np.inf
    with pytest.raises(ValueError, match="infinity"):
        BoltzmannSelector().fit(table, y)


def test_few_samples_shrink_the_bins_with_a_warning():
    table, y = few_rows(0, n_rows=24)
    with pytest.warns(UserWarning, match="24 samples allow 2 bins only"):
        assert BoltzmannSelector().fit(table, y).n_bins_ == 2
    table, y = few_rows(0, n_rows=90)
    with pytest.warns(UserWarning, match="90 samples allow 6 bins only"):
        assert BoltzmannSelector(n_bins=20).fit(table, y).n_bins_ == 6


def test_too_few_samples_for_the_classes():
    with pytest.raises(ValueError, match="5 samples are too few for 3 classes"):
        BoltzmannSelector().fit(np.eye(5), [0, 0, 1, 1, 2])


def test_a_class_of_one_sample_is_harmless():
    table, y = few_rows(0)
    y[0] = 9
    assert np.isfinite(BoltzmannSelector().fit(table, y).scores_).all()


def test_ties_go_to_the_larger_variance_then_to_the_first():
    table, y = few_rows(0, n_columns=1)
    table = np.hstack([table, 4 * table, table, 4 * table])
    selector = BoltzmannSelector(k=1).fit(table, y)
    assert len(np.unique(selector.scores_)) == 1
    assert_array_equal(selector.ranking_, [1, 3, 0, 2])
    assert BoltzmannSelector(k="mean").fit(table, y).get_support().all()


def test_the_larger_of_mirror_images_comes_first():
    table, y = few_rows(0, n_columns=20)
    ranking = BoltzmannSelector().fit(np.hstack([table, -1.5 * table]), y).ranking_
    assert_array_equal(ranking[::2], ranking[1::2] + 20)


def test_zero_inflated_columns_are_scored_on_both_parts():
    rng = np.random.default_rng(0)
    y = np.arange(600) % 2
    active = rng.random(600) < np.where(y == 1, 0.7, 0.3)
    table = np.where(active, rng.exponential(1, 600), 0)[:, None] * [1, 1000]
    table[:, 1] = rng.permutation(table[:, 1])
    scores = BoltzmannSelector(k=1).fit(table, y).scores_
    assert scores[0] > 0.05 > abs(scores[1])


def test_transform_only_picks_columns(toy):
    selector = BoltzmannSelector(k=2).fit(*toy)
    unseen = np.full((3, 6), 1e9)
    assert_array_equal(selector.transform(unseen), unseen[:, :2])


def test_names_and_dtype_are_kept(toy):
    table, y = toy
    names = ["a__0", "a__1", "b__0", "b__1", "b__2", "c__0"]
    frame = pd.DataFrame(table.astype(np.float32), columns=names)
    out = BoltzmannSelector(k=2).set_output(transform="pandas").fit_transform(frame, y)
    assert out.columns.tolist() == ["a__1", "b__1"]
    assert set(out.dtypes) == {np.dtype(np.float32)}


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(CRITERIA), st.randoms(use_true_random=False))
def test_columns_may_come_in_any_order(seed, criterion, random):
    table, y = few_rows(seed)
    order = random.sample(range(table.shape[1]), table.shape[1])
    straight = BoltzmannSelector(k=3, criterion=criterion).fit(table, y)
    moved = BoltzmannSelector(k=3, criterion=criterion).fit(table[:, order], y)
    assert_array_equal(moved.scores_, straight.scores_[order])
    assert_array_equal(np.sort(np.array(order)[moved.ranking_[:3]]), np.sort(straight.ranking_[:3]))


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(CRITERIA), st.randoms(use_true_random=False))
def test_rows_may_come_in_any_order(seed, criterion, random):
    table, y = few_rows(seed)
    order = random.sample(range(len(y)), len(y))
    straight = BoltzmannSelector(criterion=criterion).fit(table, y)
    moved = BoltzmannSelector(criterion=criterion).fit(table[order], y[order])
    assert_array_equal(moved.scores_, straight.scores_)
    assert_array_equal(moved.ranking_, straight.ranking_)


@settings(max_examples=15, deadline=None)
@given(
    st.integers(0, 10**6),
    st.sampled_from(CRITERIA),
    st.sampled_from(["quantile-range", "min-max", "z-score"]),
    st.floats(0.01, 100),
    st.floats(-100, 100),
)
def test_scale_and_offset_do_not_matter(seed, criterion, binning, scale, offset):
    table, y = few_rows(seed)
    selector = BoltzmannSelector(criterion=criterion, binning=binning)
    straight = selector.fit(table, y).scores_.copy()
    assert_allclose(selector.fit(scale * table + offset, y).scores_, straight, atol=1e-9)


@pytest.mark.parametrize("missing", ["drop", "bin"])
def test_scores_come_from_the_counts(toy, missing):
    table, y = toy
    table[::7, 2] = np.nan
    selector = BoltzmannSelector(missing=missing).fit(table, y)
    assert selector.classes_.tolist() == ["melanoma", "nevus"]
    assert_array_equal(selector.counts_.sum(axis=1), np.tile([200, 200], (6, 1)))
    assert_array_equal(selector.counts_[:, -1].sum(axis=1), np.isnan(table).sum(axis=0))
    bins, codes = selector.bins_[1], np.arange(selector.n_bins_ + 1)
    found = np.searchsorted(bins.edges, table[y == "nevus", 1], side="right")
    assert_array_equal(selector.counts_[1, :, 1], (found == codes[:, None]).sum(axis=1))
    counted = selector.counts_[:, : selector.n_bins_ + (missing == "bin")]
    assert_allclose(selector.scores_, adjusted_boltzmann_gain(counted), atol=1e-12)
    blind = selector.set_params(criterion="entropy").fit(table)
    assert not hasattr(blind, "classes_")
    assert_array_equal(blind.counts_.sum(axis=(1, 2)), 400)


def test_scattered_missing_values_are_scored_as_if_columns_were_alone():
    table, y = few_rows(0, n_rows=300)
    table[np.random.default_rng(0).random(table.shape) < 0.1] = np.nan
    together = BoltzmannSelector(n_bins=8).fit(table, y).scores_
    alone = [BoltzmannSelector(n_bins=8).fit(table[:, [j]], y).scores_[0] for j in range(8)]
    assert_allclose(together, alone, atol=1e-12)


@pytest.mark.parametrize("selector", [BoltzmannSelector(), ScoreSelector()])
def test_rows_have_no_weights(toy, selector):
    table, y = toy
    weight = np.ones(len(y))
    with pytest.raises(TypeError, match=r"got \['sample_weight'\].* Repeat rows"):
        selector.fit(table, y, sample_weight=weight)
    # Weights that a model is given go to its classifier alone.
    model = make_pipeline(selector, LogisticRegression())
    weight[y == "nevus"] = 0.01
    assert (fit_with_groups(model, table, y, sample_weight=weight).predict(table) != "nevus").any()
    assert_array_equal(model[0].scores_, selector.fit(table, y).scores_)


def test_k_can_be_tuned_inside_a_pipeline(toy):
    model = make_pipeline(BoltzmannSelector(), LogisticRegression())
    search = GridSearchCV(model, {"boltzmannselector__k": [1, 2, 5]}, cv=3).fit(*toy)
    assert search.best_score_ > 0.95


def auc_on_noise(selector, *, honest, seed):
    """Cross-validated AUC of 20 columns chosen among 2,000 of noise, labels at random."""
    rng = np.random.default_rng(seed)
    table = rng.normal(size=(200, 2000)).astype(np.float32)
    y = rng.permutation(np.arange(200) % 2)
    model = make_pipeline(StandardScaler(), LogisticRegression())
    if honest:
        model = make_pipeline(selector, model)
    else:
        table = selector.fit_transform(table, y)
    folds = StratifiedKFold(5, shuffle=True, random_state=seed)
    scores = cross_val_predict(model, table, y, cv=folds, method="predict_proba")[:, 1]
    return np.mean([roc_auc_score(y[test], scores[test]) for _, test in folds.split(table, y)])


@pytest.mark.parametrize(
    ("selector", "inflated"),
    [
        (SelectKBest(f_classif, k=20), 0.86),
        (BoltzmannSelector(k=20, n_bins=2), 0.79),
        # Of many bins a linear model sees only the part of the spurious gain that is linear.
        (BoltzmannSelector(k=20), 0.64),
    ],
    ids=["anova", "boltzmann-2-bins", "boltzmann"],
)
def test_selection_outside_the_folds_invents_signal(selector, inflated):
    honest = [auc_on_noise(selector, honest=True, seed=seed) for seed in range(12)]
    leaky = [auc_on_noise(selector, honest=False, seed=seed) for seed in range(12)]
    # One honest draw has a standard deviation of 0.07, one leaky draw of 0.02 to 0.05.
    assert np.mean(honest) == pytest.approx(0.5, abs=3 * 0.07 / np.sqrt(12))
    assert np.mean(leaky) == pytest.approx(inflated, abs=0.04)
