import numpy as np
import pytest
from skimage.draw import disk, line

from features.preparation.constancy import shades_of_gray
from features.preparation.field_of_view import field_of_view
from features.preparation.framing import cut, frame_image, lesion_window
from features.preparation.hair import hair_mask, remove_hair
from features.preparation.lesion_view import Preparation
from features.preparation.segmentation import segment_lesion
from features.reading.files import ImageError, decode_mask, read_image

SKIN, LESION = (215, 175, 155), (110, 70, 55)


def lesion_image(height=300, width=400, radius=60, center=(150, 200)):
    image = np.full((height, width, 3), SKIN, dtype=np.uint8)
    mask = np.zeros((height, width), dtype=bool)
    mask[disk(center, radius, shape=mask.shape)] = True
    image[mask] = LESION
    return image, mask


def jaccard(a, b):
    return (a & b).sum() / (a | b).sum()


class TestFieldOfView:
    def test_dark_corners_are_left_out(self):
        image, _ = lesion_image()
        lens = np.zeros(image.shape[:2], dtype=bool)
        lens[disk((150, 200), 190, shape=lens.shape)] = True
        image[~lens] = 5
        valid = field_of_view(image)
        assert not valid[~lens].any()
        assert valid[lens].mean() > 0.95

    def test_a_dark_lesion_inside_is_no_corner(self):
        image, mask = lesion_image()
        image[mask] = 5
        assert field_of_view(image).all()

    def test_a_dark_picture_is_kept_whole(self):
        assert field_of_view(np.full((40, 40, 3), 10, dtype=np.uint8)).all()


class TestHair:
    def test_drawn_hairs_are_removed(self):
        clean, _ = lesion_image(450, 600, 100, (225, 300))
        rng = np.random.default_rng(0)
        clean = np.clip(clean + rng.normal(0, 2, clean.shape), 0, 255).astype(np.uint8)
        hairy, drawn = clean.copy(), np.zeros(clean.shape[:2], dtype=bool)
        for y0, x0, y1, x1 in [(20, 30, 200, 560), (60, 40, 430, 150), (400, 90, 380, 500)]:
            for shift in (0, 1):
                rows, columns = line(y0 + shift, x0, y1 + shift, x1)
                drawn[rows, columns] = True
        drawn &= clean[..., 0] > 150  # on skin, where the truth is known
        hairy[drawn] = (40, 30, 25)
        found = hair_mask(hairy)
        assert found[drawn].mean() >= 0.9
        painted = remove_hair(hairy, found)
        assert np.abs(painted[drawn].astype(int) - clean[drawn]).mean() < 10

    def test_an_image_without_hair_stays(self):
        image, _ = lesion_image()
        grain = np.random.default_rng(0).normal(0, 2, image.shape)
        image = np.clip(image + grain, 0, 255).astype(np.uint8)
        painted = remove_hair(image, hair_mask(image))
        assert np.mean((image.astype(float) - painted) ** 2) < 255**2 / 10**4  # PSNR above 40 dB

    def test_small_images_are_skipped(self):
        image = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
        assert not hair_mask(image).any()


class TestShadesOfGray:
    valid = np.ones((8, 8), dtype=bool)

    def test_gray_is_a_fixed_point(self):
        gray = np.repeat(np.arange(64, dtype=np.uint8).reshape(8, 8, 1) * 3, 3, axis=2)
        np.testing.assert_array_equal(shades_of_gray(gray, self.valid), gray)

    def test_a_global_cast_is_removed(self):
        gray = np.random.default_rng(0).integers(60, 180, (8, 8, 1)).repeat(3, axis=2)
        cast = np.rint(gray * np.array([1.2, 1.0, 0.8])).astype(np.uint8)
        corrected = shades_of_gray(cast, self.valid).astype(int)
        assert np.ptp(corrected, axis=2).max() <= 2

    def test_power_one_is_gray_world(self):
        image = np.random.default_rng(1).integers(60, 120, (8, 8, 3), dtype=np.uint8)
        means = shades_of_gray(image, self.valid, power=1).mean(axis=(0, 1))
        np.testing.assert_allclose(means, means.mean(), rtol=0.01)

    def test_invalid_pixels_do_not_count(self):
        image = np.random.default_rng(1).integers(60, 120, (8, 8, 3), dtype=np.uint8)
        valid = self.valid.copy()
        valid[:2] = False
        other = image.copy()
        other[:2] = (255, 0, 0)
        a, b = shades_of_gray(image, valid), shades_of_gray(other, valid)
        np.testing.assert_array_equal(a[2:], b[2:])

    def test_power_below_one(self):
        with pytest.raises(ValueError, match="`power` must be at least 1, got 0"):
            shades_of_gray(np.ones((8, 8, 3), np.uint8), self.valid, power=0)


class TestSegmentation:
    def test_a_clear_lesion_is_found(self):
        image, mask = lesion_image()
        found = segment_lesion(image, np.ones_like(mask))
        assert found.reliable
        assert jaccard(found.mask, mask) > 0.93

    def test_dark_corners_are_no_lesion(self):
        image, mask = lesion_image()
        lens = np.zeros_like(mask)
        lens[disk((150, 200), 190, shape=lens.shape)] = True
        image[~lens] = 0
        assert jaccard(segment_lesion(image, field_of_view(image)).mask, mask) > 0.9

    def test_nothing_to_see_gives_the_ellipse_and_says_so(self):
        image = np.full((100, 120, 3), SKIN, dtype=np.uint8)
        found = segment_lesion(image, np.ones((100, 120), dtype=bool))
        assert not found.reliable
        assert found.mask.mean() == pytest.approx(np.pi / 4 * 0.36, rel=0.03)

    def test_real_lesions(self, shared_data):
        root = shared_data / "ham10000_native"
        scores = []
        for path in sorted((root / "HAM10000_images_part_1").glob("*.jpg"))[:40]:
            image = read_image(path)
            masks = root / "HAM10000_segmentations_lesion_tschandl"
            given = (masks / f"{path.stem}_segmentation.png").read_bytes()
            truth = decode_mask(given, path, image.shape[:2])
            prepared = remove_hair(image, hair_mask(image))
            scores.append(jaccard(segment_lesion(prepared, field_of_view(image)).mask, truth))
        assert np.mean(scores) > 0.7


class TestFraming:
    def test_a_small_lesion_keeps_its_own_pixels(self):
        rng = np.random.default_rng(0)
        image = rng.integers(0, 256, (100, 120, 3), dtype=np.uint8)
        mask = np.zeros((100, 120), dtype=bool)
        mask[30:60, 50:90] = True
        window = lesion_window(mask, 224)
        assert window.scale == 1
        canvas = cut(image, window)
        framed = cut(mask.astype(np.uint8), window, smooth=False) > 0
        assert framed.sum() == mask.sum()
        np.testing.assert_array_equal(canvas[framed], image[mask])

    @pytest.mark.parametrize("size", [224, 227, 299])
    def test_upsampling_fills_the_canvas_in_true_proportions(self, size):
        mask = np.zeros((100, 120), dtype=bool)
        mask[40:60, 50:90] = True
        window = lesion_window(mask, size, upsample=True)
        framed = cut(mask.astype(np.uint8), window, smooth=False) > 0
        rows, columns = np.flatnonzero(framed.any(1)), np.flatnonzero(framed.any(0))
        height, width = np.ptp(rows) + 1, np.ptp(columns) + 1
        assert width == pytest.approx(size / 1.5, abs=2)
        assert width / height == pytest.approx(2, rel=0.03)

    def test_a_large_lesion_shrinks_without_moving(self):
        mask = np.zeros((900, 1200), dtype=bool)
        mask[disk((450, 500), 300)] = True
        window = lesion_window(mask, 224)
        framed = cut(mask.astype(np.uint8), window, smooth=False) > 0
        assert framed.sum() == pytest.approx(mask.sum() * window.scale**2, rel=0.01)
        np.testing.assert_allclose(np.argwhere(framed).mean(axis=0), 111.5, atol=0.6)
        smooth = cut((mask * 255).astype(np.uint8), window)
        assert ((smooth > 127) ^ framed).mean() < 0.005

    def test_the_frame_is_whole_and_in_proportion(self):
        image = np.full((150, 200, 3), 50, dtype=np.uint8)
        framed = frame_image(image, 64, (128, 120, 110))
        inside = (framed == 50).all(axis=2)
        assert inside[8:56].all()
        assert (framed[~inside] == (128, 120, 110)).all()
        assert inside.sum() == 48 * 64


class TestPreparation:
    def test_a_given_mask_is_used(self):
        image, mask = lesion_image()
        row = Preparation(size=96).prepare(image, mask)
        batch = Preparation(size=96).collate([row])
        area = float(batch.mask.sum() / batch.scale[0] ** 2)
        assert area == pytest.approx(mask.sum(), rel=0.03)
        assert batch.quality[0, :2].tolist() == [1, 1]
        assert (batch.mask <= batch.valid).all()

    def test_segmenting_ignores_the_given_mask(self):
        image, mask = lesion_image()
        nonsense = np.zeros_like(mask)
        nonsense[:20, :20] = True
        a = Preparation(mask="segment").prepare(image, nonsense)
        b = Preparation(mask="auto").prepare(image, None)
        np.testing.assert_array_equal(a.mask, b.mask)
        assert a.quality[1] == 0

    def test_given_masks_only(self):
        image, _ = lesion_image()
        with pytest.raises(ImageError, match="no lesion mask is given"):
            Preparation(mask="given").prepare(image, None)

    def test_padding_is_not_valid(self):
        image, mask = lesion_image(60, 80, 15, (20, 20))
        row = Preparation(size=224).prepare(image, mask)
        assert row.valid.sum() == image.shape[0] * image.shape[1]
        assert not row.pixels[~row.valid].any()

    @pytest.mark.parametrize("value", [{"mask": "none"}, {"size": 8}])
    def test_bad_settings(self, value):
        with pytest.raises(ValueError, match=r"`(mask|size)` must be"):
            Preparation(**value)

    def test_fingerprints_tell_settings_apart(self):
        prints = {
            Preparation(size=s, hair=h, mask=m).fingerprint
            for s in (224, 299)
            for h in (True, False)
            for m in ("auto", "segment")
        }
        assert len(prints) == 8
        assert Preparation(mask="given").fingerprint == Preparation(mask="auto").fingerprint

    def test_a_lesion_too_thin_for_the_canvas_keeps_a_pixel(self):
        image, mask = lesion_image(1500, 2000)
        mask[:] = False
        mask[700, 100:1900] = True
        row = Preparation(size=64).prepare(image, mask)
        assert row.mask.any()
        assert (row.mask <= row.valid).all()
