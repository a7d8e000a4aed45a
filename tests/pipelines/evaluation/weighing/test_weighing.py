import pandas as pd

from pipelines.evaluation.weighing import Scenario, weigh


def make_tables():
    metrics = pd.DataFrame(
        {
            "model": ["fusion", "cnn", "colour"],
            "unit": "lesion",
            "macro_auc": [0.93, 0.95, 0.80],
            "fit_seconds": [20.0, 900.0, 25.0],
            "extract_seconds": [100.0, 30.0, 95.0],
        }
    )
    return {"metrics": metrics, "gap": pd.DataFrame({"model": ["cnn"], "gap": [0.04]})}


def test_all_tables_are_of_the_same_criteria():
    found = weigh(make_tables(), [Scenario("mine", 0.5, 0.5, 0)], n_draws=200)
    assert list(found.pareto) == ["model", "macro_auc", "train_seconds", "dominated_by"]
    assert found.pareto["dominated_by"].tolist() == ["", "", "fusion"]
    assert set(found.weighted["scenario"]) == {"mine"}
    assert found.weighted["model"].tolist()[-1] == "colour"
    assert found.rank_stability.groupby("model")["share"].sum().round(9).eq(1).all()
    assert found.left_out["gap"] == "there is none of fusion, colour"


def test_a_comparison_of_nothing_comparable_has_empty_tables():
    metrics = pd.DataFrame({"model": ["a", "b"], "unit": "lesion", "macro_auc": [0.9, None]})
    found = weigh({"metrics": metrics})
    assert found.pareto.empty
    assert found.weighted.empty
    assert found.rank_stability.empty
