import pandas as pd
import pytest
from PIL import Image

from pipelines.audit import audit, deduplicate, group
from pipelines.data import group_ids
from pipelines.data.grouping import grouping


@pytest.fixture(scope="module")
def manifest(skins, alterations, tmp_path_factory):
    folder = tmp_path_factory.mktemp("copies")
    small = folder / "small.jpg"
    small.write_bytes(alterations["shrunk"](Image.open(skins[0])))
    mirrored = folder / "mirrored.jpg"
    mirrored.write_bytes(alterations["mirrored"](Image.open(skins[1])))
    images = [small, skins[0], skins[1], mirrored, skins[2], skins[3]]
    return pd.DataFrame(
        {
            "image": [str(path) for path in images],
            "label": ["nv", "nv", "mel", "mel", "nv", "mel"],
            "lesion": ["a", "b", "c", "d", "e", "e"],
        },
        index=list("uvwxyz"),
    )


@pytest.fixture(scope="module")
def found(manifest):
    return audit(manifest, store=None)


def test_the_larger_picture_is_kept(manifest, found):
    clean = deduplicate(manifest, found)
    assert list(clean.index) == ["v", "w", "y", "z"] or list(clean.index) == ["v", "x", "y", "z"]
    removed = clean.attrs["removed"]
    assert removed[0] == {
        "row": 0,
        "file": manifest["image"].iloc[0],
        "kept": manifest["image"].iloc[1],
        "reason": "same picture",
    }
    assert removed[1]["reason"] == "mirrored"
    assert "removed" not in manifest.attrs


def test_the_test_part_stays_unless_asked_otherwise(manifest, found):
    split = manifest.assign(split=["test", "train", "train", "test", "train", "test"])
    assert list(deduplicate(split, found).index) == ["u", "x", "y", "z"]
    learnt = deduplicate(split, found, prefer=("train", "val", "test"))
    assert list(learnt.index) == ["v", "w", "y", "z"]


def test_pictures_with_two_labels_go_altogether(manifest):
    wrong = manifest.assign(label=["nv", "mel", "mel", "mel", "nv", "nv"])
    found = audit(wrong, store=None)
    clean = deduplicate(wrong, found)
    assert len(clean) == 3
    reasons = {entry["reason"] for entry in clean.attrs["removed"] if entry["kept"] is None}
    assert reasons == {"duplicates with the labels mel and nv"}
    assert len(deduplicate(wrong, found, conflicts="keep")) == 4


def test_a_clean_manifest_has_nothing_to_remove(manifest, found):
    clean = deduplicate(manifest, found)
    again = deduplicate(clean)
    pd.testing.assert_frame_equal(again, clean)
    assert again.attrs["removed"] == []


def test_groups_connect_duplicates_and_lesions(manifest, found):
    grouped = group(manifest, found)
    assert grouped["group"].tolist() == [0, 0, 1, 1, 2, 2]
    assert group_ids(grouped).tolist() == [0, 0, 1, 1, 2, 2]
    assert "group" not in manifest.columns


def test_ids_are_told_from_duplicates(manifest, found):
    once = group(manifest, found)
    assert grouping(once) == grouping(group(once, found)) == ["lesion", "group"]
    own = manifest.drop(columns="lesion").assign(group=list("aabbcc"))
    assert grouping(own) == ["given"]
    assert grouping(group(own, found)) == ["given", "group"]


def test_earlier_groups_are_kept(manifest, found):
    grouped = group(manifest.assign(group=["p", "q", "q", "r", "s", "t"]), found)
    assert grouped["group"].tolist() == [0, 0, 0, 0, 1, 1]


def test_an_audit_of_another_manifest_is_refused(manifest, found):
    with pytest.raises(ValueError, match="another manifest"):
        group(manifest.iloc[::-1], found)
    with pytest.raises(ValueError, match="another manifest"):
        deduplicate(manifest.head(3), found)
    with pytest.raises(ValueError, match="conflicts"):
        deduplicate(manifest, found, conflicts="guess")
