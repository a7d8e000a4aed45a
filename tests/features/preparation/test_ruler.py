import numpy as np
import pytest

from features.preparation.hair import hair_mask
from features.preparation.ruler import ruler_mask


def draw_ruler(image, gap=24, width=3):
    """Ticks of two lengths along the lower edge, drawn in place; (height, width) bool."""
    ticks = np.zeros(image.shape[:2], dtype=bool)
    for i, x in enumerate(range(40, image.shape[1] - 40, gap)):
        ticks[400 : 430 if i % 5 else 440, x : x + width] = True
    image[ticks] = (30, 30, 30)
    return ticks


@pytest.mark.parametrize("turned", [False, True])
def test_ticks_are_found(lesion_image, grain, turned):
    image, _ = lesion_image(450, 600, 100, (200, 300))
    ticks = draw_ruler(image)
    image = grain(image)
    if turned:
        image, ticks = np.rot90(image).copy(), np.rot90(ticks)
    found = ruler_mask(image)
    assert found[ticks].mean() > 0.9
    assert (found & ~ticks).mean() < 0.001


def test_ticks_at_uneven_distances_are_no_ruler(lesion_image):
    image, _ = lesion_image(450, 600, 60, (150, 300))
    for x in (30, 60, 150, 170, 260, 400, 410, 550):
        image[400:430, x : x + 3] = 30
    assert not ruler_mask(image).any()


def test_a_lesion_and_a_hair_are_no_ruler(lesion_image, grain):
    image, _ = lesion_image(450, 600, 100, (200, 300))
    image[420:422, 20:580] = 30
    image = grain(image)
    assert hair_mask(image).any()
    assert not ruler_mask(image).any()


def test_real_lesions_hold_no_ruler(native_images):
    assert sum(ruler_mask(image).any() for image, _ in native_images) <= 1
