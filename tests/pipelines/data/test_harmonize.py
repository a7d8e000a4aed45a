import numpy as np
import pandas as pd
import pytest

from pipelines.cnn.taxonomy import finer_labels
from pipelines.data import coarser_classes, harmonize, load_dataset

HAM7 = ["akiec", "bcc", "bkl", "df", "mel", "nv", "vasc"]


def manifest_of(labels, dataset="ham10000", **columns):
    table = pd.DataFrame({"image": [f"{i}.jpg" for i in range(len(labels))], "label": labels})
    table = table.assign(**columns)
    table.attrs = {"dataset": dataset, "skipped": []}
    return table


def test_classes_of_ham10000_are_their_own_image():
    mapped = harmonize(manifest_of(HAM7), "ham7")
    assert mapped["label"].tolist() == mapped["original_label"].tolist() == HAM7
    assert mapped.attrs["dropped"] == mapped.attrs["uncertain"] == []
    assert mapped.attrs["labels"] == "ham7"
    assert mapped.attrs["dataset"] == "ham10000"


@pytest.mark.parametrize("dataset", ["isic2019", "bcn20000"])
def test_classes_of_isic_2019_are_their_own_image(dataset):
    labels = ["MEL", "NV", "BCC", "AK", "BKL", "DF", "VASC", "SCC"]
    mapped = harmonize(manifest_of(labels, dataset), "isic8")
    assert mapped["label"].tolist() == [label.lower() for label in labels]
    assert mapped.attrs["uncertain"] == []


def test_what_has_no_image_is_dropped_by_name_with_its_count():
    labels = ["MEL"] * 2 + ["SCC"] * 3 + ["UNK"] * 4 + ["AK"]
    with pytest.warns(UserWarning, match=r"7 images were dropped.*UNK \(4\), SCC \(3\)") as caught:
        mapped = harmonize(manifest_of(labels, "isic2019"), "ham7")
    assert len(caught) == 1
    assert mapped["label"].tolist() == ["mel", "mel", "akiec"]
    dropped = {row["label"]: row["images"] for row in mapped.attrs["dropped"]}
    assert dropped == {"SCC": 3, "UNK": 4}
    assert all(row["reason"] and row["dataset"] == "isic2019" for row in mapped.attrs["dropped"])
    assert mapped.index.tolist() == [0, 1, 2]


def test_a_broader_class_has_no_image_in_a_narrower_one():
    with pytest.warns(UserWarning, match=r"bkl \(1\)"):
        mapped = harmonize(manifest_of(["mel", "nv", "bkl"]), "isic2017")
    assert mapped["label"].tolist() == ["melanoma", "nevus"]
    narrow = harmonize(manifest_of(["seborrheic_keratosis", "nevus"], "isic2017"), "ham7")
    assert narrow["label"].tolist() == ["bkl", "nv"]


def test_benign_of_isic_2016_is_not_only_nevi():
    with pytest.warns(UserWarning, match="benign"):
        mapped = harmonize(manifest_of(["benign", "malignant"], "isic2016"), "ham7")
    assert mapped["label"].tolist() == ["mel"]
    melanoma = harmonize(manifest_of(["benign", "malignant"], "isic2016"), "melanoma")
    assert melanoma["label"].tolist() == ["other", "melanoma"]


@pytest.mark.parametrize(
    ("label", "dataset", "to", "image"),
    [
        ("akiec", "ham10000", "isic8", "ak"),
        ("akiec", "ham10000", "malignant", "not_malignant"),
        ("SCC", "pad_ufes20", "malignant", "malignant"),
        ("intraepithelial carcinoma", "asan", "ham7", "akiec"),
        ("bowen's disease", "", "isic8", "scc"),
        ("benign", "isic2024", "malignant_or_premalignant", "benign"),
    ],
)
def test_uncertain_places_are_listed_and_can_be_refused(label, dataset, to, image):
    both = manifest_of([label, "malignant", "nv"], dataset, label=[label, "mel", "nv"])
    with pytest.warns(UserWarning, match="uncertain"):
        kept = harmonize(both, to)
    assert kept["label"].tolist()[0] == image
    (doubt,) = kept.attrs["uncertain"]
    assert (doubt["label"], doubt["class"], doubt["images"]) == (label, image, 1)
    assert doubt["reason"]
    with pytest.warns(UserWarning, match="1 images were dropped"):
        refused = harmonize(both, to, uncertain="drop")
    assert refused["original_label"].tolist() == ["mel", "nv"]
    assert refused.attrs["uncertain"] == []
    assert refused.attrs["dropped"][0]["label"] == label


def test_both_readings_of_premalignant():
    strict = coarser_classes(HAM7, "malignant")
    wide = coarser_classes(HAM7, "malignant_or_premalignant")
    assert {k for k, v in strict.items() if v == "malignant"} == {"mel", "bcc"}
    assert {k for k, v in wide.items() if v != "benign"} == {"mel", "bcc", "akiec"}


def test_a_manifest_mapped_twice_is_mapped_from_its_original_labels():
    first = harmonize(manifest_of(HAM7), "melanoma")
    again = harmonize(first, "melanocytic")
    assert again["label"].tolist() == harmonize(manifest_of(HAM7), "melanocytic")["label"].tolist()
    assert set(again.loc[again["label"] == "melanocytic", "original_label"]) == {"mel", "nv"}


def test_labels_of_ones_own():
    own = manifest_of(["A", "B", "A"], "csv")
    with pytest.raises(ValueError, match=r"Unknown labels: \['A', 'B'\]"):
        harmonize(own, "ham7")
    mapped = harmonize(own, "ham7", mapping={"A": "mel", "B": "sk"})
    assert mapped["label"].tolist() == ["mel", "bkl", "mel"]
    with pytest.raises(ValueError, match="no node"):
        harmonize(own, "ham7", mapping={"A": "mole", "B": "sk"})


def test_classes_of_ones_own():
    mapped = harmonize(
        manifest_of(["nv", "bcc", "scc"]), {"mole": ["nv"], "carcinoma": ["bcc", "scc", "bowen"]}
    )
    assert mapped["label"].tolist() == ["mole", "carcinoma", "carcinoma"]
    with pytest.raises(ValueError, match="overlap"):
        harmonize(manifest_of(["nv"]), {"a": ["benign"], "b": ["nv"]})


def test_faults_are_named():
    with pytest.raises(ValueError, match=r"`to` must be one of ham7"):
        harmonize(manifest_of(["nv"]), "ham8")
    with pytest.raises(ValueError, match="'keep' or 'drop'"):
        harmonize(manifest_of(["nv"]), "ham7", uncertain="ask")
    with pytest.raises(ValueError, match=r"No label has a place.*Psoriasis \(1\)"):
        harmonize(manifest_of(["Psoriasis"], "folder"), "ham7")
    with pytest.raises(ValueError, match="1 of 2 rows have no label"):
        harmonize(manifest_of(["nv", None]), "ham7")
    with pytest.raises(ValueError, match="no column 'label'"):
        harmonize(pd.DataFrame({"image": ["a.png"]}), "ham7")


def test_other_columns_and_the_given_manifest_stay():
    given = manifest_of(["nv", "SCC", "mel"], "isic2019", lesion=["a", "b", "c"])
    given.index = [5, 5, 7]
    before = given.copy()
    with pytest.warns(UserWarning, match="dropped"):
        mapped = harmonize(given, "ham7")
    pd.testing.assert_frame_equal(given, before)
    assert mapped["lesion"].tolist() == ["a", "c"]
    assert "labels" not in given.attrs


def test_networks_take_the_finer_labels():
    mapped = harmonize(manifest_of(HAM7), "melanocytic")
    labels = mapped["label"].to_numpy()
    finer, parents = finer_labels(mapped, labels, "original_label")
    assert finer.tolist() == HAM7
    own = coarser_classes(HAM7, "melanocytic")
    assert parents == own
    assert finer_labels(None, np.array(HAM7), own)[1] == own
    with pytest.raises(ValueError, match="'bkl': it stands for 'bkl'"):
        coarser_classes(HAM7, "isic2017")


@pytest.mark.filterwarnings("ignore:.*has no lesion or patient ids:UserWarning")
def test_the_archives_labels_are_mapped(shared_data):
    archive = load_dataset("isic_archive", shared_data / "isic_archive_uda1", check_files=False)
    mapped = harmonize(archive, "melanoma_nevus")
    assert mapped["label"].value_counts().to_dict() == {"nevus": 342, "melanoma": 114}


def test_real_sets_meet_in_one_label_set(shared_data):
    ham = load_dataset("ham10000", shared_data / "ham10000", check_files=False)
    mapped = harmonize(ham, "melanocytic")
    assert mapped["label"].value_counts().to_dict() == {
        "melanocytic": 6705 + 1113,
        "non_melanocytic": 10015 - 6705 - 1113,
    }
    assert (mapped["lesion"] == ham["lesion"]).all()
