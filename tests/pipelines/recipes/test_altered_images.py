from pathlib import Path

import numpy as np
import pytest

from features.reading.files import read_image
from pipelines.recipes.altered_images import (
    ALTERATIONS,
    alter_images,
    blank_lesion,
    keep_skin_border,
)


@pytest.fixture
def skin():
    """A square lesion on skin of one colour, with a mark in the corner of the picture."""
    image = np.full((60, 80, 3), (210, 170, 150), dtype=np.uint8)
    mask = np.zeros((60, 80), dtype=bool)
    mask[20:40, 30:50] = True
    image[mask] = (90, 60, 40)
    image[2:5, 2:5] = (0, 0, 200)
    return image, mask


def test_a_blanked_lesion_has_the_colour_of_the_skin(skin):
    image, mask = skin
    blank = blank_lesion(image, mask)
    np.testing.assert_allclose(blank[mask], np.broadcast_to((210, 170, 150), (400, 3)), atol=2)
    assert (blank[:10] == image[:10]).all()
    assert (image[mask] == (90, 60, 40)).all()


def test_the_outline_of_a_blanked_lesion_is_gone(skin):
    image, square = skin
    y, x = np.mgrid[:60, :80]
    disc = (y - 29.5) ** 2 + (x - 39.5) ** 2 < 100
    noisy = np.random.default_rng(0).integers(0, 256, image.shape, dtype=np.uint8)
    filled = [(blank_lesion(noisy, mask) != noisy).any(axis=2) for mask in (square, disc)]
    assert (filled[0] != filled[1]).mean() < 0.01


def test_the_rim_is_kept_without_the_lesion_that_reaches_into_it(skin):
    image, mask = skin
    mask[:, 35:40] = True
    image[mask] = (90, 60, 40)
    kept = keep_skin_border(image, mask)
    assert (kept[2:5, 2:5] == (0, 0, 200)).all()
    assert (kept[:, 10:70] != (90, 60, 40)).any(axis=2).all()
    inside = kept[6:-6, 6:-6]
    assert (inside == inside[0, 0]).all()


@pytest.mark.parametrize("alter", ALTERATIONS.values())
def test_a_lesion_that_fills_the_picture_leaves_nothing_of_itself(alter):
    image = np.random.default_rng(0).integers(0, 100, (40, 40, 3), dtype=np.uint8)
    altered = alter(image, np.ones((40, 40), dtype=bool))
    assert (altered == altered[0, 0]).all()


def test_copies_are_written_once_with_masks_that_tell_nothing(lesions, tmp_path, decoded):
    few = lesions.iloc[:6]
    altered = alter_images(few, "lesion blanked out", tmp_path)
    assert len(decoded) == 6
    again = alter_images(few, "lesion blanked out", tmp_path)
    assert len(decoded) == 6
    assert again.equals(altered)
    assert altered["mask"].nunique() == 1
    assert altered.drop(columns=["image", "mask"]).equals(few.drop(columns=["image", "mask"]))
    for old, new in zip(few["image"], altered["image"], strict=True):
        assert Path(new).parent.parent == tmp_path
        assert read_image(old).shape == read_image(new).shape
    assert not list(tmp_path.rglob("*.partial"))


def test_lesions_without_masks_are_segmented(lesions, tmp_path):
    few = lesions.iloc[:2]
    bare = alter_images(few.drop(columns="mask"), "skin border only", tmp_path, n_jobs=2)
    assert "mask" not in bare
    image = read_image(bare["image"].iloc[0])
    inside = image[20:-20, 20:-20].astype(int)
    assert np.ptp(inside, axis=(0, 1)).max() <= 2


def test_an_unknown_alteration(lesions, tmp_path):
    with pytest.raises(ValueError, match="Unknown alteration 'luck'"):
        alter_images(lesions, "luck", tmp_path)
