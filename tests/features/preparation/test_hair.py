import cv2
import numpy as np
import pytest
from skimage.draw import line

from features import LesionStyle, draw_lesion
from features.preparation.hair import hair_mask, light_hair_mask, remove_hair, thin_and_long

STRANDS = [(20, 30, 200, 560), (60, 40, 430, 150), (400, 90, 380, 500)]


def draw_hairs(shape):
    """Strands two pixels wide, (height, width) bool."""
    drawn = np.zeros(shape, dtype=bool)
    for y0, x0, y1, x1 in STRANDS:
        for shift in (0, 1):
            drawn[line(y0 + shift, x0, y1 + shift, x1)] = True
    return drawn


@pytest.fixture
def hairy(lesion_image, grain):
    """Image without hair, the same with it, and where it was drawn over skin."""
    clean, _ = lesion_image(450, 600, 100, (225, 300))
    clean = grain(clean)
    drawn = draw_hairs(clean.shape[:2]) & (clean[..., 0] > 150)
    with_hair = clean.copy()
    with_hair[drawn] = (40, 30, 25)
    return clean, with_hair, drawn


def test_drawn_hairs_are_removed(hairy):
    clean, with_hair, drawn = hairy
    found = hair_mask(with_hair)
    assert found[drawn].mean() >= 0.9
    painted = remove_hair(with_hair, found)
    assert np.abs(painted[drawn].astype(int) - clean[drawn]).mean() < 10


def test_light_hairs_are_removed(hairy):
    clean, with_hair, drawn = hairy
    clean, with_hair = (image // 2 for image in (clean, with_hair))
    with_hair[drawn] = (230, 225, 220)
    assert not hair_mask(with_hair)[drawn].any()
    found = light_hair_mask(with_hair)
    assert found[drawn].mean() >= 0.9
    painted = remove_hair(with_hair, found)
    assert np.abs(painted[drawn].astype(int) - clean[drawn]).mean() < 10


def test_an_image_without_hair_stays(lesion_image, grain):
    image, _ = lesion_image()
    image = grain(image)
    for find in (hair_mask, light_hair_mask):
        painted = remove_hair(image, find(image))
        assert np.mean((image.astype(float) - painted) ** 2) < 255**2 / 10**4  # PSNR over 40 dB


def test_small_images_are_skipped():
    image = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    assert not hair_mask(image).any()


def test_network_and_globules_are_no_hair():
    style = LesionStyle(network=0.6, globules=12, diameter=0.6)
    image, mask = draw_lesion(style, size=(450, 600), random_state=0)
    assert hair_mask(image)[mask].mean() < 0.01


def test_crossing_hairs_hold():
    crossing = np.zeros((450, 600), dtype=bool)
    crossing[100:102, 50:550] = crossing[20:430, 300:302] = crossing[300:302, 50:550] = True
    assert thin_and_long(crossing)[crossing].mean() > 0.95


def test_blobs_and_short_strokes_go():
    marks = np.zeros((450, 600), dtype=bool)
    marks[50:150, 50:150] = True
    marks[300:302, 100:130] = True
    assert not thin_and_long(marks).any()


def test_real_lesions_are_left_alone(native_images):
    shares = [hair_mask(image)[mask].mean() for image, mask in native_images]
    assert np.mean(shares) < 0.01


def test_painting_misses_by_less_than_fast_marching(native_images):
    errors = []
    for image, _ in native_images:
        if hair_mask(image).any():
            continue
        hairy = image.copy()
        hairy[draw_hairs(image.shape[:2])] = (40, 30, 25)
        hair = hair_mask(hairy)
        grown = cv2.dilate(hair.astype(np.uint8), np.ones((3, 3), np.uint8))
        painted = remove_hair(hairy, hair), cv2.inpaint(hairy, grown, 1, cv2.INPAINT_TELEA)
        errors.append([np.abs(each.astype(int) - image)[hair].mean() for each in painted])
    ours, marching = np.mean(errors, axis=0)
    assert ours < marching < 10
