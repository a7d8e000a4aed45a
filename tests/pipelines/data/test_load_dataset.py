from dataclasses import replace

import pandas as pd
import pytest

from pipelines.data import DATASETS, group_ids, load_dataset, load_unlabelled
from pipelines.data.readers.ham10000 import HAM10000

OPTIONS = {
    "image_col": "file",
    "label_col": "diagnosis",
    "group_col": "patient_id",
    "mask_col": "outline",
}


def touch(root, *names):
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return root


@pytest.fixture
def ham(tmp_path):
    """A tiny tree in HAM10000's layout, of 4 images and 3 lesions."""
    images = ["HAM10000_images_part_1/I0.jpg", "HAM10000_images_part_1/I1.jpg"]
    images += ["HAM10000_images_part_2/I2.jpg", "HAM10000_images_part_2/I3.jpg"]
    masks = [f"HAM10000_segmentations_lesion_tschandl/I{i}_segmentation.png" for i in range(4)]
    touch(tmp_path, *images, *masks)
    pd.DataFrame(
        {
            "lesion_id": ["L0", "L0", "L1", "L2"],
            "image_id": ["I0", "I1", "I2", "I3"],
            "dx": ["nv", "nv", "mel", "bkl"],
            "dx_type": "histo",
            "age": [80.0, 80.0, None, 30.0],
            "sex": "male",
            "localization": "back",
        }
    ).to_csv(tmp_path / "HAM10000_metadata.csv", index=False)
    return tmp_path


def rewrite(root, **columns):
    path = root / "HAM10000_metadata.csv"
    pd.read_csv(path).assign(**columns).to_csv(path, index=False)


class TestHam10000:
    def test_real_counts_are_the_published_ones(self, shared_data):
        real = load_dataset("ham10000", shared_data / "ham10000", complete=True)
        assert real["label"].value_counts().to_dict() == dict(HAM10000.counts)
        assert len(real) == 10_015
        assert real["lesion"].nunique() == len(set(group_ids(real))) == 7_470
        assert real["mask"].notna().all()
        assert {"dx_type", "age", "sex", "site", "source"} <= set(real.columns)
        assert real.attrs["partial"] is False

    def test_a_real_part_is_marked_partial(self, shared_data):
        real = load_dataset("ham10000", shared_data / "ham10000_native")
        assert len(real) == 150
        assert real.attrs["partial"] is True

    def test_a_real_limit_keeps_lesions_whole(self, shared_data):
        real = load_dataset("ham10000", shared_data / "ham10000")
        part = load_dataset("ham10000", shared_data / "ham10000", limit=600)
        assert 580 <= len(part) <= 600
        assert part["label"].nunique() == 7
        assert real["lesion"].isin(part["lesion"]).sum() == len(part)
        assert part.attrs["partial"] is True

    def test_a_limit_makes_it_partial(self, ham, monkeypatch):
        small = replace(HAM10000, counts={"nv": 2, "mel": 1, "bkl": 1})
        monkeypatch.setitem(DATASETS, "ham10000", small)
        assert load_dataset("ham10000", ham, complete=True).attrs["partial"] is False
        part = load_dataset("ham10000", ham, complete=True, limit=2)
        assert len(part) < 4
        assert part.attrs["partial"] is True

    def test_files_are_found_in_both_parts(self, ham):
        loaded = load_dataset("ham10000", ham)
        assert loaded["label"].tolist() == ["nv", "nv", "mel", "bkl"]
        assert loaded["image"].str.contains("part_2").tolist() == [False, False, True, True]
        assert loaded["mask"].str.endswith("_segmentation.png").all()
        assert group_ids(loaded).tolist() == [0, 0, 1, 2]
        assert loaded.attrs["skipped"] == []

    def test_missing_images_are_named_or_skipped(self, ham):
        (ham / "HAM10000_images_part_2/I2.jpg").unlink()
        with pytest.raises(ValueError, match=r"1 of 4 rows .*image file missing.*row 2: .*I2.jpg"):
            load_dataset("ham10000", ham)
        loaded = load_dataset("ham10000", ham, on_error="skip")
        assert len(loaded) == 3
        (skipped,) = loaded.attrs["skipped"]
        assert (skipped["row"], skipped["reason"]) == (2, "image file missing")

    def test_a_missing_mask_is_allowed_and_warned_about(self, ham):
        (ham / "HAM10000_segmentations_lesion_tschandl/I2_segmentation.png").unlink()
        with pytest.warns(UserWarning, match="masks for 3 of 4 images"):
            loaded = load_dataset("ham10000", ham)
        assert loaded["mask"].isna().tolist() == [False, False, True, False]

    @pytest.mark.parametrize(
        ("columns", "message"),
        [
            ({"dx": ["nv", "nv", "mel", "wart"]}, "expected `dx` among .* got .'wart'. too"),
            ({"image_id": ["I0", "I0", "I2", "I3"]}, "1 image ids come twice: .'I0'"),
            ({"dx": ["nv", "mel", "mel", "bkl"]}, "2 x its lesion has another label too"),
            ({"dx": "nv"}, "All 4 images are labelled 'nv'"),
            ({"dx": ["nv", None, "mel", "bkl"]}, "1 x no label"),
        ],
    )
    def test_broken_metadata_gives_one_message(self, ham, columns, message):
        rewrite(ham, **columns)
        with pytest.raises(ValueError, match=message):
            load_dataset("ham10000", ham)

    def test_each_row_has_one_fault(self, ham):
        rewrite(ham, dx=["nv", None, "mel", "bkl"])
        for name in ("part_1/I1", "part_2/I3"):
            (ham / f"HAM10000_images_{name}.jpg").unlink()
        (ham / "HAM10000_segmentations_lesion_tschandl/I3_segmentation.png").unlink()
        with pytest.raises(ValueError, match=r"2 of 4 rows .*1 x no label, 1 x image file missing"):
            load_dataset("ham10000", ham)
        skipped = load_dataset("ham10000", ham, on_error="skip").attrs["skipped"]
        assert [fault["row"] for fault in skipped] == [1, 3]

    def test_words_for_unknown_are_missing_values(self, ham):
        rewrite(ham, sex=["male", "unknown", "Female", None], localization="unknown")
        loaded = load_dataset("ham10000", ham)
        assert loaded["sex"].fillna("").tolist() == ["male", "", "female", ""]
        assert loaded["site"].isna().all()

    def test_a_wrong_header_is_named(self, ham):
        path = ham / "HAM10000_metadata.csv"
        pd.read_csv(path).rename(columns={"dx": "diagnosis"}).to_csv(path, index=False)
        with pytest.raises(ValueError, match="expected the column dx, got lesion_id, image_id"):
            load_dataset("ham10000", ham)

    def test_missing_metadata_is_named(self, ham):
        (ham / "HAM10000_metadata.csv").unlink()
        with pytest.raises(FileNotFoundError, match=r"has no HAM10000_metadata.csv"):
            load_dataset("ham10000", ham)

    def test_an_incomplete_copy_is_refused_on_request(self, ham):
        with pytest.raises(ValueError, match=r"not complete here \(akiec: 0 of 327"):
            load_dataset("ham10000", ham, complete=True)


class TestFolder:
    def test_classes_are_folders_at_any_depth(self, tmp_path):
        touch(tmp_path, "nevus/a.jpg", "nevus/more/b.PNG", "melanoma/c.tif")
        touch(tmp_path, ".cache/d.jpg", "nevus/.hidden.jpg", "nevus/Thumbs.db", "README.md")
        with pytest.warns(UserWarning, match="no lesion or patient ids"):
            loaded = load_dataset("folder", tmp_path)
        assert loaded["label"].tolist() == ["melanoma", "nevus", "nevus"]
        assert "lesion" not in loaded.columns

    def test_split_folders_become_a_column(self, tmp_path):
        touch(tmp_path, "Training/nevus/a.jpg", "Training/melanoma/b.jpg", "test/nevus/c.jpg")
        touch(tmp_path, "valid/nevus/d.jpg")
        with pytest.warns(UserWarning, match="no lesion or patient ids"):
            loaded = load_dataset("folder", tmp_path)
        assert loaded["image"].str[-5].tolist() == ["b", "a", "c", "d"]
        assert loaded["split"].tolist() == ["train", "train", "test", "val"]
        assert loaded["label"].tolist() == ["melanoma", "nevus", "nevus", "nevus"]

    def test_an_image_beside_the_classes_is_a_fault(self, tmp_path):
        touch(tmp_path, "nevus/a.jpg", "melanoma/b.jpg", "stray.jpg")
        with pytest.raises(ValueError, match=r"1 x no label.*stray.jpg"):
            load_dataset("folder", tmp_path)

    def test_images_without_classes(self, tmp_path):
        touch(tmp_path, "a.jpg", "b.jpg")
        with pytest.raises(ValueError, match=r"no column 'label'.*one folder a class"):
            load_dataset("folder", tmp_path)
        with pytest.warns(UserWarning, match="has masks for 0 of"):
            loaded = load_dataset("folder", tmp_path, labels=False)
        assert loaded.columns.tolist() == ["image"]

    def test_an_empty_folder_is_refused(self, tmp_path):
        with pytest.raises(ValueError, match="holds no image"):
            load_dataset("folder", tmp_path)


class TestCsv:
    @pytest.fixture
    def table(self, tmp_path):
        touch(tmp_path, "pics/a.jpg", "pics/b.jpg", "pics/c.jpg", "m/a.png")
        return pd.DataFrame(
            {
                "file": ["pics/a.jpg", "pics/b.jpg", str(tmp_path / "pics/c.jpg")],
                "diagnosis": [1, 0, 0],
                "patient_id": ["p", "p", ""],
                "outline": ["m/a.png", "", ""],
                "age": [30, 40, 50],
            }
        )

    @pytest.mark.parametrize("suffix", ["csv", "parquet"])
    def test_columns_are_named_by_the_user(self, table, tmp_path, suffix):
        path = tmp_path / f"lesions.{suffix}"
        table = table.replace("", None)
        table.to_csv(path, index=False) if suffix == "csv" else table.to_parquet(path)
        with pytest.warns(UserWarning, match=r"for 1 of 3 images, each.*masks for 1 of 3 images"):
            loaded = load_dataset("csv", path, **OPTIONS)
        assert loaded.columns.tolist() == ["image", "label", "group", "mask", "age"]
        assert loaded["label"].tolist() == ["1", "0", "0"]
        assert loaded["image"].tolist() == [str(tmp_path / f"pics/{name}.jpg") for name in "abc"]
        assert loaded["group"].isna().tolist() == [False, False, True]
        assert group_ids(loaded).tolist() == [0, 0, 1]

    def test_labels_are_kept_as_written(self, table, tmp_path):
        table["diagnosis"] = ["NA", "None", "007"]
        table.to_csv(tmp_path / "lesions.csv", index=False)
        with pytest.warns(UserWarning, match="masks"):
            loaded = load_dataset("csv", tmp_path, **OPTIONS)
        assert loaded["label"].tolist() == ["NA", "None", "007"]

    def test_paths_can_start_elsewhere(self, table, tmp_path):
        table.to_csv(touch(tmp_path, "tables/x.csv") / "tables/lesions.csv", index=False)
        path = tmp_path / "tables/lesions.csv"
        with pytest.raises(ValueError, match="2 x image file missing"):
            load_dataset("csv", path, **OPTIONS)
        with pytest.warns(UserWarning, match="masks"):
            assert len(load_dataset("csv", path, image_root=tmp_path, **OPTIONS)) == 3
        with pytest.raises(FileNotFoundError, match="no such folder"):
            load_dataset("csv", path, image_root=tmp_path / "nowhere", **OPTIONS)

    def test_a_missing_mask_file_is_a_fault(self, table, tmp_path):
        (tmp_path / "m/a.png").unlink()
        table.to_csv(tmp_path / "lesions.csv", index=False)
        with pytest.raises(ValueError, match=r"1 x mask file missing.*a.png"):
            load_dataset("csv", tmp_path, **OPTIONS)

    def test_an_image_that_is_listed_twice_is_one_picture(self, table, tmp_path):
        twice = pd.concat([table, table.iloc[:1]]).drop(columns="patient_id")
        twice.to_csv(tmp_path / "lesions.csv", index=False)
        with pytest.warns(UserWarning, match="1 rows whose image another row has too"):
            loaded = load_dataset("csv", tmp_path, **OPTIONS | {"group_col": None})
        assert group_ids(loaded).tolist() == [0, 1, 2, 0]

    def test_an_image_of_two_labels_is_a_fault(self, table, tmp_path):
        twice = pd.concat([table, table.iloc[:1].assign(diagnosis=0, patient_id="q")])
        twice.to_csv(tmp_path / "lesions.csv", index=False)
        with pytest.raises(ValueError, match="2 x its file has another label in another row"):
            load_dataset("csv", tmp_path, **OPTIONS)

    def test_labels_are_not_needed_to_predict(self, table, tmp_path):
        table.drop(columns="diagnosis").to_csv(tmp_path / "lesions.csv", index=False)
        with pytest.warns(UserWarning, match="has masks for 0 of"):
            loaded = load_dataset("csv", tmp_path, image_col="file", label_col=None, labels=False)
        assert "label" not in loaded.columns

    def test_missing_files_can_be_left_to_the_reader(self, table, tmp_path):
        (tmp_path / "pics/b.jpg").unlink()
        table.to_csv(tmp_path / "lesions.csv", index=False)
        with pytest.warns(UserWarning, match="has masks for 0 of 3"):
            loaded = load_unlabelled([tmp_path / "lesions.csv"], image_col="file")
        assert len(loaded) == 3
        assert loaded.attrs["skipped"] == []

    def test_unknown_columns_are_named(self, table, tmp_path):
        table.to_csv(tmp_path / "lesions.csv", index=False)
        with pytest.raises(ValueError, match=r"expected the columns image, label, got file.*Name"):
            load_dataset("csv", tmp_path)

    def test_a_name_that_is_taken_is_refused(self, table, tmp_path):
        table.assign(label="x").to_csv(tmp_path / "lesions.csv", index=False)
        with pytest.raises(ValueError, match="`diagnosis` is to be the column 'label'"):
            load_dataset("csv", tmp_path, **OPTIONS)

    def test_a_folder_of_two_tables_is_ambiguous(self, tmp_path):
        touch(tmp_path, "a.csv", "b.csv")
        with pytest.raises(ValueError, match=r"Expected one .csv .* got .'a.csv', 'b.csv'"):
            load_dataset("csv", tmp_path)


def test_unknown_names_get_a_suggestion(tmp_path):
    with pytest.raises(ValueError, match=r"Unknown data set 'ham1000'; .* Did you mean 'ham10000'"):
        load_dataset("ham1000", tmp_path)


def test_unknown_arguments_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="no such file or folder"):
        load_dataset("folder", tmp_path / "nowhere")
    with pytest.raises(TypeError, match="'folder' takes no options, got image_col too"):
        load_dataset("folder", tmp_path, image_col="x")
    with pytest.raises(ValueError, match="`on_error` must be 'raise' or 'skip', got 'drop'"):
        load_dataset("folder", tmp_path, on_error="drop")


def test_nothing_left_is_an_error_even_when_skipping(ham):
    for path in ham.rglob("*.jpg"):
        path.unlink()
    with pytest.raises(ValueError, match=r"no row is left\. 4 of 4 rows"):
        load_dataset("ham10000", ham, on_error="skip")


def test_the_registry_is_keyed_by_name():
    assert all(name == dataset.name for name, dataset in DATASETS.items())
