import pandas as pd
import pytest

from pipelines.reporting.cautions import cautions


def titles(results):
    return [caution.title for caution in cautions(results)]


def text_of(results, title):
    return next(caution.text for caution in cautions(results) if caution.title == title)


@pytest.fixture
def calm(record, results):
    """Nothing to warn of."""
    record.cohort["lesions"] = 400
    record.skipped = []
    return results


def test_nothing_to_warn_of(calm):
    assert cautions(calm) == []


@pytest.mark.parametrize(
    ("setting", "value", "title", "grave"),
    [
        ("synthetic", True, "Synthetic data", False),
        ("partial", True, "Partial data", False),
        ("grouped", False, "Not grouped", True),
        ("unreliable_masks", 0.31, "Unreliable masks", False),
        ("failed", [{"model": "cnn", "error": "Model cnn failed"}], "Failed model", False),
    ],
)
def test_settings_that_spoil_trust(calm, setting, value, title, grave):
    calm.settings[setting] = value
    assert titles(calm) == [title]
    assert cautions(calm)[0].grave == grave


def test_flagged_controls_come_first(record, calm):
    calm.settings["grouped"] = False
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
    leak = ("copies", "leak", 7, "7 copies are on both sides.")
    record.tables["leaks"] = pd.DataFrame([leak], columns=["kind", "severity", "count", "message"])
    record.tables["counterfactuals"].loc[4, "flipped"] = 0.2
    record.cohort.loc[0, "lesions"] = 12
    assert titles(calm) == ["Leak audit: copies", "Artefacts move predictions", "Few lesions"]
    assert "dark corners on images changes 20% of the labels that descriptors" in text_of(
        calm, "Artefacts move predictions"
    )
    assert text_of(calm, "Few lesions").startswith("akiec (12).")


def test_images_left_out_are_counted(record, calm):
    record.skipped = [{"row": 1, "image": "a", "error": "b"}]
    assert text_of(calm, "Left out").startswith("1 image could")
