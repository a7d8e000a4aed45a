import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import VotingClassifier
from sklearn.feature_selection import SelectKBest
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import Pipeline

from fusion import BoltzmannSelector, DecisionRule, DiscriminantCorrelation, ScoreSelector
from fusion.selection import OneStandardError, selection_stability
from pipelines.evaluation.fitting.selections import (
    Selection,
    kept_columns,
    selection_table,
    summarise_selections,
)
from pipelines.recipes.select_beside import SelectBeside

Y = np.repeat(["a", "b"], 60)


@pytest.fixture
def table():
    """Four columns of noise, and two that tell the classes apart."""
    values = np.random.default_rng(0).normal(size=(120, 6))
    values[:, 2:4] += 3 * (Y == "b")[:, None]
    return pd.DataFrame(values, columns=["n__0", "n__1", "s__0", "s__1", "n__2", "metadata__age"])


def model(select):
    return Pipeline([("select", select), ("classify", GaussianNB())])


BEST = BoltzmannSelector(k=2)


@pytest.mark.parametrize(
    ("built", "n_offered"),
    [
        (model(BEST), 6),
        (model(SelectKBest(k=2)), 6),
        (model(SelectBeside(BEST, ["metadata"])), 5),
        (model(OneStandardError(BEST, GaussianNB(), [2, 6], random_state=0)), 6),
        (DecisionRule(model(BEST)), 6),
        (GridSearchCV(model(BEST), {"select__k": [2]}), 6),
        (VotingClassifier([("plain", GaussianNB()), ("chosen", model(BEST))]), 6),
    ],
    ids=["boltzmann", "library", "beside", "one_se", "rule", "search", "member"],
)
def test_planted_columns_are_found_wherever_the_step_is(built, n_offered, table):
    found = kept_columns(built.fit(table, Y))
    assert found == Selection(["s__0", "s__1"], n_offered)


def test_columns_without_names_are_numbered(table):
    found = kept_columns(model(BEST).fit(table.to_numpy(), Y))
    assert found == Selection(["x2", "x3"], 6)


@pytest.mark.parametrize(
    "select", ["passthrough", DiscriminantCorrelation(), ScoreSelector("random", k=2)]
)
def test_models_that_choose_no_columns(select, table):
    assert kept_columns(model(select).fit(table, Y)) is None
    assert kept_columns(GaussianNB().fit(table, Y)) is None


def test_summary_of_a_planted_choice():
    rows = [
        *(("steady", 0, fold, Selection(["a", "b"], 10)) for fold in range(3)),
        ("shaky", 0, 0, Selection(["a", "b"], 4)),
        ("shaky", 0, 1, Selection(["a", "c"], 4)),
        ("shaky", 0, 2, Selection([], 4)),
        *(("whole", 0, fold, Selection(["a", "b"], 2)) for fold in range(3)),
    ]
    found = summarise_selections(selection_table(rows)).set_index("model")
    assert list(found.index) == ["steady", "shaky", "whole"]
    assert found["columns"].tolist() == pytest.approx([2, 4 / 3, 2])
    assert found["columns_offered"].tolist() == [10, 4, 2]
    assert found.loc["steady", "stability"] == pytest.approx(1)
    by_hand = selection_stability([[1, 1, 0, 0], [1, 0, 1, 0], [0, 0, 0, 0]])
    assert found.loc["shaky", "stability"] == pytest.approx(by_hand.index)
    assert np.isnan(found.loc["whole", "stability"])


def test_a_fold_that_keeps_nothing_survives_the_file(tmp_path):
    rows = [("m", 0, 0, Selection(["a", "head, neck"], 3)), ("m", 0, 1, Selection([], 3))]
    table = selection_table(rows)
    table.to_csv(tmp_path / "selections.csv", index=False)
    again = pd.read_csv(tmp_path / "selections.csv")
    assert again["fold"].tolist() == [0, 0, 1]
    pd.testing.assert_frame_equal(summarise_selections(again), summarise_selections(table))


def test_no_selections():
    table = selection_table([])
    assert list(table) == ["model", "repeat", "fold", "offered", "column"]
    assert table.empty
    assert summarise_selections(table).empty


def test_a_single_fold_has_nothing_to_agree_with():
    found = summarise_selections(selection_table([("m", 0, 0, Selection(["a"], 3))]))
    assert found[["columns", "columns_offered"]].values.tolist() == [[1, 3]]
    assert found["stability"].isna().all()
