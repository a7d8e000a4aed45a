import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import recall_score

from pipelines.evaluation.decisions.operating import (
    COLUMNS,
    inner_thresholds,
    operating_table,
    rule_names,
)

RULES = ["argmax", "prior-corrected", *rule_names(0.95, 20.0)]


@pytest.fixture
def inner(lesions):
    """Predictions of the other folds' lesions stand for those of inner folds."""
    parts = [lesions[lesions["fold"] != fold].assign(fold=fold) for fold in range(5)]
    return pd.concat(parts, ignore_index=True)


def test_rules_are_scored_as_scikit_learn_does(lesions, inner, counts):
    table = operating_table(lesions, inner, counts, "mel")
    assert list(table) == COLUMNS
    assert table["rule"].tolist() == RULES * 2
    assert (table["n"] == 300).all()
    for name, part in lesions.groupby("model"):
        rows = table[table["model"] == name].set_index("rule")
        truth = part["label"] == "mel"
        for rule, column in (("argmax", "argmax"), ("prior-corrected", "prior_corrected")):
            called = part[column] == "mel"
            assert rows.loc[rule, "sensitivity"] == pytest.approx(recall_score(truth, called))
            assert rows.loc[rule, "specificity"] == pytest.approx(recall_score(~truth, ~called))
    for score in ("sensitivity", "specificity", "biopsies_per_case"):
        assert (table[f"{score}_low"] <= table[score]).all()
        assert (table[score] <= table[f"{score}_high"]).all()


def test_biopsies_are_counted_at_the_prevalence(lesions, inner, counts):
    for prevalence in (0.02, 0.3):
        table = operating_table(lesions, inner, counts, "mel", prevalence=prevalence)
        found = prevalence * table["sensitivity"]
        alarms = (1 - prevalence) * (1 - table["specificity"])
        np.testing.assert_allclose(table["biopsies_per_case"], (found + alarms) / found)
    with pytest.raises(ValueError, match=r"`prevalence` must be in \(0, 1\), got 1"):
        operating_table(lesions, inner, counts, "mel", prevalence=1)


def test_each_fold_is_judged_by_its_own_threshold(lesions, counts):
    """Folds on scales of their own: one threshold for all of them would not do."""
    part = lesions[lesions["model"] == "good"]
    scale = 1 / (1 + part["fold"])
    lesions = part.assign(p_mel=part["p_mel"] * scale)
    inner = pd.concat([part.assign(p_mel=part["p_mel"] / (1 + k), fold=k) for k in range(5)])
    same = pd.concat([part.assign(fold=k) for k in range(5)])
    columns = ["sensitivity", "specificity"]
    ours = operating_table(lesions, inner, counts, "mel").iloc[2][columns]
    plain = operating_table(part, same, counts, "mel").iloc[2][columns]
    assert ours.tolist() == plain.tolist()
    assert ours["sensitivity"] == pytest.approx(38 / 40)


def test_thresholds_do_not_see_the_lesions_they_judge(lesions, inner, counts):
    # Were they read off the tested lesions, 95 % of the cases would be found all the same.
    lower = operating_table(lesions.assign(p_mel=0.0), inner, counts, "mel")
    assert (lower["sensitivity"][[2, 3, 6, 7]] == 0).all()
    assert (lower["specificity"][[2, 3, 6, 7]] == 1).all()
    assert lower["biopsies_per_case"][[2, 3, 6, 7]].isna().all()


def test_thresholds_are_set_per_lesion():
    inner = pd.DataFrame(
        {
            "model": "m",
            "repeat": 0,
            "fold": 0,
            "lesion": ["a", "a", "b", "c"],
            "label": ["mel", "mel", "mel", "nv"],
            "p_mel": [0.2, 0.6, 0.5, 0.45],
        }
    )
    found = inner_thresholds(inner, "mel", sensitivity=1.0, cost=0.9).iloc[0]
    assert found.tolist() == pytest.approx([0.4, 0.5])


def test_models_without_inner_folds_have_no_such_rules(lesions, inner, counts):
    table = operating_table(lesions, inner[inner["model"] == "good"], counts, "mel")
    assert table.groupby("model", sort=False)["rule"].apply(list).tolist() == [RULES, RULES[:2]]
    table = operating_table(lesions, pd.DataFrame(), counts, "mel")
    assert table["rule"].tolist() == RULES[:2] * 2


def test_repeats_are_averaged(repeated, counts):
    inner = pd.concat([repeated.assign(fold=fold) for fold in range(5)])
    together = operating_table(repeated, inner, counts, "mel")
    alone = [operating_table(run, inner, counts, "mel") for _, run in repeated.groupby("repeat")]
    for score in ("sensitivity", "specificity"):
        expected = np.mean([table[score] for table in alone], axis=0)
        np.testing.assert_allclose(together[score], expected)
    assert (together["n"] == 300).all()


def test_thresholds_judge_the_repeats_that_have_them_and_other_rules_all(repeated, counts):
    inner = pd.concat([repeated.assign(fold=fold) for fold in range(5)])
    first = inner[inner["repeat"] == 0]
    table = operating_table(repeated, first, counts, "mel")
    assert table["rule"].tolist() == RULES
    alone = operating_table(repeated[repeated["repeat"] == 0], first, counts, "mel")
    every = operating_table(repeated, inner, counts, "mel")
    pd.testing.assert_frame_equal(table[2:], alone[2:])
    pd.testing.assert_frame_equal(table[:2], every[:2])
    for other, rules in ((alone, slice(0, 2)), (every, slice(2, 4))):
        rates = ["sensitivity", "specificity"]
        assert (table[rates] != other[rates])[rules].any(axis=None)


def test_a_repeat_without_one_fold_s_threshold_is_not_judged(repeated, counts):
    inner = pd.concat([repeated.assign(fold=fold) for fold in range(5)])
    torn = inner[(inner["repeat"] != 1) | (inner["fold"] != 4)]
    table = operating_table(repeated, torn, counts, "mel")
    whole = operating_table(repeated, inner[inner["repeat"] != 1], counts, "mel")
    pd.testing.assert_frame_equal(table, whole)


@pytest.mark.parametrize("positive", [None, "bcc"])
def test_without_a_class_of_concern_there_are_no_rules(lesions, inner, counts, positive):
    assert operating_table(lesions, inner, counts, positive).empty
