import numpy as np

from features.preparation.illumination import even_light


def lit_skin(shape=(96, 128)):
    y, x = (np.mgrid[: shape[0], : shape[1]] - np.array(shape)[:, None, None] / 2) / 64
    light = np.exp(-0.3 * (x**2 + y**2) + 0.1 * x)
    return (light[..., None] * np.array([220, 180, 160])).astype(np.uint8)


def test_a_falling_light_is_evened():
    image = lit_skin()
    even = even_light(image, np.ones(image.shape[:2], dtype=bool))
    assert image[..., 0].std() > 10
    assert even[..., 0].std() < 1.5


def test_a_lesion_in_the_middle_is_kept():
    image = lit_skin()
    image[38:58, 54:74] = image[38:58, 54:74] // 2
    even = even_light(image, np.ones(image.shape[:2], dtype=bool)).astype(float)
    skin, lesion = even[5:90, 5:40, 0].mean(), even[40:56, 56:72, 0].mean()
    assert 0.45 < lesion / skin < 0.55


def test_pixels_outside_the_view_do_not_count():
    image = lit_skin()
    inside = np.ones(image.shape[:2], dtype=bool)
    inside[:, :20] = False
    other = image.copy()
    other[:, :20] = 0
    a, b = even_light(image, inside), even_light(other, inside)
    np.testing.assert_array_equal(a[:, 20:], b[:, 20:])


def test_too_few_points_leave_the_image():
    image = lit_skin((16, 16))
    np.testing.assert_array_equal(even_light(image, np.ones((16, 16), dtype=bool)), image)
