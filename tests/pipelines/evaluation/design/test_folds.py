import numpy as np
import pandas as pd
import pytest

from pipelines.evaluation import make_folds


def test_folds_keep_lesions_whole_and_classes_in_proportion(manifest):
    folds = make_folds(manifest, n_splits=3, random_state=0)
    assert (pd.Series(folds).groupby(manifest["lesion"].to_numpy()).nunique() == 1).all()
    for label in manifest["label"].unique():
        shares = np.bincount(folds[manifest["label"] == label], minlength=3)
        assert shares.min() > 0.6 * shares.max()


def test_folds_keep_patients_whole_across_lesions(manifest):
    patients = "P" + manifest["lesion"].str[1:].astype(int).floordiv(2).astype(str)
    folds = make_folds(manifest.assign(patient=patients), n_splits=3)
    assert (pd.Series(folds).groupby(patients.to_numpy()).nunique() == 1).all()


def test_folds_depend_on_the_seed_alone(manifest):
    first = make_folds(manifest, random_state=3)
    np.testing.assert_array_equal(first, make_folds(manifest, random_state=3))
    assert (first != make_folds(manifest, random_state=4)).any()


def test_images_without_groups_are_split_one_by_one(manifest):
    folds = make_folds(manifest.drop(columns="lesion"), n_splits=3)
    assert set(folds) == {0, 1, 2}


def test_one_class_is_refused(manifest):
    with pytest.raises(ValueError, match="at least two classes"):
        make_folds(manifest.assign(label="nevus"))


def test_fewer_lesions_than_folds_names_the_class_and_the_way_out(manifest):
    rare = {"image": ["1.png", "2.png", "3.png"], "label": "rare", "lesion": ["a", "a", "b"]}
    few = pd.concat([manifest, manifest.iloc[-3:].assign(**rare)])
    with pytest.raises(ValueError, match=r"folds \(5\), but 'rare' has 2 .* fewer folds"):
        make_folds(few.reset_index(drop=True), n_splits=5)


def test_one_fold_is_refused(manifest):
    with pytest.raises(ValueError, match="`n_splits` must be at least 2, got 1"):
        make_folds(manifest, n_splits=1)
