import pytest

from pipelines.reporting.sections.methods import methods_paragraph
from pipelines.reporting.sentences import difference_of, grounds, headline, headline_pair


def set_gap(record, model, reference, **values):
    table = record.tables["differences"]
    rows = (table["model"] == model) & (table["reference"] == reference)
    for name, value in values.items():
        table.loc[rows, name] = value


def set_all(record, low, value, high, verdict):
    ends = {"corrected_low": low, "corrected_high": high}
    set_gap(record, "fusion", "cnn", difference=value, verdict=verdict, **ends)


@pytest.mark.parametrize(
    ("ends", "verdict", "expected"),
    [
        (
            (0.01, 0.021, 0.032),
            "better",
            "fusion is ahead: 0.021 macro AUC above the end-to-end network cnn "
            "(95% interval 0.010 to 0.032).",
        ),
        (
            (-0.032, -0.021, -0.01),
            "worse",
            "fusion is behind: 0.021 macro AUC below the end-to-end network cnn "
            "(95% interval −0.032 to −0.010).",
        ),
        (
            (-0.004, 0.002, 0.008),
            "equivalent",
            "fusion and cnn are equivalent within 0.01: fusion scores 0.002 macro AUC above the "
            "end-to-end network cnn (95% interval −0.004 to 0.008).",
        ),
        (
            (-0.014, 0.002, 0.018),
            "undecided",
            "These data do not tell fusion and cnn apart: fusion scores 0.002 macro AUC above the "
            "end-to-end network cnn (95% interval −0.014 to 0.018).",
        ),
    ],
)
def test_headline_says_what_the_verdict_says(record, results, ends, verdict, expected):
    set_all(record, *ends, verdict)
    assert headline(results) == expected


def test_headline_is_the_declared_comparison_with_a_network(record, results):
    assert headline_pair(results) == ("fusion", "cnn")
    table = record.tables["differences"]
    table["declared"] = table["reference"].eq("embedding") & table["model"].eq("fusion")
    assert headline_pair(results) == ("fusion", "embedding")


def test_without_a_plan_the_best_is_set_against_the_network(record, results):
    record.tables["differences"] = record.differences.drop(columns=["declared"])
    best, second = results.ranked[:2]
    assert headline_pair(results) == (best, "cnn")
    record.settings["models"][best]["kind"] = "end-to-end"
    assert headline_pair(results) == (best, second)


def test_a_difference_stored_the_other_way_is_turned(record):
    set_all(record, 0.01, 0.02, 0.03, "better")
    turned = difference_of(record.differences, "cnn", "fusion")
    assert (turned["low"], turned["difference"], turned["high"]) == (-0.03, -0.02, -0.01)
    assert turned["verdict"] == "worse"


def test_without_correction_the_bootstrap_decides(record):
    table = record.differences.drop(columns=["corrected_low", "corrected_high", "verdict"])
    record.tables["differences"] = table
    set_gap(record, "fusion", "cnn", difference=0.02, difference_low=0.01, difference_high=0.03)
    found = difference_of(record.differences, "fusion", "cnn")
    assert (found["verdict"], found["corrected"], found["low"]) == ("better", False, 0.01)


def test_grounds_name_folds_correction_margin_and_what_can_be_seen(results):
    text = grounds(results)
    assert f"Highest of all 6 is {results.ranked[0]}" in text
    assert "Mean over 5 folds, lesion-grouped, 300 lesions." in text
    assert "corrected for training sets that overlap (Nadeau-Bengio)" in text
    assert "declared before the run" in text
    assert "within ±0.01 count as equivalent" in text
    assert "about 0.012" in text


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        ("groups", "Mean over 5 folds, lesion-grouped"),
        ("source", "Mean over 5 sources, each tested by models of the others"),
        ("split", "One fit of each model, tested on the published test set"),
    ],
)
def test_grounds_name_what_stood_in_the_place_of_folds(record, results, by, expected):
    record.settings["plan"]["protocol"]["by"] = by
    assert expected in grounds(results)


def test_one_fold_of_five_is_owned_up_to(record, results):
    record.settings["n_splits"] = 1
    assert "Mean over 1 of 5 folds" in grounds(results)
    assert "of which 1 was tested" in methods_paragraph(results)


def test_an_external_test_set_is_named(record, results):
    record.settings["external"] = "isic2017"
    assert "another data set (isic2017)" in grounds(results)
    assert "fitted once and tested on an external data set (isic2017)" in methods_paragraph(results)


def test_one_model_has_a_score_and_no_rival(record, results):
    record.tables["metrics"] = record.metrics[record.metrics["model"] == "cnn"]
    record.tables["differences"] = record.differences.iloc[:0]
    score = record.metrics["macro_auc"].iloc[0]
    assert headline_pair(results) is None
    assert headline(results).startswith(f"cnn reaches a macro AUC of {score:.3f} (95% interval")
    assert "equivalent" not in grounds(results)


def test_methods_state_what_was_done(record, results):
    text = methods_paragraph(results)
    assert "ham10000" in text
    assert "5-fold cross-validation stratified by class (seed 0)" in text
    assert "2,000 bootstrap draws of lesions" in text
    assert "P values of the 5 planned comparisons were adjusted by Holm (1979)" in text
    assert f"sha256 {record.settings['plan']['hash'][:12]}" in text
    assert "DeLong" not in text
    assert "1 image could not be used" in text


def test_methods_claim_nothing_that_was_not_done(bare, results):
    bare.settings["plan"] = None
    bare.settings["grouped"] = False
    drop = ["corrected_low", "corrected_high", "p_holm", "declared"]
    bare.tables["differences"] = bare.differences.drop(columns=drop)
    text = methods_paragraph(results)
    for word in ("Nadeau", "Holm", "sha256", "Net benefit", "Biopsies", "never split"):
        assert word not in text
