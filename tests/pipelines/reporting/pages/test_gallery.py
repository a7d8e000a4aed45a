import re

import numpy as np
import pytest
from PIL import Image

from pipelines.reporting.pages.gallery import (
    hardest_lesions,
    surest_mistakes,
    thumbnail,
    write_gallery,
)


def test_mistakes_are_wrong_and_the_surest_first(results):
    table = surest_mistakes(results, "cnn", count=10)
    assert len(table) == 10
    assert (table["said"] != table["label"]).all()
    assert table["probability"].is_monotonic_decreasing
    rows = results.of_model("cnn")
    wrong = rows[rows["argmax"] != rows["label"]]
    highest = wrong[[f"p_{name}" for name in results.classes]].max(axis=1).max()
    assert table["probability"].iloc[0] == pytest.approx(highest)


def test_hardest_lesions_have_the_least_probability_of_all_models(results):
    table = hardest_lesions(results, count=5)
    assert table["given"].is_monotonic_increasing
    lesion = table.iloc[0]
    rows = results.lesions[results.lesions["lesion"] == lesion["lesion"]]
    assert rows[f"p_{lesion['label']}"].mean() == pytest.approx(lesion["given"])


def test_thumbnails_are_small_and_a_missing_image_is_none(tmp_path):
    noise = np.random.default_rng(0).integers(0, 255, (600, 800, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "a.png")
    uri = thumbnail(str(tmp_path / "a.png"))
    assert uri.startswith("data:image/jpeg;base64,")
    assert len(uri) < 60_000
    assert thumbnail(str(tmp_path / "none.png")) == ""


def test_page_shows_images_and_says_where_one_is_missing(record, results, tmp_path):
    shown = surest_mistakes(results, results.ranked[0]).iloc[0]["lesion"]
    Image.new("RGB", (40, 30), "brown").save(tmp_path / "a.png")
    rows = record.predictions["lesion"] == shown
    record.predictions.loc[rows, "image"] = str(tmp_path / "a.png")
    write_gallery(results, tmp_path / "gallery.html")
    text = (tmp_path / "gallery.html").read_text(encoding="utf-8")
    assert text.count("<img ") >= 1
    assert "image not found" in text
    assert "For local use" in text
    assert not re.search(r"https?:", text)
