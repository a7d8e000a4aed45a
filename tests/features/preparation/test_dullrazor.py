import numpy as np
import pytest
from scipy.ndimage import binary_dilation
from skimage.draw import line

from features.preparation.dullrazor import dullrazor_mask, interpolate_hair


def test_drawn_hairs_are_removed(lesion_image, grain):
    clean, _ = lesion_image(450, 600, 100, (225, 300))
    clean = grain(clean)
    drawn = np.zeros(clean.shape[:2], dtype=bool)
    for y0, x0, y1, x1 in [(20, 30, 200, 560), (60, 40, 430, 150), (400, 90, 380, 500)]:
        for shift in (0, 1):
            drawn[line(y0 + shift, x0, y1 + shift, x1)] = True
    drawn &= clean[..., 0] > 150  # on skin, where the truth is known
    hairy = clean.copy()
    hairy[drawn] = (40, 30, 25)
    found = dullrazor_mask(hairy)
    assert found[drawn].mean() >= 0.9
    painted = interpolate_hair(hairy, found)
    assert np.abs(painted[drawn].astype(int) - clean[drawn]).mean() < 5
    untouched = ~binary_dilation(found, np.ones((3, 3)))
    np.testing.assert_array_equal(painted[untouched], hairy[untouched])


def test_an_image_without_hair_stays(lesion_image, grain):
    image, _ = lesion_image()
    image = grain(image)
    painted = interpolate_hair(image, dullrazor_mask(image))
    assert np.mean((image.astype(float) - painted) ** 2) < 255**2 / 10**4  # PSNR above 40 dB


def test_small_images_are_skipped():
    image = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    assert not dullrazor_mask(image).any()


@pytest.mark.parametrize("transpose", [False, True])
def test_a_ramp_is_restored_across_a_hair(transpose):
    ramp = np.repeat(np.arange(40, 200, 4, dtype=np.uint8)[None], 60, axis=0)
    ramp = np.stack([ramp, ramp + 10, ramp + 20], axis=2)
    hair = np.zeros(ramp.shape[:2], dtype=bool)
    hair[:, 20:23] = True
    if transpose:
        ramp, hair = ramp.transpose(1, 0, 2).copy(), hair.T.copy()
    hairy = ramp.copy()
    hairy[hair] = 0
    restored = interpolate_hair(hairy, hair).astype(int)
    assert np.abs(restored - ramp).max() <= 1


def test_a_hair_along_the_frame_takes_the_only_side_there_is():
    image = np.full((40, 50, 3), 180, dtype=np.uint8)
    hair = np.zeros((40, 50), dtype=bool)
    hair[:3] = True
    image[hair] = 10
    painted = interpolate_hair(image, hair)
    assert painted[5:].min() == 180
    assert painted.shape == image.shape


@pytest.mark.parametrize("side", [60, 400])
def test_the_reach_is_the_hairs_own_whatever_the_window(side):
    image = np.full((side, side, 3), 180, dtype=np.uint8)
    hair = np.zeros((side, side), dtype=bool)
    hair[:, 15:45] = True  # wide, as in a large frame
    image[hair] = 10
    assert interpolate_hair(image, hair).min() == 180
