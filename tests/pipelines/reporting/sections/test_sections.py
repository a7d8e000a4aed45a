"""What single sections show, and when they are absent."""

import numpy as np
import pandas as pd
import pytest

from pipelines.evaluation.predictions import trained_on_others
from pipelines.reporting.content import Fold, Prose, Table, walk
from pipelines.reporting.results import Results
from pipelines.reporting.sections import (
    classes,
    controls,
    costs,
    curves,
    decisions,
    differences,
    fairness,
    leaks,
    learning,
    ranking,
    within,
)


def tables_of(section):
    return {part.name: part for part in walk(section.parts) if isinstance(part, Table)}


def texts(table, column):
    return [row[column].text for row in table.rows]


def of_one_fold(record):
    """The run as it is where one fold was tested: nothing to take a mean over."""
    record.predictions["fold"] = 0
    table = record.tables["differences"]
    table[["corrected_low", "corrected_high", "p_value", "p_holm"]] = np.nan
    for end in ("low", "high"):
        table[f"verdict_{end}"] = table[f"difference_{end}"]
    per_lesion = table["unit"] == "lesion"
    table.loc[per_lesion, "p_delong"] = 0.01
    table.loc[per_lesion & table["declared"], "p_delong_holm"] = 0.05
    return Results(record)


def test_planned_comparisons_stand_apart_from_exploratory_ones(results):
    section = differences.make_section(results)
    found = tables_of(section)
    assert len(found["differences-planned"].rows) == 5
    assert len(found["differences-exploratory"].rows) == 10
    assert set(texts(found["differences-planned"], 0)) == {"fusion"}
    holm = list(found["differences-planned"].head).index("P, Holm")
    assert texts(found["differences-planned"], holm) == ["0.040"] * 5
    assert "P, Holm" not in found["differences-exploratory"].head
    per_image = [row[-1].text for row in found["differences-planned"].rows]
    assert "–" not in per_image
    fold = next(part for part in section.parts if isinstance(part, Fold))
    assert "not declared before the run" in fold.title


def test_verdicts_stand_with_the_ends_they_are_read_from(record, results):
    table = record.tables["differences"]
    first = (table["model"] == "fusion") & (table["reference"] == "cnn")
    table.loc[first, ["verdict", "verdict_low", "verdict_high"]] = ["undecided", -0.0123, 0.0456]
    section = differences.make_section(results)
    rows = {row[1].text: row for row in tables_of(section)["differences-planned"].rows}
    assert (rows["cnn"][2].text, rows["cnn"][2].note) == ("undecided", "−0.012 to +0.046")
    # Small and certain is equivalent before it is better.
    places = [section.lead.index(word) for word in ("equivalent", "better or worse", "undecided")]
    assert places == sorted(places)
    assert "spans both" in section.lead
    assert "adjusted for their number (Holm)" in section.lead


def test_one_fold_has_a_rule_and_a_correction_too(record):
    section = differences.make_section(of_one_fold(record))
    planned = tables_of(section)["differences-planned"]
    shown = [*planned.head][3:]
    assert shown == ["Per lesion", "P, DeLong (AUC of mel)", "P, DeLong, Holm", "Per image"]
    assert texts(planned, 5) == ["0.050"] * 5
    assert {row[2].note for row in planned.rows} == {""}
    assert "P, DeLong, Holm" not in tables_of(section)["differences-exploratory"].head
    assert "the interval of the paired bootstrap: equivalent where" in section.lead
    assert "adjusted for their number (Holm)" in section.lead


def test_a_pool_of_one_fold_is_not_a_second_score(record, results):
    table = tables_of(ranking.make_section(results))["ranking-lesion-more"]
    assert "Macro AUC, pooled" in table.head
    one = of_one_fold(record)
    section = ranking.make_section(one)
    heads = [heading for table in tables_of(section).values() for heading in table.head]
    assert "Macro AUC, pooled" not in heads
    assert "Accuracy" in heads
    assert "pooled" not in section.lead
    gap = tables_of(learning.make_section(one))["gap"]
    assert "mean over folds" not in gap.caption


def test_stability_of_one_fold_has_no_column(record, results):
    ends = ("stability", "stability_low", "stability_high")
    for name in ("columns", "columns_offered", *ends):
        record.metrics[name] = 800.0 if name.startswith("columns") else np.nan
    table = tables_of(ranking.make_section(results))["ranking-lesion"]
    assert [*table.head][-1] == "Columns"
    assert {len(row) for row in table.rows} == {len(table.head)}
    assert "Stability" not in table.caption


def test_curves_are_of_the_first_draw_of_the_folds(record):
    one = record.predictions[record.predictions["model"] == "cnn"]
    record.predictions = one
    alone = curves.model_curves(Results(record), "cnn")
    names = [name for name in one if name.startswith("p_")]
    again = one.assign(repeat=1)
    again[names] = again[names].to_numpy()[::-1]
    del record.lesions
    record.predictions = pd.concat([one, again], ignore_index=True)
    record.training = trained_on_others(record.predictions)
    both = Results(record)
    found = curves.model_curves(both, "cnn")
    assert all(np.array_equal(alone[key].y, found[key].y) for key in alone)
    assert "first of 2 draws of the folds" in curves.make_section(both).lead


def test_what_was_added_later_is_named(record, results):
    record.settings["plan"]["exploratory"] = ["late_fusion"]
    lead = differences.make_section(results).lead
    assert "exploratory: late_fusion" in lead


def test_biopsies_are_saved_against_the_reference_of_the_answer(record, results):
    assert decisions.reference_of(results, record.tables["biopsies"]) == "cnn"
    table = tables_of(decisions.make_section(results))["biopsies"]
    saved = {row[0].text: (row[5].text, row[5].best) for row in table.rows}
    assert saved["cnn"] == ("reference", False)
    assert saved["fusion"] == ("+20", True)
    assert saved["descriptors"] == ("−100", True)
    assert "Saved per 1,000 against cnn" in table.head


def test_biopsies_of_one_model_have_no_reference(record, results):
    table = record.tables["biopsies"]
    record.tables["biopsies"] = table[(table["model"] == "cnn") & (table["reference"] == "")]
    shown = tables_of(decisions.make_section(results))["biopsies"]
    assert len(shown.head) == len(shown.rows[0]) == 5


def test_thresholds_set_beforehand_are_told_from_those_set_on_the_tested_lesions(results):
    section = decisions.make_section(results)
    found = tables_of(section)
    assert "set on these very lesions" in found["biopsies"].caption
    assert "on inner folds" in found["operating-points"].caption
    assert "cnn" not in texts(found["operating-points"], 0)
    assert texts(found["operating-points"], 4) == ["7.3"] * 5
    assert texts(found["operating-labels"], 1) == ["most probable class"] * 6
    notes = [part.text for part in section.parts if isinstance(part, Prose)]
    assert len(notes) == 1
    assert notes[0].startswith("cnn has no thresholds set beforehand: models that train networks")


def test_a_run_without_inner_folds_says_that_it_set_no_thresholds(record, results):
    points = record.tables["operating_points"]
    record.tables["operating_points"] = points[points["rule"] == "argmax"]
    section = decisions.make_section(results)
    assert "operating-points" not in tables_of(section)
    notes = [part.text for part in section.parts if isinstance(part, Prose)]
    assert notes[0].startswith("No threshold was set beforehand in this run")


@pytest.mark.parametrize(
    ("highest", "expected"),
    [
        (0.03, (-0.006, 0.054)),
        # Nothing is worth doing: the frame stays upright, and shows how much is lost.
        (-0.01, (-0.02, 0.054)),
        (-0.2, (-0.05, 0.054)),
    ],
)
def test_the_frame_of_the_net_benefit(results, highest, expected):
    table = pd.DataFrame({"model": "fusion", "net_benefit": [highest, highest - 0.01]})
    others = pd.DataFrame({"model": ["treat all"], "net_benefit": [-0.9]})
    limits = decisions.benefit_limits(results, pd.concat([table, others]), most=0.05)
    assert limits == pytest.approx(expected)


def test_the_net_benefit_names_both_frequencies(record, results):
    record.settings["prevalence"] = 0.02
    share = (results.lesions["label"] == "mel").mean()
    caption = decisions.make_section(results).parts[0].pictures[1].caption
    assert "where 2.0% of the lesions are mel" in caption
    assert f"{share:.1%}" in caption


def test_criteria_are_called_what_they_are(record, results):
    record.tables["pareto"].insert(1, "train_seconds", 12.0)
    record.tables["not_weighed"] = pd.DataFrame(
        {"criterion": ["positive_auc"], "reason": ["it was not measured"]}
    )
    section = costs.make_section(results)
    table = tables_of(section)["pareto"]
    assert [*table.head][1:4] == [
        "Seconds of training, from image files",
        "Macro AUC",
        "ms for an image, from file to probabilities",
    ]
    assert "Differences of macro AUC must pass the margin with the lower end" in table.caption
    assert "fits of all folds" in table.caption
    notes = [part.text for part in section.parts if isinstance(part, Prose)]
    assert notes == ["Not weighed: AUC of mel (it was not measured)."]


def test_small_groups_have_no_score(results):
    table = tables_of(fairness.make_section(results))["fairness"]
    cells = {row[1].text: [cell.text for cell in row[3:5]] for row in table.rows}
    assert cells["c"] == ["too few", "too few"]
    assert cells["a"] == ["no difference shown", "0.850"]


def test_a_control_of_several_models_is_drawn_once(record, results):
    one = record.tables["controls"]
    both = pd.concat([one, one.assign(model="cnn", flagged=one["control"] == "skin border")])
    record.tables["controls"] = both
    section = controls.make_section(results)
    assert len(tables_of(section)["controls"].rows) == 10
    svg = section.parts[0].pictures[0].svg
    assert svg.count(">skin border</text>") == 1


def test_scores_of_small_parts_are_not_shown(results):
    found = tables_of(within.make_section(results))
    each = found["within-each"]
    value = {row[1].text: row[3].text for row in each.rows}
    assert value["follow_up"] == "too few"
    assert value["rosendahl"] != "too few"


def test_classes_are_shown_and_those_of_concern_only_where_there_is_one(record, results):
    table = tables_of(within.make_section(results))["within-each"]
    assert [*table.head][-2:] == ["Of them mel", "Classes scored"]
    assert table.rows[0][-1].text == ", ".join(results.classes)
    record.settings["positive"] = None
    found = record.tables["within"]
    record.tables["within"] = found[found["score"] == "macro_auc"].assign(n_positive=0)
    table = tables_of(within.make_section(Results(record)))["within-each"]
    assert [*table.head][-2:] == ["Lesions", "Classes scored"]
    assert {len(row) for row in table.rows} == {len(table.head)}


def test_scores_by_class_come_from_the_metrics_where_they_are_not_analysed(bare, results):
    assert classes.make_section(results) is None
    lesion = bare.metrics["unit"] == "lesion"
    for label in results.classes:
        for name in ("auc", "sensitivity", "specificity"):
            for end in ("", "_low", "_high"):
                bare.metrics.loc[lesion, f"{name}_{label}{end}"] = 0.7
    table = tables_of(classes.make_section(results))["classes"]
    assert len(table.rows) == len(results.classes) * 6
    assert list(table.head) == ["Class", "Model", "AUC", "Sensitivity", "Specificity", "Lesions"]


@pytest.mark.parametrize("module", [controls, decisions, fairness, leaks, within])
def test_sections_are_absent_without_their_analyses(bare, module):
    bare.tables["leaks"] = pd.DataFrame()
    assert module.make_section(Results(bare)) is None


def test_draws_of_lesions_are_shared_by_models(results):
    first, second = (results.draws_of(results.of_model(name)) for name in ("cnn", "fusion"))
    assert np.array_equal(first, second)
    assert (first.sum(axis=0) == len(first)).all()


def test_a_class_of_concern_that_was_not_tested_has_no_curve(record):
    record.predictions = record.predictions.query("label != 'mel'")
    pictures = [p for part in curves.make_section(Results(record)).parts for p in part.pictures]
    assert [picture.name for picture in pictures] == ["roc-macro", "precision-recall-macro"]
