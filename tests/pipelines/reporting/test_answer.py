import itertools

import pytest

from pipelines.reporting import answer
from pipelines.reporting.content import walk
from pipelines.reporting.results import Results
from pipelines.reporting.sections import cohort, leaks

PROTOCOLS = ("groups", "source", "split", "external")


@pytest.fixture(autouse=True)
def undrawn(monkeypatch):
    """Without the figure, which takes the time and is not looked at."""
    monkeypatch.setattr(answer, "draw_dots", lambda *args: None)
    monkeypatch.setattr(answer, "picture", lambda *args: None)


def harder(results):
    return answer.make_answer(results).harder


def test_scores_within_sources_stand_beside_those_of_the_same_classes(record, results):
    within = record.tables["within"]
    within.loc[within["value"] == "all sources", "auc"] = 0.777
    table = harder(results)
    assert list(table.head) == [
        "Model",
        "All sources",
        "Within source",
        "Histologically verified",
    ]
    assert {row[1].text for row in table.rows} == {"0.777"}
    assert table.caption.endswith("Macro AUC: of all classes.")


def test_classes_of_harder_scores_are_named_where_some_are_missing(record, results):
    within = record.tables["within"]
    macro = within["score"] == "macro_auc"
    within.loc[macro & (within["column"] == "source"), "classes"] = "mel, nv"
    within.loc[macro & (within["column"] == "dx_type"), "classes"] = "bcc, mel, nv"
    caption = harder(results).caption
    assert "all sources and within source, of mel, nv" in caption
    assert "histologically verified, of bcc, mel, nv" in caption
    assert "Of other classes it is another score" in caption


def test_without_sources_verified_lesions_stand_beside_the_pool_of_all(record, results):
    within = record.tables["within"]
    record.tables["within"] = within[within["column"] == "dx_type"]
    table = harder(results)
    assert list(table.head) == ["Model", "All lesions", "Histologically verified"]
    pooled = results.score_of(results.ranked[0], "macro_auc_pooled").iloc[0]
    shown = {(row[0].text, row[0].note): row[1].text for row in table.rows}
    assert shown[results.ranked[0], "macro AUC"] == f"{pooled:.3f}"


def test_sources_tested_in_turn_are_not_pooled(record, results):
    record.settings["plan"]["protocol"]["by"] = "source"
    within = record.tables["within"]
    record.tables["within"] = within[within["value"] != "all sources"]
    table = harder(results)
    assert "all lesions, of the classes that both sides have" in table.caption
    assert "pooled" not in table.caption
    mean = results.score_of(results.ranked[0], "macro_auc").iloc[0]
    shown = {(row[0].text, row[0].note): row[1].text for row in table.rows}
    assert shown[results.ranked[0], "macro AUC"] == f"{mean:.3f}"


def test_the_first_screen_is_short_in_every_protocol(bare):
    groupings, positives = ([], ["group"], ["patient", "lesion"]), (None, "mel")
    for by, grouping, positive in itertools.product(PROTOCOLS, groupings, positives):
        bare.settings |= {"grouping": grouping, "positive": positive}
        bare.settings["external"] = "isic2017" if by == "external" else None
        bare.settings["plan"]["protocol"]["by"] = by
        made = answer.make_answer(Results(bare))
        assert made.harder is None
        assert len(made.sentence) < 200
        assert len(made.grounds) < 550
        assert len(made.eyebrow) < 100
        assert all(len(caution.text) < 250 for caution in made.cautions)


def test_cohort_counts_what_was_tested(record, results):
    def tables():
        return {part.name: part for part in walk(cohort.make_section(results).parts)[:2]}

    assert "Tested lesions" not in tables()["cohort"].head
    assert tables()["sources"].caption.startswith("Tested lesions of each class")
    record.facts = record.facts[record.facts["label"] != "vasc"]
    del results.tested
    counted = tables()["cohort"]
    place = list(counted.head).index("Tested lesions")
    shown = {row[0].text: row[place].text for row in counted.rows}
    assert shown["vasc"] == "0"
    assert shown["All"] == str(record.facts["lesion"].nunique())
    record.settings["external"] = "isic2017"
    assert "tested are those of the external one" in tables()["cohort"].caption


def test_cohort_without_lesions_counts_images(record, results):
    record.settings["grouping"] = ["group"]
    head = cohort.make_section(results).parts[0].head
    assert list(head) == ["Class", "Images", "Share of images"]


def test_leak_audit_says_what_the_splits_dealt_with(record, results):
    record.tables["leaks"].loc[0, ["kind", "severity"]] = ["lesion across splits", "leak"]
    assert "dealt with" not in leaks.make_section(results).lead
    record.settings["grouping"] = ["lesion", "group"]
    assert leaks.make_section(results).lead.endswith(
        "a published split does: lesion across splits."
    )
