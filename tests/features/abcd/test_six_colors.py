import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.color import rgb2lab

from features.abcd.six_colors import NAMES, REFERENCES, assign_colors, six_colors
from features.color_spaces import lab_planes
from features.synthetic import LESION_COLORS

# Other authors' swatches, as sRGB, in the order of `REFERENCES`.
SWATCHES = {
    "ours": tuple(REFERENCES.values()),
    "from Lab under D50": (
        *((255, 255, 255), (255, 0, 0), (156, 96, 80)),
        *((48, 33, 27), (0, 134, 139), (1, 0, 0)),
    ),
    "drawn": tuple(
        LESION_COLORS[name.replace("_", " ").replace("blue ", "blue-")] for name in REFERENCES
    ),
}


def names_of(*colors, skin=np.nan):
    return assign_colors(np.array(colors, dtype=np.uint8).T, skin).tolist()


def measure(colors, mask=None, skin=np.nan):
    pixels = torch.as_tensor(np.asarray(colors, dtype=np.uint8)).permute(2, 0, 1)[None]
    mask = torch.ones(1, *pixels.shape[2:], dtype=torch.bool) if mask is None else mask
    values = six_colors(pixels, lab_planes(pixels), mask, torch.tensor([skin]))[0]
    return dict(zip(NAMES, values.tolist(), strict=True))


@pytest.mark.parametrize("swatches", SWATCHES)
def test_swatches_map_one_to_one(swatches):
    assert names_of(*SWATCHES[swatches]) == list(range(6))


def test_white_must_be_lighter_than_the_skin():
    assert names_of((240, 240, 240), skin=50.0) == [0]
    assert names_of((240, 240, 240)) == [0]
    assert names_of((240, 240, 240), skin=99.0) != [0]
    lightness = rgb2lab(np.array([242, 242, 242], dtype=np.uint8))[0]  # of its level
    assert names_of((240, 240, 240), skin=lightness - 3) != [0]
    assert names_of((240, 240, 240), skin=lightness - 5) == [0]


@pytest.mark.parametrize("skin", [(225, 190, 175), (235, 215, 210)])
def test_skin_in_a_loose_mask_is_not_white(skin):
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:161, :161] - 80
    radius = np.hypot(x, y)
    image = np.where((radius <= 60)[..., None], REFERENCES["light_brown"], skin)
    noisy = np.clip(image + rng.normal(0, 4, image.shape), 0, 255)
    loose = torch.from_numpy(radius <= 62)[None]
    lightness = rgb2lab(np.array(skin, dtype=np.uint8))[0]
    assert measure(noisy, loose, lightness)["white"] < 0.002


def test_far_colours_are_not_assigned():
    assert names_of((0, 255, 0)) == [6]


@given(st.lists(st.tuples(*[st.integers(0, 255)] * 3), min_size=1, max_size=50))
@settings(max_examples=25, deadline=None)
def test_the_table_names_the_nearest_reference(colors):
    middle = np.array(colors) // 4 * 4 + 2
    lab = rgb2lab(middle.astype(np.uint8))
    references = rgb2lab(np.array(list(REFERENCES.values()), dtype=np.uint8))
    distance = np.linalg.norm(lab[:, None] - references, axis=2)
    nearest = np.where(distance.min(axis=1) < 50, distance.argmin(axis=1), 6)
    assert names_of(*colors) == nearest.tolist()


def test_skin_and_the_rest_of_the_canvas_do_not_count(random_batch):
    rng = torch.Generator().manual_seed(0)
    noise = torch.randint(256, random_batch.pixels.shape, dtype=torch.uint8, generator=rng)
    pixels = torch.where(random_batch.mask[:, None], random_batch.pixels, noise)
    skin = torch.full((len(pixels),), 60.0)
    before = six_colors(random_batch.pixels, random_batch.lab, random_batch.mask, skin)
    after = six_colors(pixels, lab_planes(pixels), random_batch.mask, skin)
    torch.testing.assert_close(after, before, rtol=0, atol=0)


def test_spreads_are_those_of_the_pixels(real_batch):
    skin = torch.full((len(real_batch),), 60.0)
    values = six_colors(real_batch.pixels, real_batch.lab, real_batch.mask, skin).numpy()
    for row, lab, mask in zip(values, real_batch.lab, real_batch.mask, strict=True):
        spread = lab[:, mask].double().std(dim=1, correction=0)
        np.testing.assert_allclose(row[9:12], spread, rtol=1e-5)


def test_six_bands_count_six():
    image = np.repeat(list(REFERENCES.values()), 10, axis=0)[None].repeat(60, axis=0)
    values = measure(image)
    assert values["score"] == 6
    assert values["entropy"] == pytest.approx(np.log2(6))
    assert [values[name] for name in REFERENCES] == pytest.approx([1 / 6] * 6)


def test_a_small_patch_does_not_count():
    image = np.full((50, 50, 3), REFERENCES["light_brown"])
    image[0, :4] = REFERENCES["black"]
    assert measure(image)["score"] == 1
    image[0, :5] = REFERENCES["black"]  # a pixel in five hundred
    assert measure(image)["score"] == 2


def test_one_colour_does_not_vary():
    values = measure(np.full((20, 20, 3), REFERENCES["dark_brown"]))
    for name in ("entropy", "l_std", "a_std", "b_std", "l_sector_range"):
        assert values[name] == pytest.approx(0, abs=1e-4)


def test_blue_white_veil():
    image = np.full((20, 20, 3), REFERENCES["light_brown"])
    image[:10] = REFERENCES["blue_gray"]
    assert measure(image)["blue_white_veil"] == pytest.approx(0.5)


def test_sector_range_sees_a_dark_half():
    image = np.full((40, 40, 3), 180)
    image[:, :20] = 60
    assert measure(image)["l_sector_range"] > 30
