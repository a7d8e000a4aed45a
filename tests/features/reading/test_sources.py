import math

import numpy as np
import pandas as pd
import pytest

from features.reading.sources import image_sources


def manifest(*scales):
    return pd.DataFrame({"image": [f"{i}.png" for i in range(len(scales))], "mm_per_pixel": scales})


@pytest.mark.parametrize("images", [[np.zeros((40, 50, 3), np.uint8)] * 2, np.zeros((40, 50, 3))])
def test_a_list_of_arrays_is_told_how_to_be_one(images):
    with pytest.raises(
        ValueError, match=r"array of shape \(.*np\.stack\(images\), or image\[None\]"
    ):
        image_sources(images)


def test_calibration_comes_from_the_manifest():
    known, unknown = image_sources(manifest(0.05, None))
    assert known.mm_per_pixel == 0.05
    assert math.isnan(unknown.mm_per_pixel)


def test_an_image_without_the_column_is_not_calibrated():
    (source,) = image_sources(pd.DataFrame({"image": ["0.png"]}))
    assert math.isnan(source.mm_per_pixel)


@pytest.mark.parametrize("bad", [0, -1.0, math.inf, "0.05"])
def test_calibration_must_be_a_positive_number(bad):
    with pytest.raises(ValueError, match="Row 1: expected 'mm_per_pixel'"):
        image_sources(manifest(0.1, bad))


def test_calibration_is_part_of_the_content_key():
    pixels = np.zeros((1, 20, 20, 3), dtype=np.uint8)
    (plain,) = image_sources(pixels)
    keys = {plain.digests()}
    for scale in (0.05, 0.06):
        keys.add(type(plain)(0, plain.image, mm_per_pixel=scale).digests())
    assert len(keys) == 3
