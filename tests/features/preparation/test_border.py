import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt, gaussian_filter
from skimage.draw import disk

from features.preparation.border import border_reach, enlarge
from features.preparation.plausibility import Frame


def blurred_disk(blur, shape=(96, 128), radius=25):
    mask = np.zeros(shape, dtype=bool)
    mask[disk((48, 64), radius)] = True
    share = gaussian_filter(mask.astype(float), blur)[..., None]
    image = share * np.array([110, 70, 55]) + (1 - share) * np.array([215, 175, 155])
    return mask, Frame.of(np.rint(image).astype(np.uint8), np.ones(shape, dtype=bool))


def test_a_sharp_border_does_not_reach_beyond_itself():
    assert border_reach(*blurred_disk(0.01)) < 0.2


def test_a_blurred_border_reaches_farther_up_to_its_limit():
    reaches = [border_reach(*blurred_disk(blur)) for blur in (0.01, 1.0, 1.5, 6)]
    assert reaches == sorted(reaches)
    assert reaches[2] > 0.5
    assert reaches[3] == pytest.approx(0.06 * 25 * np.sqrt(np.pi), rel=0.02)


def test_without_skin_there_is_no_border():
    _, frame = blurred_disk(1)
    assert border_reach(np.ones((96, 128), dtype=bool), frame) == 0
    assert border_reach(np.zeros((96, 128), dtype=bool), frame) == 0


@pytest.mark.parametrize("reach", [0.0, 3.0])
def test_a_disk_is_enlarged_with_its_reach(reach):
    mask, _ = blurred_disk(1)
    large = enlarge(mask, reach, (512, 384))
    assert np.sqrt(large.sum() / np.pi) == pytest.approx(4 * (25 + reach), rel=0.02)
    y, x = np.argwhere(large).mean(axis=0)
    assert (y, x) == pytest.approx((4 * 48.5 - 0.5, 4 * 64.5 - 0.5), abs=0.5)


def test_at_its_own_size_all_within_reach_is_added():
    mask, _ = blurred_disk(1)
    np.testing.assert_array_equal(enlarge(mask, 0, (128, 96)), mask)
    far = distance_transform_edt(~mask)
    grown = enlarge(mask, 3, (128, 96))
    assert grown[far < 2].all()
    assert not grown[far > 5].any()
