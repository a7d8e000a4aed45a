import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from pipelines.evaluation.design.sources import describe_sources, source_folds


def test_each_source_is_tested_by_the_others(sources):
    splits = source_folds(sources)
    for name, split in zip("xyz", splits, strict=True):
        assert set(sources["source"].iloc[split.test]) == {name}
        trained_on = sources["source"].iloc[split.train]
        assert trained_on.notna().all()
        assert name not in set(trained_on)


def test_folds_are_described_by_source_and_classes_of_both_sides(sources):
    told = describe_sources(sources, source_folds(sources))
    both = [["keratosis", "melanoma", "nevus"]] * 2 + [["melanoma", "nevus"]]
    assert [entry["source"] for entry in told] == ["x", "y", "z"]
    assert [entry["classes"] for entry in told] == both


def test_a_fold_that_is_tested_alone_keeps_its_number(sources):
    (told,) = describe_sources(sources, source_folds(sources)[2:])
    assert told == {"fold": 2, "source": "z", "classes": ["melanoma", "nevus"]}


def test_sources_that_cannot_be_tested_are_trained_on(sources):
    """A source of one class: no fold tests it, yet it counts on the other side."""
    lonely = np.flatnonzero(sources["label"] == "keratosis")
    rows = sources.assign(source=sources["source"].where(sources["label"] != "keratosis", "only"))
    splits = source_folds(rows)
    assert [entry["source"] for entry in describe_sources(rows, splits)] == ["x", "y", "z"]
    assert all(set(lonely) <= set(split.train) for split in splits)


def test_a_patient_of_two_sources_is_not_trained_on_where_tested(sources):
    shared = sources.assign(patient=sources["lesion"])
    row = [int(np.flatnonzero(shared["source"] == name)[0]) for name in ("x", "y")]
    shared.loc[row, "patient"] = "both"
    splits = source_folds(shared)
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
    for split in source_folds(table):
        train, test = table.iloc[split.train], table.iloc[split.test]
        model = LogisticRegression().fit(train[["x0"]], train["label"])
        score = model.predict_proba(test[["x0"]])[:, 0]
        assert roc_auc_score(test["label"] == "mel", score) < 0.2
