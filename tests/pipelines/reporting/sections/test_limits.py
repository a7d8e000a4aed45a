import numpy as np
import pytest

from pipelines.reporting.sections.limits import make_section


def text_of(results):
    return " ".join(make_section(results).parts[0].texts)


def test_limits_of_a_cross_validation(results):
    text = text_of(results)
    assert "lesions of the out-of-fold predictions" in text
    assert "On other sources they are usually lower" in text
    assert "The corrected intervals of differences hold both" in text
    assert "P values of planned comparisons alone are adjusted" in text
    assert "The headline comparison is the one to lean on" in text


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        ("split", "lesions of the published test set"),
        ("source", "Each source was tested by models that had not seen it"),
    ],
)
def test_limits_of_other_protocols(record, results, by, expected):
    record.settings["plan"]["protocol"]["by"] = by
    assert expected in text_of(results)
    assert "out-of-fold" not in text_of(results)
    assert ("usually lower" in text_of(results)) == (by == "split")


def test_limits_of_an_external_test(record, results):
    record.settings["external"] = "isic2017"
    text = text_of(results)
    assert "of another data set than those trained on" in text
    assert "usually lower" not in text


def test_one_fold_has_neither_correction_nor_spread(record, results):
    record.settings["n_splits"] = 1
    record.differences[["corrected_low", "corrected_high", "p_holm"]] = np.nan
    text = text_of(results)
    assert "Only 1 of 5 folds was tested" in text
    assert "hold both" not in text
    assert "nothing is adjusted for their number" in text
    record.differences["p_delong_holm"] = 0.03
    assert "P values of planned comparisons alone are adjusted" in text_of(results)


def test_one_model_is_compared_with_nothing(record, results):
    record.tables["metrics"] = record.metrics[record.metrics["model"] == "cnn"]
    record.tables["differences"] = record.differences.iloc[:0]
    text = text_of(results)
    assert "Several classes and groups" in text
    assert "headline" not in text


def test_a_pair_chosen_by_its_scores_is_flattered(record, results):
    record.differences["declared"] = False
    assert "chosen by their scores, which flatters the best" in text_of(results)


def test_the_frequency_of_the_class_is_counted(record, results):
    facts = record.facts.drop_duplicates("lesion")
    share = (facts["label"] == "mel").mean()
    assert f"mel is {share:.1%} of the lesions tested here, and 5.0% is assumed" in text_of(results)
    results.positive = None
    assert "is assumed" not in text_of(results)


def test_lesions_of_one_patient_are_taken_for_independent(record, results):
    assert "Patients are unknown" in text_of(results)
    codes = record.facts["lesion"].str[1:].astype(int)
    record.facts["patient"] = codes // 2
    assert "300 lesions are of 150 patients" in text_of(results)
    record.facts["patient"] = codes
    assert "atients" not in text_of(results).replace("selection of patients", "")
