import numpy as np
import pandas as pd
import pytest

from pipelines import make_model
from pipelines.data import lesion_ids
from pipelines.evaluation import make_folds, make_splits
from pipelines.recipes.self_deception import CONTROLS, make_controls, shuffle_labels


def test_shuffled_labels_keep_lesions_and_the_classes_of_each_fold(manifest):
    folds = make_folds(manifest, 3)
    shuffled = shuffle_labels(manifest, folds, 0)
    assert (shuffled["label"] != manifest["label"]).mean() > 0.3
    assert (shuffled.groupby("lesion")["label"].nunique() == 1).all()
    one = manifest.assign(fold=folds).drop_duplicates("lesion")
    dealt = shuffled.assign(fold=folds).drop_duplicates("lesion")
    pd.testing.assert_frame_equal(
        pd.crosstab(one["fold"], one["label"]), pd.crosstab(dealt["fold"], dealt["label"])
    )


def test_shuffling_takes_splits_too_and_repeats_itself(manifest):
    splits = make_splits(manifest, 3)
    folds = make_folds(manifest, 3)
    by_folds = shuffle_labels(manifest, folds, 0)["label"]
    assert by_folds.equals(shuffle_labels(manifest, splits, 0)["label"])
    assert not by_folds.equals(shuffle_labels(manifest, folds, 1)["label"])


def test_rows_that_are_never_tested_are_shuffled_among_themselves(manifest):
    lesion = pd.factorize(manifest["lesion"])[0]
    folds = np.where(lesion % 2, 0, -1)
    shuffled = shuffle_labels(manifest, folds, 0)
    for part in (0, -1):
        rows = folds == part
        counts = [
            table[rows].drop_duplicates("lesion")["label"].value_counts()
            for table in (manifest, shuffled)
        ]
        pd.testing.assert_series_equal(*counts)


def test_each_control_has_its_model_and_rows(lesions, tmp_path):
    models = {"a": make_model("classical"), "b": make_model("missingness")}
    table = lesions.drop(columns=["mask", "lesion"]).assign(source=["x", "y"] * 30)
    found = make_controls(models, table, make_folds(table, 3), tmp_path)
    names = [(control.control, control.model) for control in found]
    assert names == [(c, m) for c in CONTROLS[:3] for m in "ab"] + [(c, "") for c in CONTROLS[3:]]
    for control in found:
        assert len(control.manifest) == len(table)
        # Images under new names are still the lesions that they were.
        assert lesion_ids(control.manifest).tolist() == lesion_ids(table).tolist()


def test_a_single_source_needs_no_control(lesions, tmp_path):
    found = make_controls({}, lesions, make_folds(lesions, 3), tmp_path)
    assert [control.control for control in found] == ["file properties only", "majority"]
    with pytest.raises(ValueError, match=r"Unknown controls \['luck'\]"):
        make_controls({}, lesions, make_folds(lesions, 3), tmp_path, controls=["luck"])
