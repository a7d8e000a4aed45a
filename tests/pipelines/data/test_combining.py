import pandas as pd
import pytest

from pipelines.data import combine, group_ids, harmonize
from pipelines.data.grouping import grouping


def manifest_of(dataset, labels, **columns):
    images = [f"/{dataset}/{i}.jpg" for i in range(len(labels))]
    table = pd.DataFrame({"image": images, "label": labels}).assign(**columns)
    table.attrs = {"dataset": dataset, "root": f"/{dataset}", "skipped": [], "partial": False}
    return table


@pytest.fixture
def ham():
    return manifest_of("ham10000", ["mel", "nv", "nv"], lesion=["1", "2", "2"], age=[40.0, 5, 6])


@pytest.fixture
def pad():
    return manifest_of("pad_ufes20", ["MEL", "ACK"], lesion=[1, None], patient=["p", "q"])


def test_rows_follow_each_other_and_name_their_data_set(ham, pad):
    both = combine([ham, pad])
    assert both["image"].tolist() == [*ham["image"], *pad["image"]]
    assert both["dataset"].tolist() == ["ham10000"] * 3 + ["pad_ufes20"] * 2
    assert both.index.tolist() == list(range(5))
    assert both["age"].tolist()[:3] == [40, 5, 6]
    assert both["age"].isna().tolist() == [False] * 3 + [True] * 2


def test_equal_ids_of_two_publishers_do_not_meet(ham, pad):
    pad = pad.assign(lesion=["1", None])
    both = combine([ham, pad])
    assert both["lesion"].tolist()[:4] == ["ham10000:1", "ham10000:2", "ham10000:2", "pad_ufes20:1"]
    assert both["lesion"].isna().tolist() == [False] * 4 + [True]
    assert group_ids(both).tolist() == [0, 1, 1, 2, 3]
    assert both["patient"].isna().tolist() == [True] * 3 + [False] * 2


def test_attrs_are_merged(ham, pad):
    pad.attrs |= {"partial": True, "skipped": [{"row": 3, "file": "x", "reason": "no label"}]}
    both = combine({"ham": ham, "phones": pad})
    assert both.attrs["dataset"] == "ham + phones"
    assert both.attrs["partial"] is True
    assert both.attrs["skipped"] == [
        {"dataset": "phones", "row": 3, "file": "x", "reason": "no label"}
    ]
    assert both.attrs["datasets"]["phones"]["root"] == "/pad_ufes20"


def test_what_groups_are_made_of_is_kept(ham, pad):
    assert grouping(combine([ham, pad])) == ["patient", "lesion"]
    ham["group"], ham.attrs["group_of"] = 1, ["group"]
    assert grouping(combine([ham, pad])) == ["patient", "lesion", "group"]
    pad["group"] = [1, None]
    assert grouping(combine([ham, pad])) == ["patient", "lesion", "given", "group"]


def test_labels_are_mapped_before_or_after(ham, pad):
    pad = pad.assign(label=["SEK", "ACK"])
    after = harmonize(combine([ham, pad]), "ham7")
    before = combine([harmonize(ham, "ham7"), harmonize(pad, "ham7")])
    assert (
        after["label"].tolist() == before["label"].tolist() == ["mel", "nv", "nv", "bkl", "akiec"]
    )
    assert before.attrs["labels"] == "ham7"


def test_each_label_is_read_as_its_own_publisher_means_it():
    one = manifest_of("isic2016", ["malignant", "benign"])
    two = manifest_of("isic_archive", ["malignant", "benign"])
    with pytest.warns(UserWarning, match=r"malignant \(1\)"):
        mapped = harmonize(combine([one, two]), "melanoma")
    assert mapped["label"].tolist() == ["melanoma", "other", "other"]
    (lost,) = mapped.attrs["dropped"]
    assert (lost["dataset"], lost["label"]) == ("isic_archive", "malignant")


def test_given_manifests_stay_as_they_were(ham, pad):
    before = ham.copy(), pad.copy()
    combine([ham, pad])
    pd.testing.assert_frame_equal(ham, before[0])
    pd.testing.assert_frame_equal(pad, before[1])
    assert ham.attrs["dataset"] == "ham10000"


def test_faults_are_named(ham, pad):
    with pytest.raises(ValueError, match="at least two manifests"):
        combine([ham])
    with pytest.raises(ValueError, match=r"name of its own, got \['ham10000', 'ham10000'\]"):
        combine([ham, ham])
    with pytest.raises(ValueError, match="has a column `dataset` already"):
        combine({"a": combine([ham, pad]), "b": pad})
