import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt

from features.preparation.cleaning import ARTEFACTS, HAIR_REMOVALS
from features.preparation.lesion_view import Preparation
from features.preparation.segmentation import SEGMENTERS
from features.reading.files import ImageError


def test_a_given_mask_is_used(lesion_image):
    image, mask = lesion_image()
    row = Preparation(size=96).prepare(image, mask)
    batch = Preparation(size=96).collate([row])
    area = float(batch.mask.sum() / batch.scale[0] ** 2)
    assert area == pytest.approx(mask.sum(), rel=0.03)
    assert batch.quality[0, :2].tolist() == [1, 1]
    assert (batch.mask <= batch.valid).all()


def test_segmenting_ignores_the_given_mask(lesion_image):
    image, mask = lesion_image()
    nonsense = np.zeros_like(mask)
    nonsense[:20, :20] = True
    a = Preparation(mask="segment").prepare(image, nonsense)
    b = Preparation(mask="auto").prepare(image, None)
    np.testing.assert_array_equal(a.mask, b.mask)
    assert a.quality[1] == 0


def test_given_masks_only(lesion_image):
    image, _ = lesion_image()
    with pytest.raises(ImageError, match="no lesion mask is given"):
        Preparation(mask="given").prepare(image, None)


def test_padding_is_not_valid(lesion_image):
    image, mask = lesion_image(60, 80, 15, (20, 20))
    row = Preparation(size=224).prepare(image, mask)
    assert row.valid.sum() == image.shape[0] * image.shape[1]
    assert not row.pixels[~row.valid].any()


@pytest.mark.parametrize("source", ["auto", "given"])
def test_an_empty_mask(lesion_image, source):
    image, mask = lesion_image()
    with pytest.raises(ImageError, match="the mask is empty; expected values above 0"):
        Preparation(mask=source).prepare(image, np.zeros_like(mask))


def test_fingerprints_tell_settings_apart():
    prints = {
        Preparation(size=s, hair=h, mask=m, segmentation=g, artefacts=a).fingerprint
        for s in (224, 299)
        for h in (*HAIR_REMOVALS, None)
        for m in ("auto", "segment")
        for g in SEGMENTERS
        for a in ((), ("ruler",))
    }
    assert len(prints) == 2 * 3 * 2 * 3 * 2
    assert Preparation(mask="given").fingerprint == Preparation(mask="auto").fingerprint


def test_a_lesion_too_thin_for_the_canvas_keeps_a_pixel(lesion_image):
    image, mask = lesion_image(1500, 2000)
    mask[:] = False
    mask[700, 100:1900] = True
    row = Preparation(size=64).prepare(image, mask)
    assert row.mask.any()
    assert (row.mask <= row.valid).all()


def test_a_mask_in_the_dark_corner_is_kept_and_not_trusted(lesion_image):
    image, mask = lesion_image()
    image[:60, :60] = 0
    mask[:] = False
    mask[:20, :20] = True
    row = Preparation(size=96).prepare(image, mask)
    assert row.mask.any()
    assert row.quality[:2] == (False, True)


def test_hair_is_gone_from_the_pixels_and_kept_in_the_original(lesion_image, grain):
    image, mask = lesion_image(450, 600, 80, (225, 300))
    image = grain(image)
    image[130:132, 20:580] = (40, 30, 25)
    row = Preparation().prepare(image, mask)
    seen = row.valid & (distance_transform_edt(~row.mask) > 3)
    assert row.original[seen].min() < 100
    assert row.pixels[seen].min() > 120
    assert row.quality[2] == pytest.approx(2 * 560 / (450 * 600), rel=0.3)


def test_constancy_takes_the_light_of_the_whole_frame(lesion_image):
    image, mask = lesion_image()
    image[:, :100] = (120, 160, 220)  # far from the lesion's window
    a = Preparation(size=64, margin=0.1, constancy=True).prepare(image, mask)
    image[:, :100] = (220, 160, 120)
    b = Preparation(size=64, margin=0.1, constancy=True).prepare(image, mask)
    np.testing.assert_array_equal(a.original, b.original)
    assert (a.pixels != b.pixels).any()


@pytest.mark.parametrize("shape", [(16, 16), (16, 200), (150, 200)])
@pytest.mark.parametrize("hair", [*HAIR_REMOVALS, None])
@pytest.mark.parametrize("level", [0, 3, 128, 255])
def test_one_colour_prepares_without_a_warning(shape, hair, level):
    image = np.full((*shape, 3), level, dtype=np.uint8)
    view = Preparation(size=64, hair=hair, artefacts=tuple(ARTEFACTS), constancy=True)
    row = view.prepare(image, None)
    assert row.mask.any()
    assert row.quality[:3] == (False, False, 0)


def test_a_given_mask_decides_that_it_is_the_lesion_that_is_dark(lesion_image):
    image, _ = lesion_image(300, 400)
    y, x = np.mgrid[:300, :400]
    mask = np.hypot(x - 330, y - 230) < 90
    image[mask & (x + y > 560)] = 20  # runs into the frame's corner
    image[(x + y > 560) & (x > 395)] = 20
    row = Preparation(size=448, hair=None).prepare(image, mask)
    assert row.mask.sum() == mask.sum()
    assert row.valid[row.mask].all()


def test_a_given_mask_is_cut_a_little_by_dark_corners(lesion_image):
    image, _ = lesion_image(300, 400)
    y, x = np.mgrid[:300, :400]
    mask = np.hypot(x - 300, y - 200) < 90
    image[x + y > 612] = 5
    dark = mask & (x + y > 612)
    assert 0 < dark.sum() < 0.03 * mask.sum()
    row = Preparation(size=448, hair=None).prepare(image, mask)
    assert 0.95 * mask.sum() < row.mask.sum() <= mask.sum() - dark.sum()


def test_a_mask_of_the_whole_frame_is_no_dark_lesion(lesion_image):
    image, _ = lesion_image(300, 400)
    y, x = np.mgrid[:300, :400]
    image[np.hypot(x - 200, y - 150) > 190] = 5
    row = Preparation(size=448, hair=None).prepare(image, np.ones((300, 400), dtype=bool))
    assert (row.pixels[row.mask].max(axis=1) > 20).all()
