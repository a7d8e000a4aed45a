"""Broken trees: each gives one clear message that names the first culprits."""

import warnings

import numpy as np
import pandas as pd
import pytest

from pipelines.data import check_dataset, load_dataset

# The table of each tree, its column of ids, and a column of labels.
TABLES = {
    "bcn20000": ("bcn_20k_train.csv", "bcn_filename", "diagnosis"),
    "ham10000": ("HAM10000_metadata.csv", "image_id", "dx"),
    "isic2017": ("ISIC-2017_Training_Part3_GroundTruth.csv", "image_id", "melanoma"),
    "isic2018": (
        "ISIC2018_Task3_Training_GroundTruth/ISIC2018_Task3_Training_GroundTruth.csv",
        "image",
        "NV",
    ),
    "isic2019": ("ISIC_2019_Training_GroundTruth.csv", "image", "SCC"),
    "isic2020": ("ISIC_2020_Training_GroundTruth_v2.csv", "image_name", "target"),
    "isic2024": ("train-metadata.csv", "isic_id", "target"),
    "pad_ufes20": ("metadata.csv", "img_id", "diagnostic"),
}


def check(name, root, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return check_dataset(name, root, **options)


def messages(name, root):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        load_dataset(name, root)
    return " ".join(str(warning.message) for warning in caught)


def rewrite(path, change):
    change(pd.read_csv(path)).to_csv(path, index=False)


@pytest.mark.parametrize("name", TABLES)
class TestTables:
    def test_whole_trees_pass_and_are_partial(self, tree, name):
        root = tree(name)
        found = check(name, root)
        assert found.partial is True
        assert found.differing
        with pytest.raises(ValueError, match=r"is not complete: .* of "):
            check(name, root, complete=True)

    def test_a_missing_table(self, tree, name):
        root = tree(name)
        for path in root.rglob("*.csv"):
            path.unlink()
        with pytest.raises(
            FileNotFoundError, match=r"has (no|none of the tables) .*\.csv.* is not"
        ):
            check(name, root)

    def test_a_missing_image(self, tree, name):
        root = tree(name)
        image = sorted(root.rglob("*.[jp][pn]g"))[0]
        image.unlink()
        with pytest.raises(ValueError, match=f"1 of . rows.*1 x image file missing.*{image.stem}"):
            check(name, root)

    def test_an_extra_image(self, tree, name):
        root = tree(name)
        image = sorted(root.rglob("*.[jp][pn]g"))[0]
        image.with_name(f"stray{image.suffix}").touch()
        with pytest.raises(ValueError, match=r"1 images stand in no table: .*stray"):
            check(name, root)
        assert "1 images that stand in no table" in messages(name, root)

    @pytest.mark.parametrize("column", [1, 2])
    def test_a_wrong_header(self, tree, name, column):
        root = tree(name)
        path, wrong = root / TABLES[name][0], TABLES[name][column]
        rewrite(path, lambda table: table.rename(columns={wrong: "other"}))
        # ISIC 2024 may have its labels elsewhere.
        error = FileNotFoundError if (name, column) == ("isic2024", 2) else ValueError
        with pytest.raises(error, match=f"{path.name}.*{wrong}"):
            check(name, root)

    def test_ids_that_come_twice(self, tree, name):
        root = tree(name)
        path, column = root / TABLES[name][0], TABLES[name][1]
        rewrite(path, lambda table: pd.concat([table, table.head(1)]))
        first = pd.read_csv(path)[column][0]
        with pytest.raises(ValueError, match=f"1 image ids come twice: ..?{first}"):
            check(name, root)

    def test_an_unknown_class(self, tree, name):
        root = tree(name)
        path, column = root / TABLES[name][0], TABLES[name][2]
        rewrite(path, lambda table: table.assign(**{column: 7}))
        with pytest.raises(
            ValueError, match=rf"{path.name}.*(got .'7'. too|not .* one of .*ISIC_)"
        ):
            check(name, root)


def test_no_data_set_takes_an_empty_folder(all_trees, tmp_path):
    for name in all_trees:
        with pytest.raises((FileNotFoundError, ValueError), match=str(tmp_path)):
            check(name, tmp_path)


class TestIsic2016:
    def test_an_unknown_class(self, tree):
        root = tree("isic2016")
        (root / "ISBI2016_ISIC_Part3_Test_GroundTruth.csv").write_text("ISIC_0000003,wart\n")
        with pytest.raises(ValueError, match=r"`class` among .* got .'wart'. too"):
            check("isic2016", root)

    def test_a_header_is_passed_over_and_a_third_column_refused(self, tree):
        root = tree("isic2016")
        path = root / "ISBI2016_ISIC_Part3_Test_GroundTruth.csv"
        path.write_text("image_id,target\nISIC_0000003,0.0\n")
        assert check("isic2016", root).n_images == 3
        path.write_text("ISIC_0000003,0.0,1\n")
        with pytest.raises(ValueError, match=r"expected two columns.*got 3 columns"):
            check("isic2016", root)


class TestPh2:
    def test_a_wrong_header(self, tree):
        root = tree("ph2")
        path = root / "PH2Dataset/PH2_dataset.txt"
        path.write_text(path.read_text().replace("Clinical Diagnosis", "Label"))
        with pytest.raises(ValueError, match=r"expected a header \|\| Name"):
            check("ph2", root)

    def test_an_unknown_class_and_ids_that_come_twice(self, tree):
        root = tree("ph2")
        path = root / "PH2Dataset/PH2_dataset.txt"
        text = path.read_text()
        path.write_text(text.replace("|| 2 ||", "|| 3 ||"))
        with pytest.raises(ValueError, match=r"among .* got .'3'. too"):
            check("ph2", root)
        path.write_text(text.replace("IMD058", "IMD003"))
        with pytest.raises(ValueError, match=r"1 image ids come twice: .'IMD003'"):
            check("ph2", root)

    def test_a_missing_image_and_an_extra_one(self, tree):
        root = tree("ph2")
        folder = root / "PH2Dataset/PH2 Dataset images"
        (folder / "IMD999").mkdir()
        with pytest.raises(ValueError, match=r"1 images stand in no table: .*IMD999"):
            check("ph2", root)
        (folder / "IMD003/IMD003_Dermoscopic_Image/IMD003.bmp").unlink()
        with pytest.raises(ValueError, match=r"1 of 2 rows.*image file missing.*IMD003.bmp"):
            check("ph2", root)


class TestDermaMnist:
    def save(self, root, **arrays):
        for path in root.glob("*.npz"):
            path.unlink()
        np.savez(root / "dermamnist.npz", **arrays)

    def test_wrong_arrays(self, tmp_path):
        images = np.zeros((2, 28, 28, 3), np.uint8)
        self.save(tmp_path, images=images)
        with pytest.raises(ValueError, match=r"expected arrays train_images.*got images"):
            check("dermamnist", tmp_path)
        self.save(tmp_path, train_images=images, train_labels=np.array([[0], [7]], np.uint8))
        with pytest.raises(ValueError, match=r"train_labels of 0 to 6, got \[7\] too"):
            check("dermamnist", tmp_path)
        self.save(tmp_path, train_images=images, train_labels=np.array([[0]], np.uint8))
        with pytest.raises(ValueError, match="train_images holds 2 images, and train_labels 1"):
            check("dermamnist", tmp_path)

    def test_a_damaged_file(self, tmp_path):
        (tmp_path / "dermamnist.npz").write_bytes(b"nothing")
        with pytest.raises(ValueError, match=r"dermamnist.npz: cannot be read .* Fetch it again"):
            check("dermamnist", tmp_path)


class TestClassFolders:
    def test_an_unknown_class_is_named(self, tree):
        root = tree("asan")
        (root / "mole").mkdir()
        (root / "mole/a.jpg").touch()
        with pytest.raises(ValueError, match=r"got .'mole'. too.*data set 'folder'"):
            check("asan", root)

    def test_whether_it_is_complete_cannot_be_told(self, tree):
        root = tree("asan")
        assert check("asan", root).partial is None
        with pytest.raises(ValueError, match="cannot be told: no numbers are published"):
            check("asan", root, complete=True)


def test_images_without_a_table_of_labels_are_left_out_and_said(tree):
    root = tree("isic2018")
    (root / "ISIC2018_Task3_Test_GroundTruth.csv").unlink()
    assert check("isic2018", root).n_images == 2
    assert "without labels, left out: ISIC2018_Task3_Test_Input" in messages("isic2018", root)


def test_a_file_that_is_no_table_is_named(tree):
    root = tree("pad_ufes20")
    (root / "metadata.csv").write_bytes(b"")
    with pytest.raises(ValueError, match=r"metadata.csv: not a table of comma-separated values"):
        check("pad_ufes20", root)
