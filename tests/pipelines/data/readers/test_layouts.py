"""Every reader on a tiny tree of its publisher's documented layout."""

import warnings

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from features import read_image
from pipelines.data import DATASETS, group_ids, load_dataset
from pipelines.data.readers.isic2020 import duplicate_groups


def load(name, root, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return load_dataset(name, root, **options)


# Columns of each tree's manifest by hand, besides paths.
EXPECTED = {
    "asan": {"label": ["wart", "melanocytic nevus"]},
    "bcn20000": {
        "label": ["MEL", "NV"],
        "lesion": ["BCN_0003884", "BCN_0003885"],
        "age": [55, 60],
        "sex": ["male", "female"],
        "site": ["anterior torso", None],
    },
    "dermamnist_lesionfixed": {"label": ["nv", "mel", "akiec", "nv", "mel"]},
    "dermnet": {"label": ["Vascular Tumors", "Urticaria Hives"], "split": ["test", "train"]},
    "ham10000": {
        "label": ["nv", "mel"],
        "dx_type": ["follow_up", "histo"],
        "source": ["rosendahl"] * 2,
        "image_id": ["I0", "I1"],
    },
    "isic2016": {
        "label": ["benign", "malignant", "malignant"],
        "split": ["train", "train", "test"],
        "image_id": ["ISIC_0000001", "ISIC_0000002", "ISIC_0000003"],
    },
    "isic2017": {
        "label": ["nevus", "melanoma", "seborrheic_keratosis"],
        "split": ["train", "train", "test"],
        "age": [None, 30, None],
        "sex": [None, "female", None],
    },
    "isic2018": {
        "label": ["NV", "AKIEC", "DF"],
        "split": ["train", "train", "test"],
        "lesion": ["HAM_1", "HAM_2", None],
        "dx_type": ["histo", "single image expert consensus", None],
    },
    "isic2019": {
        "label": ["SCC", "MEL"],
        "lesion": ["BCN_0000001", None],
        "source": ["BCN", None],
        "site": ["anterior torso", None],
    },
    "isic2020": {
        "label": ["benign", "malignant", "benign"],
        "patient": ["IP_1", "IP_1", "IP_2"],
        "lesion": ["IL_1", "IL_2", "IL_3"],
        "group": ["duplicates 0", None, "duplicates 0"],
        "diagnosis": [None, "melanoma", "nevus"],
    },
    "isic2024": {
        "label": ["benign", "malignant"],
        "patient": ["IP_1", "IP_2"],
        "lesion": [None, "IL_7"],
        "age": [60, None],
        "diameter_mm": [3.04, 5.5],
        "licence": ["CC-BY"] * 2,
        "diagnosis": ["Benign", "Malignant::Melanoma"],
    },
    "isic_archive": {
        "label": ["Solar lentigo", "Malignant"],
        "lesion": ["IL_1", None],
        "dx_type": ["histo", None],
        "fitzpatrick": [2, None],
        "licence": ["CC-0"] * 2,
    },
    "pad_ufes20": {
        "label": ["NEV", "BCC"],
        "patient": ["PAT_8", "PAT_9"],
        "lesion": ["PAT_8_15", "PAT_9_15"],
        "sex": ["female", None],
        "fitzpatrick": [3, None],
        "diameter_mm": [6, None],
        "dx_type": ["consensus", "histo"],
    },
    "ph2": {"label": ["common nevus", "melanoma"], "dx_type": ["clinical", "histo"]},
}


@pytest.mark.parametrize("name", EXPECTED)
def test_columns_are_those_of_the_publisher(tree, name):
    manifest = load(name, tree(name))
    for column, values in EXPECTED[name].items():
        found = manifest[column].astype(object)
        assert found.where(found.notna(), None).tolist() == values, column
    assert manifest.attrs["extra"] == []
    assert manifest.attrs["dataset"] == name


def test_every_published_data_set_has_a_tree_here_and_reads_it(tree, all_trees):
    assert set(all_trees) == set(DATASETS) - {"csv", "folder"}


@pytest.mark.parametrize("name", ["dermquest", "pigmentary"])
def test_without_a_class_list_any_folder_is_a_class(tree, name):
    assert load(name, tree(name))["label"].nunique() == 2


@pytest.mark.parametrize(
    ("name", "masks"),
    [("isic2016", [True, False, False]), ("isic_archive", [True, False]), ("ph2", [True, True])],
)
def test_masks_are_found_where_they_are(tree, name, masks):
    assert load(name, tree(name))["mask"].notna().tolist() == masks


def test_rows_tied_by_patient_lesion_or_duplicate_stay_together(tree):
    assert group_ids(load("isic2020", tree("isic2020"))).tolist() == [0, 0, 0]


def test_duplicates_outside_the_table_are_passed_over():
    pairs = pd.DataFrame({"image_name_1": ["a", "x"], "image_name_2": ["gone", "b"]})
    assert duplicate_groups(pd.Series(["a", "b"]), pairs).tolist() == [None, None]


def test_an_archive_label_can_be_chosen(tree):
    root = tree("isic_archive")
    found = load("isic_archive", root, label_col="diagnosis_1")
    assert found["label"].tolist() == ["Benign", "Malignant"]
    with pytest.raises(ValueError, match=r"expected the column nonsense.*label_col"):
        load("isic_archive", root, label_col="nonsense")


class TestIsic2024:
    def test_labels_may_lie_in_a_table_of_their_own(self, tree):
        root = tree("isic2024")
        table = pd.read_csv(root / "train-metadata.csv")
        (root / "ISIC_2024_Training_Input").mkdir()
        (root / "train-metadata.csv").unlink()
        table.drop(columns="target").to_csv(
            root / "ISIC_2024_Training_Input/metadata.csv", index=False
        )
        with pytest.raises(FileNotFoundError, match=r"no column `target`, and .* no ISIC_2024_Tr"):
            load("isic2024", root)
        truth = pd.DataFrame({"isic_id": table["isic_id"][::-1], "malignant": [1.0, 0.0]})
        truth.to_csv(root / "ISIC_2024_Training_GroundTruth.csv", index=False)
        assert load("isic2024", root)["label"].tolist() == ["benign", "malignant"]

    def test_images_are_read_one_by_one_from_hdf5(self, tree, tmp_path):
        h5py = pytest.importorskip("h5py")
        root = tree("isic2024")
        pixels = np.full((20, 24, 3), 120, np.uint8)
        pixels[5:9] = 200
        Image.fromarray(pixels).save(tmp_path / "one.png")
        content = np.void((tmp_path / "one.png").read_bytes())
        with h5py.File(root / "train-image.hdf5", "w") as file:
            for name in ("ISIC_0000001", "ISIC_0000002", "ISIC_0000009"):
                file[name] = content
        manifest = load("isic2024", root)
        assert manifest["image"][1] == f"{root}/train-image.hdf5::ISIC_0000002"
        assert manifest.attrs["extra"] == [f"{root}/train-image.hdf5::ISIC_0000009"]
        assert (read_image(manifest["image"][1]) == pixels).all()

    def test_images_missing_from_hdf5_are_named(self, tree):
        h5py = pytest.importorskip("h5py")
        root = tree("isic2024")
        with h5py.File(root / "train-image.hdf5", "w") as file:
            file["ISIC_0000001"] = np.void(b"x")
        with pytest.raises(ValueError, match=r"1 of 2 .*missing.*hdf5::ISIC_0000002"):
            load("isic2024", root)


class TestDermaMnist:
    def test_pixels_are_those_of_the_array(self, tree):
        root = tree("dermamnist")
        path = root / "dermamnist_28_rebuilt.npz"
        manifest = load("dermamnist", root)
        assert manifest["image"].tolist()[3] == f"{path}::test_images/0"
        with np.load(path) as file:
            pixels = np.concatenate([file["train_images"], file["test_images"]])
        found = np.stack([read_image(name) for name in manifest["image"]])
        assert (found == pixels).all()
        assert manifest["label"].tolist() == ["nv", "mel", "akiec", "nv", "mel"]
        assert manifest["split"].tolist() == ["train"] * 3 + ["test"] * 2

    def test_a_map_gives_ids_and_its_leak_warns(self, tree):
        root = tree("dermamnist")
        table = pd.DataFrame(
            {
                "split": ["train", "train", "train", "test", "test"],
                "index": [0, 1, 2, 0, 1],
                "image_id": [f"ISIC_{i}" for i in range(5)],
                "lesion_id": ["H1", "H2", "H3", "H1", "H4"],
                "dx": ["nv", "mel", "akiec", "nv", "mel"],
                "match_ambiguous": [0, 0, 1, 0, 0],
            }
        ).sample(frac=1, random_state=0)
        table.to_csv(root / "dermamnist_split_map.csv", index=False)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            manifest = load_dataset("dermamnist", root)
        leak = next(str(w.message) for w in caught if "leaky" in str(w.message))
        assert "1 lesions or patients have images in several parts, and 1 test images share" in leak
        assert manifest["lesion"].tolist() == ["H1", "H2", "H3", "H1", "H4"]
        assert manifest["match_ambiguous"].tolist() == [False, False, True, False, False]
        table.assign(dx="nv").to_csv(root / "dermamnist_split_map.csv", index=False)
        with pytest.raises(ValueError, match=r"3 of 5 images have another label.*'train', 1"):
            load("dermamnist", root)

    def test_one_of_several_sizes_is_chosen(self, tree):
        root = tree("dermamnist")
        (root / "dermamnist_corrected_28.npz").touch()
        (root / "dermamnist_28_rebuilt.npz").rename(root / "dermamnist_64.npz")
        assert "dermamnist_64.npz" in load("dermamnist", root)["image"][0]
        (root / "dermamnist.npz").write_bytes((root / "dermamnist_64.npz").read_bytes())
        with pytest.raises(ValueError, match=r"Expected one .* got dermamnist.npz, dermamnist_64"):
            load("dermamnist", root)
        assert "dermamnist.npz" in load("dermamnist", root, size=28)["image"][0]
        assert "dermamnist_64.npz" in load("dermamnist", root / "dermamnist_64.npz")["image"][0]
        with pytest.raises(FileNotFoundError, match="of 128 pixels"):
            load("dermamnist", root, size=128)
