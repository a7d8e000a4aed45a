import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter, map_coordinates

from pipelines.audit.verification import SAME_PICTURE, compare_pairs, lay_over


def _picture(seed, side=64):
    rng = np.random.default_rng(seed)
    noise = gaussian_filter(rng.normal(size=(side, side)), 1.2)
    return 128 + 40 * noise / noise.std()


def _window(picture, window):
    """Cut a window out with another library's interpolation."""
    side = len(picture)
    place = (np.arange(side) + 0.5) / side * 2 - 1
    x = (window[0] * place + window[1] + 1) / 2 * side - 0.5
    y = (window[2] * place + window[3] + 1) / 2 * side - 0.5
    return map_coordinates(picture, np.meshgrid(y, x, indexing="ij"), order=1, mode="nearest")


def _pair(first, second, view=0, crop=0):
    pictures = np.stack([first, second]).clip(0, 255).astype(np.uint8)
    return compare_pairs(pictures, np.array([[0, 1, view, crop, 0]]))[0]


def test_a_known_window_is_found():
    moving = gaussian_filter(_picture(0), 2).astype(np.float32)[None]
    true = np.array([[0.94, 0.03, 0.96, -0.02]], dtype=np.float32)
    still = _window(moving[0], true[0]).astype(np.float32)[None]
    start = np.array([[1, 0, 1, 0]], dtype=np.float32)
    found = lay_over(1.3 * still - 20, moving, start, n_steps=12)
    np.testing.assert_allclose(found, true, atol=0.004)


def test_a_copy_agrees_whatever_its_brightness_and_contrast():
    picture = _picture(1)
    whole, detail = _pair(picture, 0.8 * picture + 30)
    assert whole > 0.99
    assert detail > 0.97


def test_other_pictures_with_the_same_outline_do_not_agree():
    y, x = np.mgrid[:64, :64]
    spot = gaussian_filter(np.where((y - 32) ** 2 + (x - 32) ** 2 < 200, -90.0, 0.0), 1)
    agreement = [
        _pair(180 + spot + 0.1 * _picture(i), 180 + spot + 0.1 * _picture(i + 50))
        for i in range(10)
    ]
    assert min(whole for whole, _ in agreement) > 0.9
    assert max(detail for _, detail in agreement) < SAME_PICTURE


def test_a_plain_picture_agrees_with_nothing():
    plain = np.full((64, 64), 120.0)
    agreement = _pair(plain, _picture(2))
    assert np.isfinite(agreement).all()
    assert abs(agreement[1]) < 0.2


def test_an_off_centre_crop_is_laid_over_from_the_nearest_start():
    large = _picture(3, 256)
    small = np.asarray(Image.fromarray(large.astype(np.uint8)).resize((64, 64)))
    # 95 % of a side, at the right and the top: the fourth of the crops looked at.
    cut = large[:243, 13:].astype(np.uint8)
    cropped = np.asarray(Image.fromarray(cut).resize((64, 64)))
    assert _pair(cropped, small, crop=3)[1] > 0.8


def test_no_pairs_give_no_agreement():
    pictures = np.zeros((2, 64, 64), dtype=np.uint8)
    assert compare_pairs(pictures, np.empty((0, 5), dtype=np.int64)).shape == (0, 2)


def _framed(picture, dark=3.0):
    """Seen through a round opening, as by many dermatoscopes."""
    y, x = np.mgrid[:64, :64]
    opening = gaussian_filter(((y - 32.0) ** 2 + (x - 32) ** 2 < 28**2).astype(float), 0.7)
    return dark + (0.5 * picture + 64 - dark) * opening


def test_a_round_frame_is_no_agreement():
    others = [_pair(_framed(_picture(i)), _framed(_picture(i + 50)))[1] for i in range(10)]
    assert max(others) < SAME_PICTURE
    copies = [_pair(_framed(_picture(i)), _framed(0.9 * _picture(i) + 20))[1] for i in range(10)]
    assert min(copies) > SAME_PICTURE


def test_pictures_of_which_hardly_anything_is_seen_do_not_agree():
    y, x = np.mgrid[:64, :64]
    small = ((y - 32.0) ** 2 + (x - 32) ** 2 < 12**2) * _picture(3)
    assert _pair(small, small)[1] == 0
