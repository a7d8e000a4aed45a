"""What single sections show, and when they are absent."""

import numpy as np
import pandas as pd
import pytest

from pipelines.reporting.content import Fold, Table, walk
from pipelines.reporting.results import Results
from pipelines.reporting.sections import (
    classes,
    controls,
    decisions,
    differences,
    fairness,
    leaks,
    within,
)


def tables_of(section):
    return {part.name: part for part in walk(section.parts) if isinstance(part, Table)}


def texts(table, column):
    return [row[column].text for row in table.rows]


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
