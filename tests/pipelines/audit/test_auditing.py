import numpy as np
import pandas as pd
import pytest
from PIL import Image

from pipelines.audit import audit
from pipelines.audit.findings import findings_table, list_findings


def _kinds(found):
    return found.findings.set_index("kind")["count"].to_dict()


@pytest.fixture(scope="module")
def planted(skins, alterations, tmp_path_factory):
    """Eight drawings, copies of the second altered in one way each, and the first's file twice."""
    folder = tmp_path_factory.mktemp("planted")
    rows = [{"image": str(path), "origin": i} for i, path in enumerate(skins)]
    for name, alter in alterations.items():
        path = folder / f"{name}.jpg"
        path.write_bytes(alter(Image.open(skins[1])))
        rows.append({"image": str(path), "origin": 1, "how": name})
    (folder / "again.png").write_bytes(skins[0].read_bytes())
    rows.append({"image": str(folder / "again.png"), "origin": 0})
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def found(planted):
    return audit(planted[["image"]], store=None)


def test_all_copies_are_found_and_nothing_else(planted, found):
    origin = planted["origin"].to_numpy()
    pairs = found.pairs
    np.testing.assert_array_equal(origin[pairs["row_a"]], origin[pairs["row_b"]])
    with_original = pairs[pairs["row_a"] == 1]
    assert with_original["row_b"].tolist() == planted.index[planted["how"].notna()].tolist()
    altered = planted["how"].iloc[with_original["row_b"]]
    words = dict(zip(altered, with_original["how"], strict=True))
    assert {name for name, word in words.items() if word == "mirrored"} == {"mirrored", "all"}
    assert set(words.values()) == {"same picture", "mirrored"}


def test_the_same_file_is_found_by_its_bytes(planted, found):
    same = found.pairs[found.pairs["how"] == "same file"]
    assert same[["row_a", "row_b", "distance"]].to_numpy().tolist() == [[0, len(planted) - 1, 0]]


def test_what_was_found_is_taken_from_the_store(planted, found, tmp_path, monkeypatch):
    store = tmp_path / "store.sqlite"
    audit(planted[["image"]], store=store)
    monkeypatch.setattr("features.store._OPEN", {})
    monkeypatch.setattr("pipelines.audit.pairs.close_pairs", None)
    again = audit(planted[["image"]], store=store)
    pd.testing.assert_frame_equal(again.pairs, found.pairs)


def test_copies_are_judged_by_label_lesion_split_and_data_set(planted):
    manifest = planted[["image"]].iloc[[0, 1, 8, 9, 15]].reset_index(drop=True)
    manifest = manifest.assign(
        label=["nv", "mel", "mel", "nv", "nv"],
        lesion=["a", "b", "c", None, "a"],
        split=["train", "train", "test", "train", "test"],
    )
    pairs = audit(manifest, store=None).pairs.set_index(["row_a", "row_b"])
    assert pairs["same_label"].to_dict() == {
        (0, 4): True,
        (1, 2): True,
        (1, 3): False,
        (2, 3): False,
    }
    assert pairs.loc[(0, 4), "same_lesion"]
    assert not pairs.loc[(1, 2), "same_lesion"]
    assert pd.isna(pairs.loc[(1, 3), "same_lesion"])
    assert pairs["same_patient"].isna().all()
    assert pairs.loc[(1, 2), "splits"] == "test | train"
    assert pairs.loc[(1, 3), "splits"] == "train"
    kinds = _kinds(audit(manifest, store=None))
    assert kinds["label conflict"] == 2
    assert kinds["lesion ids miss pairs"] == 1
    assert kinds["duplicates across splits"] == 3
    assert kinds["lesion across splits"] == 1
    assert kinds["no patient ids"] == 5


def test_labels_of_two_vocabularies_are_not_compared(planted):
    manifest = planted[["image"]].iloc[[0, 1, 8, 15]].reset_index(drop=True)
    manifest = manifest.assign(
        label=["nv", "mel", "malignant", "benign"], dataset=["ham10000"] * 2 + ["isic2018"] * 2
    )
    found = audit(manifest, store=None)
    assert found.pairs["same_label"].isna().all()
    kinds = _kinds(found)
    assert kinds["shared between data sets"] == 2
    assert kinds["known overlap"] == 1
    assert "label conflict" not in kinds


def test_embeddings_that_are_close_are_listed_and_no_leak(skins):
    manifest = pd.DataFrame({"image": [str(path) for path in skins]})
    vectors = np.random.default_rng(0).normal(size=(8, 16))
    vectors[5] = vectors[2] + 0.01
    found = audit(manifest, embeddings=vectors, store=None)
    assert found.pairs[["row_a", "row_b", "how"]].to_numpy().tolist() == [[2, 5, "embedding"]]
    assert _kinds(found)["embedding"] == 1
    with pytest.raises(ValueError, match=r"shape \(8, d\)"):
        audit(manifest, embeddings=vectors[:5], store=None)


def test_a_backbone_can_be_named(skins, tmp_path):
    gone = tmp_path / "gone.png"
    manifest = pd.DataFrame({"image": [str(skins[0]), str(gone), str(skins[0]), str(skins[1])]})
    found = audit(manifest, embeddings="efficientnet_lite0", store=None)
    # The surest word on a pair stays.
    assert found.pairs[["row_a", "row_b", "how"]].to_numpy().tolist() == [[0, 2, "same file"]]


def test_an_image_that_cannot_be_read_is_a_finding(skins, tmp_path):
    manifest = pd.DataFrame({"image": [str(skins[0]), str(tmp_path / "gone.png"), str(skins[1])]})
    found = audit(manifest, embeddings=np.eye(3), store=None)
    assert _kinds(found)["unreadable"] == 1
    assert found.files["width"].isna().tolist() == [False, True, False]


def test_a_manifest_without_rows_is_refused():
    with pytest.raises(ValueError, match="no rows"):
        audit(pd.DataFrame({"image": []}))


def test_lesions_across_the_splits_of_dermamnist(shared_data):
    """1,006 lesions span the official splits; 693 test images share one with training."""
    table = pd.read_csv(shared_data / "dermamnist" / "dermamnist_split_map.csv")
    manifest = pd.DataFrame(
        {
            "image": table["image_id"] + ".jpg",
            "label": table["dx"],
            "lesion": table["lesion_id"],
            "split": table["split"],
        }
    )
    no_pairs = pd.DataFrame(
        columns=["row_a", "row_b", "how", "same_label", "same_lesion", "splits", "datasets"]
    ).astype({"splits": "str", "datasets": "str"})
    columns = pd.DataFrame({"flagged": np.empty(0, dtype=bool)})
    findings = findings_table(list_findings(manifest, no_pairs, columns, {})).set_index("kind")
    torn = findings.loc["lesion across splits"]
    assert torn["count"] == 1006
    assert "693 of 2,005 test images share a lesion with training" in torn["message"]
    assert torn["severity"] == "leak"
    assert findings.loc["no patient ids", "count"] == 10015


def test_copies_of_real_skin_are_found(shared_data, alterations, tmp_path):
    folder = shared_data / "ham10000_native"
    table = pd.read_csv(folder / "HAM10000_metadata.csv").drop_duplicates("lesion_id").head(30)
    originals = {path.stem: path for path in folder.rglob("ISIC_*.jpg")}
    rows = [(str(originals[name]), i) for i, name in enumerate(table["image_id"])]
    for i, (path, _) in enumerate(list(rows)):
        name, alter = list(alterations.items())[i % len(alterations)]
        copy = tmp_path / f"copy_{i}_{name}.jpg"
        copy.write_bytes(alter(Image.open(path).resize((200, 150))))
        rows.append((str(copy), i))
    manifest = pd.DataFrame(rows, columns=["image", "origin"])
    pairs = audit(manifest[["image"]], store=None).pairs
    assert pairs[["row_a", "row_b"]].to_numpy().tolist() == [[i, i + 30] for i in range(30)]
