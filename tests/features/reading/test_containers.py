import sys

import numpy as np
import pytest
from PIL import Image

from features import ColorMoments, ImageFeatures, read_image
from features.reading.containers import array_shapes, member_names, read_member, split_member
from features.reading.files import ImageError, read_bytes


@pytest.fixture
def npz(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (3, 28, 28, 3), np.uint8)
    path = tmp_path / "small.npz"
    np.savez_compressed(path, images=pixels, labels=np.arange(3))
    return path, pixels


@pytest.mark.parametrize("name", ["a.jpg", "::a", "a::", "", "C:a.png"])
def test_ordinary_names_are_no_members(name):
    assert split_member(name) is None


class TestNpz:
    def test_rows_are_read_as_images(self, npz):
        path, pixels = npz
        assert (read_image(f"{path}::images/2") == pixels[2]).all()

    def test_shapes_and_names_are_listed(self, npz):
        path, _ = npz
        assert array_shapes(path) == {"images": (3, 28, 28, 3), "labels": (3,)}
        rows = {f"{name}/{row}" for name in ("images", "labels") for row in range(3)}
        assert member_names(path) == rows

    def test_a_changed_file_is_read_anew(self, npz):
        path, pixels = npz
        before = read_member(str(path), "images/0")
        np.savez(path, images=255 - pixels)
        assert read_member(str(path), "images/0") != before
        assert (read_image(f"{path}::images/0") == 255 - pixels[0]).all()

    @pytest.mark.parametrize("member", ["images/3", "images/-1", "other/0", "images"])
    def test_rows_that_are_not_there(self, npz, member):
        with pytest.raises(ImageError, match="no such file"):
            read_bytes(f"{npz[0]}::{member}")

    def test_a_row_that_is_no_image(self, npz):
        with pytest.raises(ImageError, match=r"labels/1: damaged or truncated"):
            read_image(f"{npz[0]}::labels/1")

    def test_a_damaged_file(self, tmp_path):
        (tmp_path / "bad.npz").write_bytes(b"PK nothing")
        with pytest.raises(ImageError, match=r"cannot be read \(not an .npz file"):
            read_bytes(tmp_path / "bad.npz::images/0")
        with pytest.raises(ImageError, match="no such file"):
            read_bytes(tmp_path / "none.npz::images/0")

    def test_image_estimators_read_them(self, npz):
        path, pixels = npz
        names = [f"{path}::images/{i}" for i in range(3)]
        features = ImageFeatures([("color", ColorMoments())], store=None)
        np.testing.assert_array_equal(features.fit_transform(names), features.fit_transform(pixels))


class TestHdf5:
    @pytest.mark.parametrize("kind", ["opaque", "string", "numbers"])
    def test_image_files_are_read_however_they_were_written(self, tmp_path, kind, lesion_image):
        h5py = pytest.importorskip("h5py")
        Image.fromarray(lesion_image).save(tmp_path / "lesion.png")
        content = (tmp_path / "lesion.png").read_bytes()
        written = {
            "opaque": np.void(content),
            "string": np.bytes_(content),
            "numbers": np.frombuffer(content, np.uint8),
        }
        with h5py.File(tmp_path / "images.hdf5", "w") as file:
            file["a"] = written[kind]
        assert (read_image(tmp_path / "images.hdf5::a") == lesion_image).all()
        assert member_names(tmp_path / "images.hdf5") == {"a"}
        with pytest.raises(ImageError, match="no such file"):
            read_bytes(tmp_path / "images.hdf5::b")

    def test_what_is_not_hdf5_is_said(self, tmp_path):
        pytest.importorskip("h5py")
        (tmp_path / "images.hdf5").write_bytes(b"nothing")
        with pytest.raises(ImageError, match=r"images.hdf5::a: cannot be read"):
            read_bytes(tmp_path / "images.hdf5::a")

    def test_the_missing_extra_is_named(self, tmp_path, monkeypatch):
        (tmp_path / "images.hdf5").write_bytes(b"nothing at all")
        monkeypatch.setitem(sys.modules, "h5py", None)
        with pytest.raises(ImportError, match=r"need h5py: pip install 'dermfusion\[isic2024\]'"):
            read_bytes(tmp_path / "images.hdf5::a")
