import numpy as np
import pandas as pd
import pytest
from PIL import Image

from pipelines.recipes.file_properties import NAMES, FileProperties


@pytest.fixture
def picture():
    pixels = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    return Image.fromarray(pixels)


def test_properties_are_those_of_the_files(picture, tmp_path):
    paths = [tmp_path / "a.png", tmp_path / "b.jpg"]
    for path in paths:
        picture.save(path)
    read = FileProperties().set_output(transform="pandas")
    table = read.fit_transform(pd.DataFrame({"image": [str(path) for path in paths]}))
    assert list(table) == [f"file__{name}" for name in NAMES]
    for row, path in zip(table.to_dict("records"), paths, strict=True):
        size = path.stat().st_size
        assert row["file__bytes"] == size
        assert (row["file__width"], row["file__height"]) == (60, 40)
        assert row["file__bits_per_pixel"] == pytest.approx(8 * size / 2400)
    assert table["file__jpeg_quality"][0] == 0


@pytest.mark.parametrize("quality", [30, 50, 75, 90, 98])
def test_the_quality_of_a_jpeg_is_read_back(picture, tmp_path, quality):
    path = tmp_path / "a.jpg"
    picture.save(path, quality=quality)
    assert FileProperties().fit_transform([path])[0, -1] == pytest.approx(quality, abs=1)


def test_pixels_have_no_file():
    with pytest.raises(ValueError, match="Expected image files"):
        FileProperties().fit_transform(np.zeros((1, 20, 20, 3), dtype=np.uint8))
