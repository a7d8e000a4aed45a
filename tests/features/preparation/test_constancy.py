import numpy as np
import pytest

from features.preparation.constancy import light_table, relight, shades_of_gray

VALID = np.ones((8, 8), dtype=bool)


def test_gray_is_a_fixed_point():
    gray = np.repeat(np.arange(64, dtype=np.uint8).reshape(8, 8, 1) * 3, 3, axis=2)
    np.testing.assert_array_equal(shades_of_gray(gray, VALID), gray)


def test_a_global_cast_is_removed():
    gray = np.random.default_rng(0).integers(60, 180, (8, 8, 1)).repeat(3, axis=2)
    cast = np.rint(gray * np.array([1.2, 1.0, 0.8])).astype(np.uint8)
    corrected = shades_of_gray(cast, VALID).astype(int)
    assert np.ptp(corrected, axis=2).max() <= 2


def test_power_one_is_gray_world():
    image = np.random.default_rng(1).integers(60, 120, (8, 8, 3), dtype=np.uint8)
    means = shades_of_gray(image, VALID, power=1).mean(axis=(0, 1))
    np.testing.assert_allclose(means, means.mean(), rtol=0.01)


def test_invalid_pixels_do_not_count():
    image = np.random.default_rng(1).integers(60, 120, (8, 8, 3), dtype=np.uint8)
    valid = VALID.copy()
    valid[:2] = False
    other = image.copy()
    other[:2] = (255, 0, 0)
    a, b = shades_of_gray(image, valid), shades_of_gray(other, valid)
    np.testing.assert_array_equal(a[2:], b[2:])


def test_a_channel_without_light_leaves_the_image():
    image = np.random.default_rng(1).integers(60, 120, (8, 8, 3), dtype=np.uint8)
    image[..., 2] = 0
    np.testing.assert_array_equal(shades_of_gray(image, VALID), image)


def test_a_part_is_relit_as_the_whole():
    image = np.random.default_rng(2).integers(0, 200, (8, 8, 3), dtype=np.uint8)
    table = light_table(image, VALID)
    part = relight(image[2:5, 3:7], table)
    np.testing.assert_array_equal(part, shades_of_gray(image, VALID)[2:5, 3:7])


def test_power_below_one():
    with pytest.raises(ValueError, match="`power` must be at least 1, got 0"):
        shades_of_gray(np.ones((8, 8, 3), np.uint8), VALID, power=0)
