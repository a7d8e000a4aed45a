import numpy as np
import pandas as pd
import pytest

from pipelines.reporting.words.cautions import cautions

LABELS = ["akiec", "bcc", "bkl", "df", "mel", "nv", "vasc"]
ACROSS = ("duplicates across splits", "leak", 4, "4 pairs. Split by groups.")
COPIES = ("same file", "warning", 1, "1 pair.")
CONFLICT = ("label conflict", "leak", 2, "2 pairs.")


def make_leaks(*rows):
    return pd.DataFrame(rows, columns=["kind", "severity", "count", "message"])


def make_facts(*, tested=60, **other):
    """Facts of so many lesions of each class, and of another number of some."""
    labels = np.concatenate([[name] * other.get(name, tested) for name in LABELS])
    facts = pd.DataFrame({"row": np.arange(len(labels)), "label": labels.astype(object)})
    return facts.assign(image="a.png", lesion=facts["row"].astype(str))


def titles(results):
    return [caution.title for caution in cautions(results)]


def text_of(results, title):
    return next(caution.text for caution in cautions(results) if caution.title == title)


@pytest.fixture
def calm(record, results):
    """Nothing to warn of."""
    record.facts = make_facts()
    record.skipped = []
    return results


def test_nothing_to_warn_of(calm):
    assert cautions(calm) == []


@pytest.mark.parametrize(
    ("setting", "value", "title", "grave"),
    [
        ("synthetic", True, "Synthetic data", False),
        ("partial", True, "Partial data", False),
        ("grouping", [], "Not grouped", True),
        ("grouping", ["group"], "Grouped by known duplicates only", True),
        ("unreliable_masks", 0.31, "Unreliable masks", False),
        ("failed", [{"model": "cnn", "error": "Model cnn failed"}], "Failed model", False),
    ],
)
def test_settings_that_spoil_trust(calm, setting, value, title, grave):
    calm.settings[setting] = value
    assert titles(calm) == [title]
    assert cautions(calm)[0].grave == grave


def test_flagged_controls_come_first(record, calm):
    calm.settings["grouping"] = []
    reason = "Reaches 95 % of the excess."
    record.tables["controls"].loc[1, ["flagged", "reason"]] = [True, reason]
    found = cautions(calm)
    assert [caution.title for caution in found] == [
        "Control flagged: lesion blanked out",
        "Not grouped",
    ]
    assert found[0].text == "Reaches 95 % of the excess. Flagged against fusion."


def test_a_score_that_is_owed_to_the_source(record, calm):
    gaps = record.tables["source_gap"]
    gaps.loc[[1, 3], "flagged"] = True
    gaps.loc[[1, 3], "gap"] = [0.1, 0.3]
    gaps.loc[3, "reason"] = "cnn: the AUC of mel is 0.95 over all sources and 0.65 within them."
    found = cautions(calm)
    assert [(caution.title, caution.grave) for caution in found] == [("Source, not disease", True)]
    assert found[0].text.startswith("cnn: the AUC of mel is 0.95")
    assert found[0].text.endswith("Flagged for descriptors and cnn.")


def test_leaks_artefacts_and_small_classes(record, calm):
    record.tables["leaks"] = make_leaks(("copies", "leak", 7, "7 copies are on both sides."))
    record.tables["counterfactuals"].loc[4, "flipped"] = 0.2
    record.facts = make_facts(akiec=12)
    assert titles(calm) == ["Leak audit: copies", "Artefacts move predictions", "Few lesions"]
    assert "dark corners on images changes 20% of the labels that descriptors" in text_of(
        calm, "Artefacts move predictions"
    )
    assert text_of(calm, "Few lesions").startswith("akiec (12) tested.")


def test_what_was_only_trained_on_does_not_make_a_class_large(record, calm):
    record.cohort["lesions"] = 4000
    record.facts = make_facts(df=15, vasc=0)
    assert titles(calm) == ["Classes not tested", "Few lesions"]
    assert text_of(calm, "Classes not tested").startswith("vasc:")
    assert text_of(calm, "Few lesions").startswith("df (15) tested.")


@pytest.mark.parametrize("grouping", [[], ["group"]])
@pytest.mark.parametrize(("by", "grave"), [("split", True), ("source", False)])
def test_without_folds_no_word_of_folds(calm, by, grave, grouping):
    calm.settings["grouping"] = grouping
    calm.settings["plan"]["protocol"]["by"] = by
    found = cautions(calm)
    assert [(caution.title, caution.grave) for caution in found] == [("Lesions unknown", grave)]
    assert "old" not in found[0].text


def test_lesions_that_two_data_sets_may_share_are_unknown(calm):
    calm.settings |= {"grouping": [], "external": "isic2017"}
    assert "both data sets show the same lesions" in text_of(calm, "Lesions unknown")


def test_known_duplicates_are_kept_together_and_no_more(calm):
    calm.settings["grouping"] = ["group"]
    text = text_of(calm, "Grouped by known duplicates only")
    assert text.startswith("Folds keep known duplicates together. The manifest names neither")


def test_ids_that_somebody_gave_are_no_mere_duplicates(calm):
    calm.settings["grouping"] = ["given", "group"]
    assert titles(calm) == []


def test_a_published_split_that_was_not_used_is_no_grave_matter(record, calm):
    record.tables["leaks"] = make_leaks(ACROSS, COPIES, CONFLICT)
    calm.settings["grouping"] = ["lesion", "group"]
    found = cautions(calm)
    assert [(caution.title, caution.grave) for caution in found] == [
        ("Leak audit: label conflict", True),
        ("Leak audit, dealt with by the splits", False),
    ]
    assert found[1].text.startswith("duplicates across splits (4) and same file (1).")


def test_a_published_split_that_was_used_is(record, calm):
    record.tables["leaks"] = make_leaks(ACROSS, COPIES)
    calm.settings["grouping"] = ["lesion", "group"]
    calm.settings["plan"]["protocol"]["by"] = "split"
    found = cautions(calm)
    assert [(caution.title, caution.grave) for caution in found] == [
        ("Leak audit: duplicates across splits", True),
        ("Leak audit: same file", False),
    ]


def test_images_left_out_are_counted(record, calm):
    record.skipped = [{"row": 1, "image": "a", "error": "b"}]
    assert text_of(calm, "Left out").startswith("1 image could")
