import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from pipelines.evaluation.scoring.fold_areas import fold_areas, mean_of_folds

CLASSES = ["bkl", "mel", "nv"]


def training_of(*counts):
    rows = [{f"n_{name}": n for name, n in zip(CLASSES, fold, strict=True)} for fold in counts]
    return pd.DataFrame(rows).assign(repeat=0, fold=range(len(counts)))


def test_areas_of_each_fold_are_those_of_scikit_learn(lesions):
    part = lesions[lesions["model"] == "good"]
    areas = fold_areas(part, training_of(*[(9, 9, 9)] * 5), np.ones((len(part), 1)))[..., 0]
    assert areas.shape == (5, 3)
    for fold, rows in part.groupby("fold"):
        expected = [roc_auc_score(rows["label"] == name, rows[f"p_{name}"]) for name in CLASSES]
        np.testing.assert_allclose(areas[fold], expected)


def test_lesions_of_a_class_that_was_not_taught_are_no_negatives(lesions):
    part = lesions[lesions["model"] == "good"]
    areas = fold_areas(part, training_of((0, 9, 9), *[(9, 9, 9)] * 4), np.ones((len(part), 1)))
    first = part[(part["fold"] == 0) & (part["label"] != "bkl")]
    expected = [roc_auc_score(first["label"] == name, first[f"p_{name}"]) for name in CLASSES[1:]]
    assert np.isnan(areas[0, 0])
    np.testing.assert_allclose(areas[0, 1:, 0], expected)
    of_folds = [np.nanmean(fold) for fold in areas[..., 0]]
    assert mean_of_folds(areas)[0] == pytest.approx(np.mean(of_folds))


def test_a_fold_that_was_taught_nothing_it_tests_is_not_scored(lesions):
    part = lesions[(lesions["model"] == "good") & (lesions["label"] == "nv")]
    areas = fold_areas(part, training_of(*[(9, 9, 0)] * 5), np.ones((len(part), 2)))
    assert np.isnan(areas).all()
    assert np.isnan(mean_of_folds(areas)).all()
