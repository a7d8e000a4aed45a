import numpy as np
import pytest
from skimage.draw import disk

from features.preparation.plausibility import Frame, plausibility


def frame_and_disk(lesion_image):
    image, mask = lesion_image(96, 128, 20, (48, 64))
    return Frame.of(image, np.ones_like(mask)), mask


def test_the_lesion_scores_above_every_other_guess(lesion_image):
    frame, mask = frame_and_disk(lesion_image)
    half = mask.copy()
    half[:, 64:] = False
    beside = np.zeros_like(mask)
    beside[disk((20, 20), 20, shape=mask.shape)] = True
    everything = np.ones_like(mask)
    scores = [plausibility(guess, 0.9, frame) for guess in (half, beside, everything)]
    assert plausibility(mask, 0.9, frame) > max(scores) + 0.1


def test_clear_classes_count(lesion_image):
    frame, mask = frame_and_disk(lesion_image)
    step = plausibility(mask, 0.9, frame) - plausibility(mask, 0.5, frame)
    assert step == pytest.approx(0.25 * 0.4)


def test_an_empty_mask_is_the_least(lesion_image):
    frame, mask = frame_and_disk(lesion_image)
    assert plausibility(np.zeros_like(mask), 1.0, frame) == -np.inf


def test_a_pixel_and_a_flat_image_have_a_score():
    frame = Frame.of(np.full((20, 20, 3), 90, np.uint8), np.ones((20, 20), dtype=bool))
    mask = np.zeros((20, 20), dtype=bool)
    mask[10, 10] = True
    assert np.isfinite(plausibility(mask, 0.0, frame))
    assert np.isfinite(plausibility(~mask, 0.0, frame))
