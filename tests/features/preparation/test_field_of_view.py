import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt, label
from skimage.draw import disk

from features.preparation.field_of_view import DARK, field_of_view


def lens_image(lesion_image):
    image, _ = lesion_image()
    lens = np.zeros(image.shape[:2], dtype=bool)
    lens[disk((150, 200), 190, shape=lens.shape)] = True
    image[~lens] = 5
    return image, lens


def test_dark_corners_are_left_out(lesion_image):
    image, lens = lens_image(lesion_image)
    valid = field_of_view(image)
    assert not valid[~lens].any()
    assert valid[lens].mean() > 0.95


def test_a_dark_lesion_inside_is_no_corner(lesion_image):
    image, mask = lesion_image()
    image[mask] = 5
    assert field_of_view(image).all()


def test_a_dark_picture_is_kept_whole():
    assert field_of_view(np.full((40, 40, 3), 10, dtype=np.uint8)).all()


@pytest.mark.parametrize("radius", [90, 105, 119])
def test_a_round_picture_in_a_wide_frame_is_a_vignette(radius):
    image = np.zeros((240, 427, 3), dtype=np.uint8)  # 16:9: the circle leaves over 60 % dark
    inside = np.zeros(image.shape[:2], dtype=bool)
    inside[disk((120, 213), radius, shape=inside.shape)] = True
    image[inside] = (214, 170, 140)
    valid = field_of_view(image)
    assert not valid[~inside].any()
    assert valid[inside].mean() > 0.85


def test_dim_specks_do_not_make_a_vignette_of_a_dark_picture():
    image = np.full((60, 60, 3), 10, dtype=np.uint8)
    image[20:45, 20:45] = 60
    assert field_of_view(image).all()


@pytest.mark.parametrize("side", [1, 3, 12])
def test_nor_do_bright_ones(side):
    image = np.full((200, 200, 3), 10, dtype=np.uint8)
    image[100 : 100 + side, 60 : 60 + side] = 250
    assert field_of_view(image).all()


def test_a_dark_lesion_that_fills_the_frame_is_no_vignette():
    image = np.full((240, 320, 3), 200, dtype=np.uint8)
    y, x = np.mgrid[:240, :320]
    lesion = np.hypot((x - 130) / 1.3, y - 100) < 145
    image[lesion] = (38, 28, 25)
    assert lesion.mean() > 0.6
    assert lesion[0, 0]
    assert field_of_view(image).all()


def test_a_thin_dark_edge_of_a_long_picture_is_no_vignette():
    image = np.full((60, 4000, 3), 200, dtype=np.uint8)
    image[:3] = 5
    assert field_of_view(image).all()


@pytest.mark.parametrize("seed", range(3))
def test_the_corners_are_the_components_that_hold_them(seed, lesion_image):
    image, _ = lens_image(lesion_image)
    rng = np.random.default_rng(seed)
    for _ in range(6):
        row, column = rng.integers(0, 260), rng.integers(0, 340)
        image[row : row + 40, column : column + 60] = 5
    labels, _ = label(image.max(axis=2) < DARK * 255)
    corners = {labels[0, 0], labels[0, -1], labels[-1, 0], labels[-1, -1]} - {0}
    outside = np.isin(labels, list(corners))
    valid = field_of_view(image)
    assert not valid[outside].any()
    assert valid[distance_transform_edt(~outside) > 5].all()  # but for a rim of four pixels
