from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.color import rgb2lab

from features.color.typology_angle import NAMES, SkinTypology, typology_angle

SKIN = (200, 160, 130)


def described(batch, row=0):
    return dict(zip(NAMES, SkinTypology().describe(batch)[row].tolist(), strict=True))


def plain_skin(make_batch, color=SKIN, size=64):
    """Skin of one colour around a dark square."""
    pixels = torch.tensor(color, dtype=torch.uint8)[None, :, None, None]
    pixels = pixels.repeat(1, 1, size, size)
    mask = torch.zeros(1, size, size, dtype=torch.bool)
    mask[:, 20:40, 20:40] = True
    pixels[:, :, 20:40, 20:40] = 40
    return make_batch(pixels, mask)


@pytest.mark.parametrize(
    ("lightness", "yellow", "angle"),
    [(70, 20, 45), (50, 10, 0), (30, 20, -45), (50 + 3**0.5, 1, 60)],
)
def test_known_angles(lightness, yellow, angle):
    found = typology_angle(torch.tensor(float(lightness)), torch.tensor(float(yellow)))
    assert found.item() == pytest.approx(angle, abs=1e-4)


@given(lightness=st.floats(0, 100), yellow=st.floats(-100, 0))
@settings(max_examples=30, deadline=None)
def test_no_angle_without_yellow(lightness, yellow):
    assert typology_angle(torch.tensor(lightness), torch.tensor(yellow)).isnan()


def test_skin_of_one_colour(make_batch):
    found = described(plain_skin(make_batch))
    level, _, yellow = rgb2lab(torch.tensor(SKIN, dtype=torch.uint8)[None, None].numpy())[0, 0]
    assert found["skin_l"] == pytest.approx(level, abs=1e-3)
    assert found["skin_b"] == pytest.approx(yellow, abs=1e-3)
    expected = typology_angle(torch.tensor(level), torch.tensor(yellow)).item()
    assert found["angle"] == pytest.approx(expected, abs=1e-3)
    assert found["valid"] == 1


def test_a_blue_cast_is_invalid(make_batch):
    found = described(plain_skin(make_batch, (150, 150, 200)))
    assert found["valid"] == 0
    assert found["angle"] != found["angle"]
    assert found["skin_b"] < 0


def test_little_skin_is_invalid(odd_batch):
    skin = (odd_batch.valid & ~odd_batch.mask).sum(dim=(1, 2))
    values = SkinTypology().describe(odd_batch)
    assert values[skin == 0, :3].isnan().all()
    assert (values[skin == 0, 3] == 0).all()


def test_removed_hair_does_not_count(make_batch):
    batch = plain_skin(make_batch)
    hairy = batch.original.clone()
    hairy[:, :, :, :28] = 20  # nearly half of the skin
    assert described(replace(batch, original=hairy)) == described(batch)


def test_after_colour_constancy_all_skin_counts(make_batch):
    batch = plain_skin(make_batch)
    assert described(replace(batch, pixels=batch.pixels - 10)) == described(batch)


def test_dark_corners_do_not_count(make_batch):
    batch = plain_skin(make_batch)
    valid = torch.ones_like(batch.valid)
    valid[:, :18] = False
    dark = torch.where(valid[:, None], batch.original, 0)
    assert described(replace(batch, original=dark, pixels=dark, valid=valid)) == described(batch)
