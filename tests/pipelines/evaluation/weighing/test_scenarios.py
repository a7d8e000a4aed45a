import numpy as np
import pandas as pd
import pytest

from pipelines.evaluation.weighing import SCENARIOS, Scenario, decision_matrix, scenario
from pipelines.evaluation.weighing.scenarios import criterion_weights


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("clinic=0.6,0.1,0.3", ("clinic", 0.6, 0.1, 0.3)),
        ("mine = 6, 1, 3", ("mine", 0.6, 0.1, 0.3)),
        ("only scores=1,0,0", ("only scores", 1, 0, 0)),
        ("clinic", ("clinic", 0.6, 0.1, 0.3)),
        ("phone", ("phone", 0.4, 0.4, 0.2)),
    ],
)
def test_scenarios_are_read(text, expected):
    name, *weights = scenario(text)
    assert name == expected[0]
    assert weights == pytest.approx(expected[1:])


@pytest.mark.parametrize(
    "text", ["", "hospital", "=1,2,3", "a=1,2", "a=1,2,3,4", "a=x,1,1", "a=1,,1", "1,2,3"]
)
def test_what_is_no_scenario_is_refused(text):
    with pytest.raises(ValueError, match=r"such as clinic=0\.6,0\.1,0\.3, or one of clinic, phone"):
        scenario(text)


@pytest.mark.parametrize("text", ["a=-1,1,1", "a=0,0,0", "a=nan,1,1", "a=inf,1,1", "a=1,1,nan"])
def test_impossible_weights_are_refused(text):
    with pytest.raises(ValueError, match="at least 0"):
        scenario(text)


def test_weights_of_the_published_scenarios_sum_to_one():
    for _, *weights in SCENARIOS:
        assert sum(weights) == pytest.approx(1)


@pytest.fixture
def metrics():
    scores = {"macro_auc": [0.9, 0.8], "positive_auc": [0.9, 0.8]}
    seconds = {"fit_seconds": [1.0, 9.0], "extract_seconds": [0.0, 1.0]}
    return pd.DataFrame({"model": ["a", "b"], "unit": "lesion"} | scores | seconds)


class TestCriterionWeights:
    def test_criteria_share_the_weight_of_their_family(self, metrics):
        gap = pd.DataFrame({"model": ["a", "b"], "gap": [0.1, 0.0]})
        matrix = decision_matrix({"metrics": metrics, "gap": gap})
        assert list(matrix.values) == ["macro_auc", "positive_auc", "train_seconds", "gap"]
        weights = criterion_weights(matrix, Scenario("clinic", 0.6, 0.1, 0.3))
        np.testing.assert_allclose(weights, [0.3, 0.3, 0.1, 0.3])

    def test_a_family_without_criteria_gives_its_weight_away(self, metrics):
        matrix = decision_matrix({"metrics": metrics})
        weights = criterion_weights(matrix, Scenario("clinic", 0.6, 0.2, 0.2))
        np.testing.assert_allclose(weights, [0.375, 0.375, 0.25])

    def test_a_scenario_of_nothing_measured_is_refused(self, metrics):
        matrix = decision_matrix({"metrics": metrics})
        with pytest.raises(ValueError, match="'odd' gives weight only to what was not measured"):
            criterion_weights(matrix, Scenario("odd", 0, 0, 1))
