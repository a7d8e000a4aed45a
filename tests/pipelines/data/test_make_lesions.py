import numpy as np
import pandas as pd
import pytest
from PIL import Image

from pipelines.data import load_dataset, make_lesions, validate_manifest


def test_manifest_says_what_lies_on_disk(lesions):
    validate_manifest(lesions)
    assert len(lesions) == 60
    assert lesions.attrs["synthetic"] is True
    assert set(lesions["source"]) == {"synthetic"}
    assert lesions["image"].str.contains("synthetic_").all()
    for row in lesions.head(8).itertuples():
        with Image.open(row.image) as image, Image.open(row.mask) as mask:
            assert image.size == mask.size == (160, 120)
            assert image.mode == "RGB"
            assert (np.asarray(mask) > 0).sum() == row.true_area


def test_some_lesions_have_several_views_that_share_their_label(lesions):
    views = lesions.groupby("lesion").size()
    assert views.max() > 1
    assert views.max() <= 3
    per_lesion = lesions.groupby("lesion")[["label", "true_asymmetry", "true_n_colors"]].nunique()
    assert (per_lesion == 1).all(axis=None)


def test_classes_differ_as_described_and_overlap(tmp_path):
    cohort = make_lesions(300, random_state=1, root=tmp_path, size=(48, 64))
    means = cohort.groupby("label")[["true_diameter", "true_asymmetry", "true_n_colors"]].mean()
    assert (means.loc["melanoma"] > means.loc["nevus"]).all()
    blur = cohort.groupby("label")["true_border_blur"]
    assert blur.mean()["melanoma"] < blur.mean()["nevus"]
    assert blur.max()["melanoma"] > blur.min()["nevus"]


def test_same_seed_same_bytes(tmp_path):
    first, second, other = (
        make_lesions(6, random_state=seed, root=tmp_path / name, size=(48, 64))
        for name, seed in (("a", 0), ("b", 0), ("c", 1))
    )
    truth = first.filter(like="true_")
    pd.testing.assert_frame_equal(truth, second.filter(like="true_"))
    assert not truth.equals(other.filter(like="true_"))
    for here, there in zip(first["image"], second["image"], strict=True):
        with open(here, "rb") as one, open(there, "rb") as two:
            assert one.read() == two.read()


def test_every_class_is_there_and_weights_count(tmp_path):
    cohort = make_lesions(
        80, ["nevus", "melanoma"], 0, root=tmp_path, weights=[0.95, 0.05], size=(32, 40)
    )
    counts = cohort["label"].value_counts()
    assert counts["nevus"] > 60
    assert counts["melanoma"] >= 1
    assert len(make_lesions(3, random_state=0, root=tmp_path, size=(32, 40))["label"].unique()) == 3


def test_written_table_is_a_csv_data_set(lesions):
    loaded = load_dataset("csv", lesions.attrs["root"])
    pd.testing.assert_frame_equal(loaded[lesions.columns], lesions, check_dtype=False)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n": 2}, "`n` must be at least the number of classes, 3, got 2"),
        ({"n": 9, "classes": ("nevus", "wart")}, "got .'wart'. too"),
        ({"n": 9, "classes": ("nevus",)}, "two or more different names"),
        ({"n": 9, "weights": (1, 2)}, "`weights` must be 3 numbers"),
    ],
)
def test_impossible_cohorts_are_refused(arguments, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        make_lesions(root=tmp_path, **arguments)
