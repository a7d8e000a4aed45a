import numpy as np
from skimage.draw import disk

from features.preparation.hair import remove_hair
from features.preparation.highlights import highlight_mask


def test_bubbles_are_found_and_painted_over(lesion_image):
    image, _ = lesion_image()
    bubbles = np.zeros(image.shape[:2], dtype=bool)
    for center in [(60, 60), (200, 320), (150, 200)]:
        bubbles[disk(center, 6)] = True
    shiny = image.copy()
    shiny[bubbles] = (252, 250, 248)
    found = highlight_mask(shiny)
    np.testing.assert_array_equal(found, bubbles)
    painted = remove_hair(shiny, found)
    assert np.abs(painted.astype(int) - image).max() <= 5


def test_pale_skin_is_no_glare(lesion_image):
    image, mask = lesion_image()
    image[~mask] = (250, 244, 242)
    assert not highlight_mask(image).any()


def test_thresholds_are_saturation_and_value():
    image = np.full((100, 100, 3), 120, dtype=np.uint8)
    image[0, 0], image[0, 1], image[0, 2] = (255, 235, 235), (255, 225, 255), (225, 225, 225)
    assert np.flatnonzero(highlight_mask(image)).tolist() == [0]
