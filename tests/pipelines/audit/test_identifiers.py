import pandas as pd
import pytest

from pipelines.audit.identifiers import id_pairs, image_ids, known_overlaps


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("isic2019/ISIC_0024306_downsampled.jpg", "ISIC_0024306"),
        ("ham/ISIC_0024306.jpg", "ISIC_0024306"),
        ("isic_0024306.JPG", "ISIC_0024306"),
        ("train-image.hdf5::ISIC_0015670", "ISIC_0015670"),
        ("ph2/IMD002.bmp", "IMD002"),
        ("pad/PAT_8_15_820.png", "PAT_8_15_820"),
        ("IMG_0001.jpg", None),
        ("dermamnist.npz::train_images/17", None),
        ("7.jpg", None),
    ],
)
def test_ids_are_read_from_names(name, expected):
    (found,) = image_ids(pd.DataFrame({"image": [name]}))
    assert found == expected or (expected is None and pd.isna(found))


def test_a_known_id_comes_before_the_name():
    manifest = pd.DataFrame(
        {"image": ["a.npz::train_images/1", "ISIC_2.jpg"], "image_id": ["ISIC_0000001", None]}
    )
    assert image_ids(manifest).tolist() == ["ISIC_0000001", "ISIC_2"]


def test_rows_of_one_id_are_paired_with_the_first():
    names = ["x/ISIC_1.jpg", "y/ISIC_2.jpg", "z/ISIC_1_downsampled.jpg", "ISIC_1.png", "c.png"]
    manifest = pd.DataFrame({"image": names})
    pairs = id_pairs(manifest, image_ids(manifest))
    assert pairs[["row_a", "row_b"]].to_numpy().tolist() == [[0, 2], [0, 3]]
    assert set(pairs["how"]) == {"same id"}


def test_overlaps_need_both_data_sets():
    assert known_overlaps(pd.Series(["isic2019", "bcn20000", "ph2"])) == [("isic2019", "bcn20000")]
    assert known_overlaps(pd.Series(["bcn20000", "ph2"])) == []
