import numpy as np
import pandas as pd
import pytest

from pipelines.evaluation.weighing import CRITERIA, Criterion, DecisionMatrix, decision_matrix

MODELS = ["fusion", "cnn"]


def make_tables():
    metrics = pd.DataFrame({"model": MODELS * 2, "unit": ["lesion"] * 2 + ["image"] * 2})
    metrics = metrics.assign(
        macro_auc=[0.93, 0.95, 0.1, 0.1],
        balanced_accuracy_prior=[0.7, 0.75, 0.1, 0.1],
        positive_auc=[0.88, 0.90, 0.1, 0.1],
        fit_seconds=[20.0, 900.0, 20.0, 900.0],
        extract_seconds=[100.0, 30.0, 100.0, 30.0],
    )
    costs = pd.DataFrame(
        {
            "model": ["cnn", "cnn", "fusion", "fusion"],
            "item": ["fit", "predict", "fit", "predict"],
            "ms_per_image": [np.nan, 30.0, np.nan, 120.0],
            "size_mb": [np.nan, 14.0, np.nan, 19.0],
        }
    )
    fairness = pd.DataFrame(
        {
            "model": ["fusion"] * 3 + ["cnn"] * 3,
            "group": ["male", "female", "unknown"] * 2,
            "auc": [0.86, 0.84, 0.2, 0.89, 0.91, 0.3],
            "enough": [True, True, False] * 2,
        }
    )
    calibration = pd.DataFrame({"model": MODELS, "brier": [0.2, 0.19], "ece": [0.02, 0.05]})
    gap = pd.DataFrame({"model": MODELS, "gap": [0.06, 0.03]})
    return {
        "metrics": metrics,
        "costs": costs,
        "fairness": fairness,
        "calibration": calibration,
        "gap": gap,
    }


def test_all_criteria_come_from_their_tables():
    matrix = decision_matrix(make_tables())
    assert matrix.left_out == {}
    assert matrix.criteria == CRITERIA
    assert matrix.values.to_dict(orient="index") == {
        "fusion": {
            "macro_auc": 0.93,
            "balanced_accuracy_prior": 0.7,
            "positive_auc": 0.88,
            "worst_group_auc": 0.84,
            "train_seconds": 120.0,
            "ms_per_image": 120.0,
            "size_mb": 19.0,
            "brier": 0.2,
            "ece": 0.02,
            "gap": 0.06,
        },
        "cnn": {
            "macro_auc": 0.95,
            "balanced_accuracy_prior": 0.75,
            "positive_auc": 0.90,
            "worst_group_auc": 0.89,
            "train_seconds": 930.0,
            "ms_per_image": 30.0,
            "size_mb": 14.0,
            "brier": 0.19,
            "ece": 0.05,
            "gap": 0.03,
        },
    }


def test_what_was_not_measured_is_left_out_and_said():
    tables = make_tables()
    tables["fairness"] = tables["fairness"].assign(enough=False)
    tables["calibration"] = tables["calibration"].iloc[:0]
    del tables["gap"]
    matrix = decision_matrix(tables)
    assert set(matrix.left_out) == {"worst_group_auc", "brier", "ece", "gap"}
    assert set(matrix.left_out.values()) == {"it was not measured"}
    assert not set(matrix.left_out) & set(matrix.values)


def test_a_criterion_that_one_model_lacks_is_left_out_for_all():
    tables = make_tables()
    tables["costs"] = tables["costs"][tables["costs"]["model"] == "cnn"]
    tables["metrics"].loc[1, "positive_auc"] = np.nan
    matrix = decision_matrix(tables)
    assert dict(matrix.left_out) == {
        "positive_auc": "there is none of cnn",
        "ms_per_image": "there is none of fusion",
        "size_mb": "there is none of fusion",
    }
    assert matrix.values.notna().all(axis=None)


def test_orientation_makes_more_better():
    score = Criterion("auc", "reliability", "", True)
    gap = Criterion("gap", "error", "", False)
    time = Criterion("ms", "time", "", False, 0.2, logarithmic=True)
    values = pd.DataFrame({"auc": [0.9, 0.8], "gap": [0.1, 0.2], "ms": [np.e, 0.0]})
    matrix = DecisionMatrix(values, (score, gap, time), {})
    expected = [[0.9, -0.1, -1.0], [0.8, -0.2, -np.log(1e-3)]]
    np.testing.assert_allclose(matrix.oriented(), expected)
    np.testing.assert_allclose(matrix.margins, [0.01, 0.01, 0.2])


def test_draws_replace_their_columns_only():
    matrix = decision_matrix({"metrics": make_tables()["metrics"]})
    drawn = np.array([[0.91, 0.92, 0.93], [0.94, 0.95, 0.96]])
    oriented = matrix.oriented({"macro_auc": drawn, "unheard of": drawn})
    assert oriented.shape == (3, 2, len(matrix.criteria))
    np.testing.assert_allclose(oriented[..., 0], drawn.T)
    np.testing.assert_allclose(oriented[..., 1:], np.stack([matrix.oriented()[:, 1:]] * 3))


@pytest.mark.parametrize("shape", [(3, 5), (2, 4)])
def test_draws_of_another_shape_are_refused(shape):
    matrix = decision_matrix(make_tables())
    with pytest.raises(ValueError, match="expected a row for each of 2 models"):
        matrix.oriented({"macro_auc": np.zeros((2, 5)), "positive_auc": np.zeros(shape)})
