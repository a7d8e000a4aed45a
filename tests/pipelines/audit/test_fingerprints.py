import hashlib

import numpy as np
import pytest
from PIL import Image

from features.store import FeatureStore
from pipelines.audit import fingerprints
from pipelines.audit.file_facts import FACTS, facts_table, file_facts, jpeg_quality
from pipelines.audit.fingerprints import take_fingerprints


def test_files_are_described_in_order(skins):
    prints = take_fingerprints(skins)
    assert prints.digests == [hashlib.sha256(path.read_bytes()).hexdigest() for path in skins]
    assert prints.pictures.shape == (8, 64, 64)
    assert prints.hashes.shape == (8, 14, 4)
    facts = facts_table(prints.facts)
    assert facts["width"].eq(200).all()
    assert facts["height"].eq(150).all()
    assert facts["format"].eq("PNG").all()
    assert facts["bytes"].tolist() == [path.stat().st_size for path in skins]


def test_what_the_store_has_is_not_decoded_again(skins, tmp_path, monkeypatch):
    path = tmp_path / "store.sqlite"
    first = take_fingerprints(skins, store=FeatureStore(path), n_jobs=2)
    monkeypatch.setattr(fingerprints, "thumbnail", None)
    again = take_fingerprints(skins[::-1], store=FeatureStore(path))
    np.testing.assert_array_equal(again.pictures, first.pictures[::-1])
    np.testing.assert_array_equal(again.hashes, first.hashes[::-1])
    np.testing.assert_array_equal(again.facts, first.facts[::-1])


def test_unreadable_files_are_listed(skins, tmp_path):
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no image")
    prints = take_fingerprints([skins[0], broken, tmp_path / "absent.jpg", skins[1]])
    assert prints.rows.tolist() == [0, 3]
    assert sorted(prints.failures) == [1, 2]
    assert "not an image" in prints.failures[1]
    assert "no such file" in prints.failures[2]


def test_a_reduced_jpeg_looks_like_the_whole_one(skins, tmp_path):
    image = Image.open(skins[0]).resize((1600, 1200), Image.Resampling.BICUBIC)
    image.save(tmp_path / "large.jpg", quality=95)
    image.save(tmp_path / "large.png")
    jpeg, png = take_fingerprints([tmp_path / "large.jpg", tmp_path / "large.png"]).pictures
    assert np.abs(jpeg.astype(int) - png).mean() < 1.5


def test_orientation_is_applied(skins, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 3
    image = Image.open(skins[0])
    image.save(tmp_path / "turned.jpg", exif=exif, quality=95)
    image.rotate(180).save(tmp_path / "upright.jpg", quality=95)
    turned, upright = take_fingerprints(
        [tmp_path / "turned.jpg", tmp_path / "upright.jpg"]
    ).pictures
    assert np.abs(turned.astype(int) - upright).mean() < 2


def test_rows_of_an_array_are_read(tmp_path):
    images = np.random.default_rng(0).integers(1, 255, size=(3, 28, 28, 3), dtype=np.uint8)
    np.savez(tmp_path / "small.npz", train_images=images)
    prints = take_fingerprints([f"{tmp_path / 'small.npz'}::train_images/{i}" for i in range(3)])
    facts = facts_table(prints.facts)
    assert facts["format"].tolist() == ["array"] * 3
    assert facts["width"].tolist() == [28] * 3
    assert facts["bytes"].isna().all()


def test_no_files_give_no_fingerprints():
    prints = take_fingerprints([])
    assert len(prints.rows) == 0
    assert prints.facts.shape == (0, len(FACTS))


@pytest.mark.parametrize("quality", [25, 40, 50, 75, 90, 95, 99])
def test_jpeg_quality_is_what_the_file_was_saved_with(skins, tmp_path, quality):
    path = tmp_path / "saved.jpg"
    Image.open(skins[0]).save(path, quality=quality)
    assert abs(file_facts(path.read_bytes())[3] - quality) <= 2


def test_jpeg_quality_of_tables_that_no_encoder_scaled():
    assert jpeg_quality([255] * 64) < 25
    assert jpeg_quality([1] * 64) == 100
