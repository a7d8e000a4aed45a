import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import recall_score, roc_auc_score

from pipelines.evaluation import draw_lesions
from pipelines.evaluation.subgroups.fairness import TYPOLOGY_NOTE, fairness_table

N = 600


@pytest.fixture
def cohort():
    """Scores that know the lesion in women, and nothing in men."""
    rng = np.random.default_rng(0)
    mel = rng.random(N) < 0.4
    sex = np.where(rng.random(N) < 0.5, "female", "male").astype(object)
    logit = np.where(sex == "female", 3.0, 0.0) * (mel - 0.5) + rng.normal(size=N)
    p = 1 / (1 + np.exp(-logit))
    lesions = pd.DataFrame(
        {
            "model": "m",
            "lesion": [f"L{i}" for i in range(N)],
            "label": np.where(mel, "mel", "nv"),
            "p_mel": p,
            "p_nv": 1 - p,
            "argmax": np.where(p > 0.5, "mel", "nv"),
        }
    )
    facts = pd.DataFrame({"lesion": lesions["lesion"], "sex": sex})
    return lesions, facts, draw_lesions(lesions["label"].to_numpy(), 200, 0)


def test_scores_of_a_group_are_those_of_scikit_learn(cohort):
    lesions, facts, counts = cohort
    table = fairness_table(lesions, facts, counts, "mel").set_index("group")
    for group, row in table.iterrows():
        part = lesions[(facts["sex"] == group).to_numpy()]
        truth = part["label"] == "mel"
        assert (row["n"], row["n_positive"]) == (len(part), truth.sum())
        assert row["auc"] == pytest.approx(roc_auc_score(truth, part["p_mel"]))
        called = part["argmax"] == "mel"
        assert row["sensitivity"] == pytest.approx(recall_score(truth, called))
        assert row["specificity"] == pytest.approx(recall_score(~truth, ~called))
        for name in ("auc", "sensitivity", "specificity", "auc_gap"):
            assert row[f"{name}_low"] <= row[name] <= row[f"{name}_high"]


def test_a_group_that_fares_worse_is_named(cohort):
    lesions, facts, counts = cohort
    table = fairness_table(lesions, facts, counts, "mel").set_index("group")
    assert table["verdict"].to_dict() == {"female": "higher", "male": "lower"}
    assert table.loc["male", "auc_gap"] == pytest.approx(
        table.loc["male", "auc"] - table.loc["female", "auc"]
    )


def test_groups_drawn_at_random_do_not_differ(cohort):
    lesions, facts, counts = cohort
    site = np.random.default_rng(3).choice(["back", "face", "leg"], N)
    table = fairness_table(lesions, facts[["lesion"]].assign(site=site), counts, "mel")
    assert set(table["verdict"]) == {"no difference shown"}


def test_no_verdict_under_a_least_number(cohort):
    lesions, facts, counts = cohort
    sex = facts["sex"].where(np.arange(N) % 20 > 0, "other")
    table = fairness_table(lesions, facts.assign(sex=sex), counts, "mel").set_index("group")
    assert table.loc["other", "n_positive"] < 20
    assert not table.loc["other", "enough"]
    assert table.loc["other", "verdict"] == "too few"
    assert np.isnan(table.loc["other", "auc_gap"])
    # Nor does a group of few weigh on the others' gaps.
    assert table.loc["male", "auc_gap"] == pytest.approx(
        table.loc["male", "auc"] - table.loc["female", "auc"]
    )


def test_ages_are_banded_and_unknown_groups_left_out(cohort):
    lesions, facts, counts = cohort
    age = np.tile([0.0, 29.0, 30.0, 69.0, 70.0, np.nan], N // 6)
    facts = facts.assign(age=age, sex="unknown", fitzpatrick=np.tile([1.0, 3.0, np.nan], N // 3))
    table = fairness_table(lesions, facts, counts, "mel")
    sizes = table.set_index(["attribute", "group"])["n"].to_dict()
    assert sizes == {
        ("fitzpatrick", "1"): 200,
        ("fitzpatrick", "3"): 200,
        ("age", "under 30"): 200,
        ("age", "30 to 49"): 100,
        ("age", "50 to 69"): 100,
        ("age", "70 and over"): 100,
    }


def test_the_typology_angle_is_cut_and_compared_inside_each_source(cohort):
    lesions, facts, counts = cohort
    source = np.where(np.arange(N) < N // 2, "a", "b")
    # Sources differ in colour by far more than lesions inside them do.
    angle = np.where(source == "a", 0.0, 80.0) + np.tile(np.arange(30.0), N // 30)
    table = fairness_table(
        lesions, facts[["lesion"]].assign(source=source, typology_angle=angle), counts, "mel"
    )
    rows = table[table["attribute"] == "typology_angle"]
    assert [group.split(":")[0] for group in rows["group"]] == ["a"] * 3 + ["b"] * 3
    assert (rows["n"] == 100).all()
    assert rows["group"].iloc[5].startswith("b: 9")
    first = rows.iloc[0]
    others = rows.iloc[1:3]
    expected = first["auc"] - np.average(others["auc"], weights=others["n_positive"])
    assert first["auc_gap"] == pytest.approx(expected)
    assert "no skin tone" in TYPOLOGY_NOTE


def test_without_a_class_of_concern_there_are_no_rows(cohort):
    lesions, facts, counts = cohort
    assert fairness_table(lesions, facts, counts, None).empty
    assert fairness_table(lesions, facts[["lesion"]], counts, "mel").empty
