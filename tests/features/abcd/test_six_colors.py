import numpy as np
import pytest
import torch

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


def lab_of(*colors):
    return lab_planes(torch.tensor(colors, dtype=torch.uint8)[:, :, None, None])[:, :, 0, 0].T


def measure(colors, mask=None):
    """Measure pixels (h, w, 3) with no skin around."""
    pixels = torch.as_tensor(np.asarray(colors, dtype=np.uint8)).permute(2, 0, 1)[None]
    mask = torch.ones(1, *pixels.shape[2:], dtype=torch.bool) if mask is None else mask
    values = six_colors(lab_planes(pixels), mask, torch.zeros_like(mask))[0]
    return dict(zip(NAMES, values.tolist(), strict=True))


@pytest.mark.parametrize("swatches", SWATCHES)
def test_swatches_map_one_to_one(swatches):
    assigned = assign_colors(lab_of(*SWATCHES[swatches]), torch.tensor(-torch.inf))
    assert assigned.tolist() == list(range(6))


def test_white_must_be_lighter_than_the_skin():
    colors = lab_of((240, 240, 240))
    assert assign_colors(colors, torch.tensor(50.0)).item() == 0
    assert assign_colors(colors, torch.tensor(99.0)).item() != 0


def test_far_colours_are_not_assigned():
    assert assign_colors(lab_of((0, 255, 0)), torch.tensor(50.0)).item() == 6


def test_six_bands_count_six():
    image = np.repeat(list(REFERENCES.values()), 10, axis=0)[None].repeat(60, axis=0)
    values = measure(image)
    assert values["score"] == 6
    assert values["entropy"] == pytest.approx(np.log2(6))
    assert [values[name] for name in REFERENCES] == pytest.approx([1 / 6] * 6)


def test_a_small_patch_does_not_count():
    image = np.full((20, 20, 3), REFERENCES["light_brown"])
    image[:3, :6] = REFERENCES["black"]
    assert measure(image)["score"] == 1
    image[:3, :7] = REFERENCES["black"]
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
