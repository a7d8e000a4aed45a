import numpy as np
import pandas as pd
import pytest

from pipelines.evaluation.weighing import Criterion, DecisionMatrix, Scenario, weighted_table
from pipelines.evaluation.weighing.weighted import scale, topsis, weighted_sum

AUC = Criterion("auc", "reliability", "AUC", True)
MS = Criterion("ms", "time", "ms", False, np.log(1.25), logarithmic=True)
GAP = Criterion("gap", "error", "gap", False)
CLINIC, PHONE = Scenario("clinic", 0.6, 0.1, 0.3), Scenario("phone", 0.4, 0.4, 0.2)


def make_matrix(criteria=(AUC, MS, GAP), **models):
    names = [criterion.name for criterion in criteria]
    values = pd.DataFrame.from_dict(models, orient="index", columns=names)
    return DecisionMatrix(values, criteria, {})


def test_worked_example():
    matrix = make_matrix(cnn=(0.95, 1000, 0.10), fusion=(0.90, 10, 0.02), middle=(0.94, 100, 0.06))
    table = weighted_table(matrix, [CLINIC, PHONE])
    columns = ["scenario", "model", "score", "rank"]
    found = [tuple(row) for row in table[columns].round(6).itertuples(index=False)]
    # Scaled: cnn 1, 0, 0; fusion 0, 1, 1; middle 0.8, 0.5, 0.5.
    assert found == [
        ("clinic", "middle", 0.68, 1),
        ("clinic", "cnn", 0.6, 2),
        ("clinic", "fusion", 0.4, 3),
        ("phone", "middle", 0.62, 1),
        ("phone", "fusion", 0.6, 2),
        ("phone", "cnn", 0.4, 3),
    ]
    # Distances of middle, weighted by 0.6, 0.1, 0.3: to the best and to the worst.
    best, worst = np.hypot.reduce([0.12, 0.05, 0.15]), np.hypot.reduce([0.48, 0.05, 0.15])
    assert table.loc[0, "topsis"] == pytest.approx(worst / (worst + best))


@pytest.mark.parametrize("seed", range(5))
def test_scores_are_those_of_pymcdm(seed):
    methods = pytest.importorskip("pymcdm.methods")
    normalizations = pytest.importorskip("pymcdm.normalizations")
    rng = np.random.default_rng(seed)
    values, weights = rng.normal(size=(6, 4)), rng.dirichlet(np.ones(4))
    scaled = scale(values, margins=np.full(4, 1e-6))
    minmax = normalizations.minmax_normalization
    upwards = np.ones(4)
    expected = methods.WSM(minmax)(values, weights, upwards)
    np.testing.assert_allclose(weighted_sum(scaled, weights), expected, atol=1e-12)
    expected = methods.TOPSIS(minmax)(values, weights, upwards)
    np.testing.assert_allclose(topsis(scaled, weights), expected, atol=1e-12)


def test_draws_are_scaled_and_summed_each_by_itself():
    rng = np.random.default_rng(0)
    values, weights = rng.normal(size=(5, 4, 3)), rng.dirichlet(np.ones(3), size=5)
    together = weighted_sum(scale(values, np.full(3, 0.01)), weights)
    for found, value, weight in zip(together, values, weights, strict=True):
        np.testing.assert_allclose(found, weighted_sum(scale(value, np.full(3, 0.01)), weight))


def test_differences_below_the_margin_count_in_part():
    matrix = make_matrix((AUC,), a=(0.900,), b=(0.898,))
    table = weighted_table(matrix, [CLINIC])
    assert table["score"].tolist() == pytest.approx([1, 0.8])


def test_equal_models_share_a_rank():
    matrix = make_matrix(a=(0.9, 10, 0.1), worse=(0.8, 20, 0.2), b=(0.9, 10, 0.1))
    table = weighted_table(matrix, [CLINIC])
    assert table["model"].tolist() == ["a", "b", "worse"]
    assert table["rank"].tolist() == table["topsis_rank"].tolist() == [1, 1, 3]


def test_one_model_is_the_best():
    table = weighted_table(make_matrix(only=(0.5, 99, 0.9)), [CLINIC])
    scores = {"score": 1.0, "rank": 1, "topsis": 1.0, "topsis_rank": 1}
    assert table[list(scores)].iloc[0].to_dict() == pytest.approx(scores)


def test_without_criteria_there_is_no_table():
    empty = weighted_table(DecisionMatrix(pd.DataFrame(index=["a"]), (), {}))
    assert empty.empty
    assert list(empty) == ["scenario", "model", "score", "rank", "topsis", "topsis_rank"]


def test_a_model_that_is_better_in_everything_is_first():
    rng = np.random.default_rng(1)
    models = {f"m{i}": tuple(rng.uniform([0.5, 5, 0.1], [0.9, 50, 0.5])) for i in range(6)}
    matrix = make_matrix(**models, best=(0.95, 1, 0.01))
    table = weighted_table(matrix, [CLINIC, PHONE])
    best = table[table["model"] == "best"]
    np.testing.assert_allclose(best[["score", "rank", "topsis", "topsis_rank"]], 1)


def test_leaving_a_model_out_can_turn_the_order_of_two_others():
    # What the notes warn of: without the slow one, the range of times is that of the first two.
    three = make_matrix((AUC, MS), a=(0.90, 40), b=(0.94, 80), slow=(0.80, 90_000))
    two = make_matrix((AUC, MS), a=(0.90, 40), b=(0.94, 80))
    even = Scenario("even", 0.45, 0.55, 0)
    assert weighted_table(three, [even])["model"].tolist() == ["b", "a", "slow"]
    assert weighted_table(two, [even])["model"].tolist() == ["a", "b"]
