import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from pipelines.evaluation.design.sources import source_folds


def test_each_source_is_tested_by_the_others(sources):
    found = source_folds(sources)
    assert found.sources == ["x", "y", "z"]
    assert found.scored == [["keratosis", "melanoma", "nevus"]] * 2 + [["melanoma", "nevus"]]
    for name, split in zip(found.sources, found.splits, strict=True):
        assert set(sources["source"].iloc[split.test]) == {name}
        trained_on = sources["source"].iloc[split.train]
        assert trained_on.notna().all()
        assert name not in set(trained_on)


def test_a_patient_of_two_sources_is_not_trained_on_where_tested(sources):
    shared = sources.assign(patient=sources["lesion"])
    row = [int(np.flatnonzero(shared["source"] == name)[0]) for name in ("x", "y")]
    shared.loc[row, "patient"] = "both"
    splits = source_folds(shared).splits
    groups = shared["patient"].to_numpy()
    for split in splits:
        assert not set(groups[split.train]) & set(groups[split.test])
    assert row[0] in splits[0].test
    assert row[1] in splits[1].test
    assert not set(row) & set(np.r_[splits[0].train, splits[1].train])


def test_what_cannot_be_left_out(sources):
    with pytest.raises(ValueError, match="needs a column 'source'"):
        source_folds(sources.drop(columns="source"))
    with pytest.raises(ValueError, match="No source can be left out"):
        source_folds(sources.assign(source="one"))
    with pytest.raises(ValueError, match="No source can be left out"):
        source_folds(sources.assign(source=sources["label"]))


def test_a_source_model_does_not_carry_over():
    """What tells the classes of one source apart is turned round in the other."""
    rng = np.random.default_rng(0)
    label = np.repeat(["mel", "nv"], 100)
    source = np.tile(["x", "y"], 100)
    sign = np.where(source == "x", 1, -1) * np.where(label == "mel", 1, -1)
    table = pd.DataFrame({"image": [f"{i}.png" for i in range(200)], "label": label})
    table = table.assign(source=source, x0=sign + rng.normal(size=200))
    found = source_folds(table)
    for split in found.splits:
        train, test = table.iloc[split.train], table.iloc[split.test]
        model = LogisticRegression().fit(train[["x0"]], train["label"])
        score = model.predict_proba(test[["x0"]])[:, 0]
        assert roc_auc_score(test["label"] == "mel", score) < 0.2
