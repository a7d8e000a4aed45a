import inspect

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t

from pipelines.evaluation.design.detectable import paired_auc_error
from pipelines.reporting.sections.methods import methods_paragraph
from pipelines.reporting.sections.reproduce import run_facts
from pipelines.reporting.words.counts import data_set
from pipelines.reporting.words.protocol import folds_fact
from pipelines.reporting.words.sentences import (
    difference_of,
    grounds,
    headline,
    headline_pair,
    shown_with_power,
)


def set_gap(record, model, reference, **values):
    table = record.tables["differences"]
    rows = (table["model"] == model) & (table["reference"] == reference)
    for name, value in values.items():
        table.loc[rows, name] = value


def set_all(record, low, value, high, verdict):
    ends = {"verdict_low": low, "verdict_high": high}
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
    record.differences["declared"] = False
    best, second = results.ranked[:2]
    assert headline_pair(results) == (best, "cnn")
    record.settings["models"][best]["kind"] = "end-to-end"
    assert headline_pair(results) == (best, second)


def test_a_difference_stored_the_other_way_is_turned(record):
    set_all(record, 0.01, 0.02, 0.03, "better")
    turned = difference_of(record.differences, "cnn", "fusion")
    assert (turned["low"], turned["difference"], turned["high"]) == (-0.03, -0.02, -0.01)
    assert turned["verdict"] == "worse"


def test_the_printed_interval_is_the_one_of_the_verdict(record, results):
    set_gap(record, "fusion", "cnn", corrected_low=0.001, corrected_high=0.002)
    set_all(record, -0.004, 0.002, 0.03, "undecided")
    found = difference_of(record.differences, "fusion", "cnn")
    assert (found["low"], found["high"], found["corrected"]) == (-0.004, 0.03, True)
    assert "−0.004 to 0.030" in headline(results)
    assert "spans that of a paired bootstrap of lesions and one corrected" in grounds(results)


def test_without_correction_the_interval_is_of_the_bootstrap(record, results):
    record.differences[["corrected_low", "corrected_high"]] = np.nan
    assert not difference_of(record.differences, "fusion", "cnn")["corrected"]
    text = grounds(results)
    assert "is of a paired bootstrap of lesions, without the variation of training" in text
    assert "Nadeau" not in text


def test_grounds_name_folds_correction_margin_and_what_was_shown(record, results):
    set_all(record, 0.0, 0.014, 0.028, "better")
    text = grounds(results)
    assert f"Highest of all 6 is {results.ranked[0]}" in text
    assert "Mean over 5 folds, grouped by lesion, 300 lesions." in text
    assert "corrected for training sets that overlap (Nadeau-Bengio)" in text
    assert "declared before the run, in a locked plan" in text
    assert "within ±0.01 counts as equivalent" in text
    # Of an interval of 0.028 of a t test over five folds, as in the methods.
    assert "finds differences from 0.019 on with 80% power" in text
    assert "0.012" not in text  # the forecast of the plan is no property of the interval


@pytest.mark.parametrize("n_tests", [2, 3, 5, 25])
def test_the_power_is_that_of_the_t_test(n_tests):
    gap = pd.Series({"low": -0.01, "high": 0.01, "corrected": True})
    shown = shown_with_power(gap, n_tests)
    freedom = n_tests - 1
    error = 0.01 / t(freedom).ppf(0.975)
    # A mean that lies `shown` off is found where it exceeds the reach of the test.
    assert t(freedom).sf((0.01 - shown) / error) == pytest.approx(0.8, abs=1e-6)
    wide = pd.Series({"low": -1.0, "high": 1.0, "corrected": n_tests < 25})
    assert shown_with_power(wide, n_tests) is None


def test_an_interval_that_finds_nothing_says_so(record, results):
    set_all(record, -1.0, 0.0, 1.0, "undecided")
    assert "as wide as this finds no difference with 80% power" in grounds(results)
    assert "by the width of the interval" not in methods_paragraph(results)


def test_nothing_is_called_locked_or_declared_that_was_not(record, results):
    record.settings["locked"] = False
    assert "locked" not in grounds(results) + methods_paragraph(results)
    assert "declared before the run" in grounds(results)
    assert "not kept" in run_facts(results)["Plan"]
    record.differences["declared"] = False
    assert "chosen by their scores" in grounds(results)


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        ("groups", "Mean over 5 folds, grouped by lesion"),
        ("source", "Mean over 5 sources, each tested by models of the others"),
        ("split", "One fit of each model, tested on the published test set"),
    ],
)
def test_grounds_name_what_stood_in_the_place_of_folds(record, results, by, expected):
    record.settings["plan"]["protocol"]["by"] = by
    assert expected in grounds(results)


def test_one_fold_of_five_is_owned_up_to(record, results):
    record.settings["n_splits"] = 1
    assert "1 of 5 folds, grouped by lesion" in grounds(results)
    assert "ean over" not in grounds(results)
    assert "of which 1 was tested" in methods_paragraph(results)
    assert folds_fact(results) == "1 of 5 folds, stratified by class, grouped by lesion"


@pytest.mark.parametrize(
    ("grouping", "words", "method"),
    [
        (["lesion"], "grouped by lesion", "lesions were never split"),
        (["patient", "lesion"], "grouped by patient and lesion", "of patient and lesion) were"),
        (["given", "group"], "grouped by given id", "of given id and known duplicates) were"),
        (["given"], "grouped by given id", "given ids were never split"),
        (["group"], "grouped by known duplicates only", "lesions and patients are unknown"),
        ([], "not grouped", "could not be grouped"),
    ],
)
def test_groups_are_called_what_they_are(record, results, grouping, words, method):
    record.settings["grouping"] = grouping
    assert words in grounds(results)
    assert words in folds_fact(results)
    assert method in methods_paragraph(results)


def test_images_are_not_called_lesions(record, results):
    record.settings["grouping"] = ["group"]
    assert "lesions." not in grounds(results)
    assert "300 images." in grounds(results)
    assert data_set(results).count("lesions") == 0
    assert "each was counted as a lesion of its own" in methods_paragraph(results)


def test_sources_are_named(record, results):
    record.settings["plan"]["protocol"]["by"] = "source"
    record.settings["source_folds"] = [
        {"fold": fold, "source": name, "classes": ["mel", "nv"]}
        for fold, name in enumerate(["rosendahl", "vidir"])
    ]
    text = methods_paragraph(results)
    assert "Each of 2 sources (rosendahl and vidir) was tested by models fitted on all" in text
    assert "connected with a tested one by lesion were not trained on" in text


def test_what_was_tested_is_told_from_what_was_trained_on(record, results):
    record.facts = record.facts[record.facts["label"] != "vasc"]
    n_images, n_lesions = len(record.facts), record.facts["lesion"].nunique()
    expected = f"ham10000, tested on {n_lesions} of 300 lesions, {n_images} of "
    assert data_set(results).startswith(expected)
    assert data_set(results).endswith(" images, 6 classes")
    assert f"of which {n_images} images of {n_lesions} lesions were tested" in methods_paragraph(
        results
    )


def test_an_external_test_set_is_named(record, results):
    record.settings["external"] = "isic2017"
    assert "tested on an external data set (isic2017)" in grounds(results)
    assert data_set(results).startswith("isic2017, by models of ham10000: 300 lesions")
    assert "fitted once and tested on an external data set (isic2017)" in methods_paragraph(results)
    assert "no training image is known to be in both." in methods_paragraph(results)
    record.settings["left_out_of_training"] = 1234
    assert "in both, or of a group with one, were left out (1,234)." in methods_paragraph(results)


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
    assert "thresholds set on the tested lesions themselves" in text


def test_the_detectable_difference_is_a_forecast_with_its_assumptions(record, results):
    set_all(record, 0.0, 0.014, 0.028, "better")
    text = methods_paragraph(results)
    assert "a difference of 0.012 was expected beforehand" in text
    assert "areas of 0.9 that correlate by 0.5 and no variation of training" in text
    # Half the width, and as much again as four degrees of freedom ask of 80 % power.
    shown = 0.014 * (1 + t(4).ppf(0.8) / t(4).ppf(0.975))  # 0.019
    assert f"by the width of the interval of fusion against cnn, one of {shown:.3f} is" in text
    defaults = inspect.signature(paired_auc_error).parameters
    assert (defaults["auc"].default, defaults["correlation"].default) == (0.9, 0.5)


@pytest.mark.parametrize("corrected", [True, False])
def test_methods_state_the_rule_of_verdicts_with_and_without_correction(record, results, corrected):
    if not corrected:
        record.differences[["corrected_low", "corrected_high", "p_holm"]] = np.nan
    text = methods_paragraph(results)
    assert "lay within ±0.01, else one was called better where it excluded 0" in text
    assert ("spanning those of the bootstrap and of the corrected test" in text) == corrected
    assert ("Nadeau" in text) == corrected


def test_methods_say_what_delong_compared_and_where(record, results):
    table = record.differences
    table["p_delong"], table["p_holm"] = 0.02, np.nan
    table.loc[table["declared"], "p_delong_holm"] = 0.1
    expected = "On the one tested fold, areas of mel alone were compared by the method of DeLong"
    text = methods_paragraph(results)
    assert expected in text
    assert "p values for the 5 planned comparisons adjusted by Holm" in text
    record.settings["plan"]["protocol"]["by"] = "split"
    assert "On the published test set, areas of mel" in methods_paragraph(results)


def test_methods_state_thresholds_cost_and_what_rests_on_the_first_repeat(record, results):
    assert "inner folds" not in methods_paragraph(results)
    record.inner = pd.DataFrame({"model": ["fusion", "descriptors"]})
    record.settings["miss_cost"] = 12.0
    text = methods_paragraph(results)
    assert "Thresholds of fusion and descriptors were set on 3 inner folds of each training" in text
    assert "a missed case that costs 12 false alarms" in text
    assert "12 false alarms" in run_facts(results)["Of mel"]
    assert "first repeat" not in text
    results.n_repeats = 5
    text = methods_paragraph(results)
    assert "training part of the first repeat" in text
    assert (
        "sources and verification, groups of patients and biopsies are those of the first" in text
    )


def test_methods_claim_nothing_that_was_not_done(bare, results):
    bare.settings["plan"] = None
    bare.settings["grouping"] = []
    bare.differences[["corrected_low", "corrected_high", "p_holm"]] = np.nan
    text = methods_paragraph(results)
    for word in ("Nadeau", "Holm", "sha256", "Net benefit", "Biopsies", "never split", "lesion)"):
        assert word not in text
