from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from features.synthetic import LESION_COLORS, LesionStyle, draw_lesion

BIG = (300, 400)
CALM = LesionStyle(border_blur=0.005, network=0.0, skin_tone=0.0)


def fold_asymmetry(mask):
    """Smallest |M xor R(M)| / (2 |M|) over axes through the centroid, by rotating pixels."""
    center = np.array(ndimage.center_of_mass(mask))
    shift = (np.array(mask.shape) - 1) / 2 - center
    centred = ndimage.shift(mask.astype(float), shift, order=1)
    best = 1.0
    for angle in range(0, 180, 3):
        turned = ndimage.rotate(centred, angle, reshape=False, order=1) > 0.5
        best = min(best, (turned ^ turned[::-1]).sum() / (2 * turned.sum()))
    return best


@pytest.mark.parametrize("diameter", [0.3, 0.6])
@pytest.mark.parametrize("asymmetry", [0.0, 0.1])
def test_area_is_the_one_asked_for(diameter, asymmetry):
    style = replace(CALM, diameter=diameter, asymmetry=asymmetry, irregularity=0.03)
    for seed in range(5):
        _, mask = draw_lesion(style, size=BIG, random_state=seed)
        assert mask.sum() == pytest.approx(np.pi / 4 * (300 * diameter) ** 2, rel=0.01)


@pytest.mark.parametrize("asymmetry", [0.0, 0.05, 0.1, 0.15])
def test_asymmetry_is_the_one_asked_for(asymmetry):
    style = replace(CALM, asymmetry=asymmetry, irregularity=0.02, rotation=20.0)
    for seed in range(3):
        _, mask = draw_lesion(style, size=BIG, random_state=seed)
        assert fold_asymmetry(mask) == pytest.approx(asymmetry, abs=0.015)


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    asymmetry=st.floats(0, 0.2),
    elongation=st.floats(1, 2),
    irregularity=st.floats(0, 0.1),
)
def test_every_outline_is_drawn_in_one_piece(seed, asymmetry, elongation, irregularity):
    style = LesionStyle(asymmetry=asymmetry, elongation=elongation, irregularity=irregularity)
    image, mask = draw_lesion(style, size=(90, 120), random_state=seed)
    assert image.dtype == np.uint8
    assert mask.dtype == bool
    pieces, _ = ndimage.label(mask, structure=np.ones((3, 3)))
    # Pixels can break the tip of a thin spike off.
    assert np.bincount(pieces[mask]).max() > 0.97 * mask.sum()


@pytest.mark.parametrize("color_asymmetry", [0.2, 1.0])
def test_each_colour_has_its_share_of_the_lesion(color_asymmetry):
    style = replace(CALM, colors=tuple(LESION_COLORS), color_asymmetry=color_asymmetry)
    image, mask = draw_lesion(style, size=BIG, random_state=1)
    palette = np.array(list(LESION_COLORS.values()), dtype=float)
    distance = np.linalg.norm(image[mask][:, None].astype(float) - palette, axis=2)
    shares = np.bincount(distance.argmin(axis=1), minlength=6) / mask.sum()
    # A tenth each, less the soft transitions, which mix two colours into a third.
    assert (shares[1:] > 0.05).all()
    assert (shares[1:] < 0.16).all()


def test_border_crosses_halfway_at_the_mask_and_with_the_width_asked_for():
    style = replace(CALM, elongation=1.0, border_blur=0.04, brightness=1.0)
    image, _ = draw_lesion(style, size=BIG, random_state=0)
    y, x = np.indices(BIG)
    distance = np.hypot(x + 0.5 - 200, y + 0.5 - 150) - 75
    red = image[..., 0].astype(float)
    skin = red[(distance > 45) & (distance < 60)].mean()
    lesion = red[distance < -45].mean()
    for steps in (-1, 0, 1):
        ring = red[np.abs(distance - steps * 0.04 * 150) < 0.7].mean()
        expected = 1 / (1 + np.exp(steps))
        assert (ring - skin) / (lesion - skin) == pytest.approx(expected, abs=0.08)


def test_views_share_the_lesion_and_differ_around_it():
    style = LesionStyle(asymmetry=0.1, hair=5)
    first, mask = draw_lesion(style, view=0, random_state=3)
    second, same_mask = draw_lesion(style, view=1, random_state=3)
    assert (mask == same_mask).all()
    assert (first[~mask] != second[~mask]).any()


def test_a_quarter_turn_turns_the_mask():
    style = replace(CALM, asymmetry=0.1)
    size = (120, 120)
    _, mask = draw_lesion(style, size=size, random_state=0)
    _, turned = draw_lesion(replace(style, rotation=90.0), size=size, random_state=0)
    # One clockwise turn; rounding moves a few pixels of the border.
    assert (np.rot90(mask, -1) != turned).sum() < 10


def test_hair_darkens_thin_lines_and_the_vignette_the_corners():
    plain, _ = draw_lesion(CALM, random_state=0)
    hairy, _ = draw_lesion(replace(CALM, hair=4), random_state=0)
    dark = hairy.astype(int).sum(axis=2) < plain.astype(int).sum(axis=2) - 100
    assert 0.005 < dark.mean() < 0.15
    framed, _ = draw_lesion(replace(CALM, vignette=True), random_state=0)
    assert framed[[0, 0, -1, -1], [0, -1, 0, -1]].max() < 5
    assert framed[75, [0, -1]].min() > 100


def test_same_seed_same_picture():
    style = LesionStyle(asymmetry=0.1, hair=3, globules=4, colors=("dark brown", "red"))
    pictures = [draw_lesion(style, random_state=seed)[0] for seed in (5, 5, 6)]
    assert (pictures[0] == pictures[1]).all()
    assert (pictures[0] != pictures[2]).any()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"asymmetry": 0.5}, r"`asymmetry` must lie in \[0.0, 0.2\], got 0.5"),
        ({"diameter": 2.0}, "`diameter` must lie in"),
        ({"colors": ()}, "`colors` must be one or more different names"),
        ({"colors": ("red", "red")}, "`colors` must be one or more different names"),
        ({"colors": ("green",)}, "got .'green'"),
    ],
)
def test_impossible_styles_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        LesionStyle(**change)


def test_impossible_frames_are_refused():
    with pytest.raises(ValueError, match="at least 16 x 16 pixels, got 8 x 40"):
        draw_lesion(CALM, size=(8, 40))
    with pytest.raises(ValueError, match="covers no pixel"):
        draw_lesion(replace(CALM, center=(3.0, 0.5)))
