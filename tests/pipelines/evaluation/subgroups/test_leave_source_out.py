import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from pipelines.evaluation import aggregate_lesions, draw_lesions, out_of_fold
from pipelines.evaluation.design.sources import describe_sources, source_folds
from pipelines.evaluation.subgroups.leave_source_out import source_table


def test_scores_leave_out_classes_of_one_side(models, sources):
    splits = source_folds(sources)
    folds = describe_sources(sources, splits)
    predictions = out_of_fold({"cnn": models["cnn"]}, sources, splits).predictions
    lesions = aggregate_lesions(predictions)
    counts = draw_lesions(lesions["label"].to_numpy(), 50, 0)
    table = source_table(lesions, folds, counts, "melanoma").set_index("source")
    assert table.loc["z", "classes"] == "melanoma, nevus"
    for entry in folds:
        classes = entry["classes"]
        part = lesions[(lesions["fold"] == entry["fold"]) & lesions["label"].isin(classes)]
        areas = {c: roc_auc_score(part["label"] == c, part[f"p_{c}"]) for c in classes}
        row = table.loc[entry["source"]]
        assert row["n"] == len(part)
        assert row["macro_auc"] == pytest.approx(np.mean(list(areas.values())))
        assert row["positive_auc"] == pytest.approx(areas["melanoma"])
        assert row["positive_auc_low"] <= row["positive_auc"] <= row["positive_auc_high"]
    assert not table["enough"].any()


def test_folds_keep_their_numbers_where_some_are_tested(models, sources):
    splits = source_folds(sources)[1:]
    predictions = out_of_fold({"cnn": models["cnn"]}, sources, splits).predictions
    lesions = aggregate_lesions(predictions)
    counts = draw_lesions(lesions["label"].to_numpy(), 20, 0)
    table = source_table(lesions, describe_sources(sources, splits), counts, "melanoma")
    assert table["source"].tolist() == ["y", "z"]
    shared = sources["label"].isin(["melanoma", "nevus"])
    expected = [sources[sources["source"] == "y"], sources[(sources["source"] == "z") & shared]]
    assert table["n"].tolist() == [rows["lesion"].nunique() for rows in expected]
