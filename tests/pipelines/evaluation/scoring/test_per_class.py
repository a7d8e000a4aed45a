import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as reference

from pipelines.evaluation.scoring.per_class import COLUMNS, SCORES, per_class_table


def test_scores_are_those_of_scikit_learn(lesions, counts):
    table = per_class_table(lesions, counts)
    assert list(table) == COLUMNS
    assert len(table) == 6
    for row in table.to_dict("records"):
        part = lesions[lesions["model"] == row["model"]]
        name = row["class"]
        truth, called = part["label"] == name, part["argmax"] == name
        assert row["auc"] == pytest.approx(reference.roc_auc_score(truth, part[f"p_{name}"]))
        assert row["average_precision"] == pytest.approx(
            reference.average_precision_score(truth, part[f"p_{name}"])
        )
        assert row["sensitivity"] == pytest.approx(reference.recall_score(truth, called))
        assert row["specificity"] == pytest.approx(reference.recall_score(~truth, ~called))
        assert row["f1"] == pytest.approx(reference.f1_score(truth, called))
        assert row["n_positive"] == truth.sum()
        for score in SCORES:
            assert row[f"{score}_low"] <= row[score] <= row[f"{score}_high"]


def test_repeats_are_averaged(repeated, counts):
    together = per_class_table(repeated, counts)
    alone = [per_class_table(run, counts) for _, run in repeated.groupby("repeat")]
    for score in SCORES:
        expected = np.mean([table[score] for table in alone], axis=0)
        np.testing.assert_allclose(together[score], expected)
    assert together["n_positive"].tolist() == [60, 40, 200]


def test_images_are_scored_with_the_draws_of_their_lesions(lesions, counts):
    # Each lesion has one image, the melanomas two: the same scores but for their weight.
    numbered = lesions.assign(row=lesions.groupby("model").cumcount())
    twins = numbered[numbered["label"] == "mel"].assign(row=lambda table: table["row"] + 1000)
    images = pd.concat([numbered, twins]).sort_values(["model", "row"], ignore_index=True)
    table = per_class_table(lesions, counts, images).set_index(["unit", "model", "class"])
    ours, theirs = table.loc["lesion"], table.loc["image"]
    for score in ("auc", "sensitivity", "specificity"):
        for end in ("", "_low", "_high"):
            mel = [part.xs("mel", level="class")[score + end] for part in (ours, theirs)]
            np.testing.assert_allclose(*mel)
    assert theirs.xs("mel", level="class")["n_positive"].tolist() == [80, 80]
    assert (theirs["f1"] != ours["f1"]).any()
