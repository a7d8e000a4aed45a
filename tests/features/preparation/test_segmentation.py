import numpy as np
import pytest
from skimage.draw import disk

from features.preparation.field_of_view import field_of_view
from features.preparation.segmentation import SEGMENTERS, segment_lesion

SKIN = (215, 175, 155)
METHODS = pytest.mark.parametrize("method", SEGMENTERS)


def everywhere(image):
    return np.ones(image.shape[:2], dtype=bool)


@METHODS
def test_a_clear_lesion_is_found(lesion_image, jaccard, method):
    image, mask = lesion_image()
    found = segment_lesion(image, everywhere(image), method)
    assert found.reliable
    assert jaccard(found.mask, mask) > 0.93


@METHODS
def test_dark_corners_are_no_lesion(lesion_image, jaccard, method):
    image, mask = lesion_image()
    lens = np.zeros_like(mask)
    lens[disk((150, 200), 190, shape=lens.shape)] = True
    image[~lens] = 0
    assert jaccard(segment_lesion(image, field_of_view(image), method).mask, mask) > 0.9


def test_light_that_falls_off_is_no_lesion(lesion_image, grain, jaccard):
    image, mask = lesion_image(300, 400, 25)
    image[mask] = (175, 130, 110)
    y, x = np.mgrid[-1:1:300j, -1:1:400j]
    image = grain(image * (1 - 0.25 * (x**2 + y**2))[..., None])
    found = segment_lesion(image, everywhere(image))
    assert found.reliable
    assert jaccard(found.mask, mask) > 0.7


@METHODS
@pytest.mark.parametrize("color", [SKIN, (0, 0, 0), (255, 255, 255)])
def test_nothing_to_see_gives_the_ellipse_and_says_so(method, color):
    image = np.full((100, 120, 3), color, dtype=np.uint8)
    found = segment_lesion(image, everywhere(image), method)
    assert not found.reliable
    assert found.mask.mean() == pytest.approx(np.pi / 4 * 0.36, rel=0.03)


@METHODS
def test_noise_is_not_trusted(method):
    image = np.random.default_rng(0).integers(0, 256, (150, 200, 3), dtype=np.uint8)
    assert not segment_lesion(image, everywhere(image), method).reliable


@METHODS
@pytest.mark.parametrize("shape", [(16, 16), (16, 300), (300, 16)])
def test_tiny_images_and_slivers_of_view(method, shape):
    image = np.random.default_rng(1).integers(0, 256, (*shape, 3), dtype=np.uint8)
    valid = np.zeros(shape, dtype=bool)
    valid[0, 0] = True
    for seen in (valid, ~valid):
        mask = segment_lesion(image, seen, method).mask
        assert mask.any()
        assert (mask <= seen).all()


def test_a_quarter_turn_turns_the_mask(lesion_image, grain, jaccard):
    image = grain(lesion_image(300, 300, 50, (130, 160))[0])
    found = segment_lesion(image, everywhere(image)).mask
    turned = segment_lesion(np.rot90(image).copy(), everywhere(image)).mask
    assert jaccard(np.rot90(found), turned) > 0.98


@pytest.mark.parametrize(
    ("method", "least"), [("candidates", 0.8), ("otsu", 0.79), ("hybrid", 0.78)]
)
def test_real_lesions(native_images, jaccard, method, least):
    scores = [
        jaccard(segment_lesion(image, field_of_view(image), method).mask, truth)
        for image, truth in native_images
    ]
    assert np.mean(scores) > least
