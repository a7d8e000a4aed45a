import numpy as np
import pandas as pd
import pytest
from scipy.stats import rankdata

from pipelines.evaluation.weighing import Criterion, DecisionMatrix, rank_stability_table
from pipelines.evaluation.weighing.stability import rank_acceptability

AUC = Criterion("auc", "reliability", "AUC", True)
GAP = Criterion("gap", "error", "gap", False)


def make_matrix(**models):
    values = pd.DataFrame.from_dict(models, orient="index", columns=["auc", "gap"])
    return DecisionMatrix(values, (AUC, GAP), {})


def shares(table):
    return table.pivot(index="model", columns="rank", values="share")


def test_ranks_are_counted():
    scores = np.random.default_rng(0).normal(size=(200, 5))
    ranks = rankdata(-scores, axis=1)
    expected = [[(ranks[:, m] == r).mean() for r in range(1, 6)] for m in range(5)]
    np.testing.assert_allclose(rank_acceptability(scores), expected)


def test_ties_share_their_ranks():
    scores = np.round(np.random.default_rng(0).normal(size=(300, 4)))
    found = rank_acceptability(scores)
    np.testing.assert_allclose(found.sum(axis=0), 1)
    np.testing.assert_allclose(found.sum(axis=1), 1)
    # Mean ranks of ties are those of scipy.
    expected = rankdata(-scores, axis=1).mean(axis=0)
    np.testing.assert_allclose(found @ np.arange(1, 5), expected)


def test_a_model_that_is_better_in_everything_is_always_first():
    table = rank_stability_table(make_matrix(worse=(0.8, 0.2), best=(0.9, 0.1)), n_draws=500)
    assert table.to_dict(orient="records") == [
        {"model": "worse", "rank": 1, "share": 0},
        {"model": "worse", "rank": 2, "share": 1},
        {"model": "best", "rank": 1, "share": 1},
        {"model": "best", "rank": 2, "share": 0},
    ]


def test_opposite_models_win_half_of_the_draws():
    table = shares(rank_stability_table(make_matrix(a=(0.9, 0.2), b=(0.8, 0.1))))
    np.testing.assert_allclose(table, 0.5, atol=0.02)


def test_the_share_is_that_of_the_weights_which_favour_a_model():
    # In the middle: scaled 0.6 and 0.6, so first wherever the weight of the AUC is in (0.4, 0.6).
    matrix = make_matrix(a=(0.9, 0.2), middle=(0.86, 0.14), b=(0.8, 0.1))
    table = shares(rank_stability_table(matrix, n_draws=20_000))
    assert table.loc["middle", 1] == pytest.approx(0.2, abs=0.015)
    assert table.loc["a", 1] == pytest.approx(0.4, abs=0.015)


def test_chance_in_the_scores_widens_the_ranks():
    matrix = make_matrix(a=(0.92, 0.10), b=(0.90, 0.10))
    assert shares(rank_stability_table(matrix, n_draws=1000)).loc["a", 1] == 1
    noise = 0.02 * np.random.default_rng(0).normal(size=(2, 400))
    draws = {"auc": np.array([[0.92], [0.90]]) + noise}
    won = shares(rank_stability_table(matrix, draws=draws)).loc["a", 1]
    assert won == pytest.approx((draws["auc"][0] > draws["auc"][1]).mean(), abs=0.02)
    assert 0.6 < won < 0.9


def test_seeds_decide():
    matrix = make_matrix(a=(0.9, 0.2), b=(0.8, 0.1))
    first, same, other = (
        rank_stability_table(matrix, n_draws=100, random_state=seed) for seed in (0, 0, 1)
    )
    pd.testing.assert_frame_equal(first, same)
    assert not first.equals(other)


def test_one_model_is_first():
    table = rank_stability_table(make_matrix(only=(0.9, 0.2)), n_draws=10)
    assert table.to_dict(orient="records") == [{"model": "only", "rank": 1, "share": 1.0}]


def test_without_criteria_there_is_no_table():
    assert rank_stability_table(DecisionMatrix(pd.DataFrame(index=["a"]), (), {})).empty
