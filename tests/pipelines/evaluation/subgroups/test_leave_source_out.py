import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from pipelines.evaluation import aggregate_lesions, draw_lesions, out_of_fold
from pipelines.evaluation.design.sources import source_folds
from pipelines.evaluation.subgroups.leave_source_out import source_table


def test_scores_leave_out_classes_of_one_side(models, sources):
    found = source_folds(sources)
    predictions = out_of_fold({"cnn": models["cnn"]}, sources, found.splits).predictions
    lesions = aggregate_lesions(predictions)
    counts = draw_lesions(lesions["label"].to_numpy(), 50, 0)
    table = source_table(lesions, found, counts, "melanoma").set_index("source")
    assert table.loc["z", "classes"] == "melanoma, nevus"
    for fold, source in enumerate(found.sources):
        part = lesions[(lesions["fold"] == fold) & lesions["label"].isin(found.scored[fold])]
        areas = {c: roc_auc_score(part["label"] == c, part[f"p_{c}"]) for c in found.scored[fold]}
        row = table.loc[source]
        assert row["n"] == len(part)
        assert row["macro_auc"] == pytest.approx(np.mean(list(areas.values())))
        assert row["positive_auc"] == pytest.approx(areas["melanoma"])
        assert row["positive_auc_low"] <= row["positive_auc"] <= row["positive_auc_high"]
    assert not table["enough"].any()
