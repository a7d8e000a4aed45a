import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from skimage.color import rgb2lab
from skimage.filters import threshold_otsu

from features.preparation.thresholding import otsu, principal_plane, skin_likeness


@given(arrays(np.uint8, st.integers(2, 200), elements=st.integers(0, 255)))
def test_otsu_separates_as_well_as_any_threshold(values):
    threshold, separability = otsu(values)
    total = values.astype(float).var()
    best = 0.0
    for level in np.unique(values)[:-1]:
        dark, light = values[values <= level], values[values > level]
        between = len(dark) * len(light) / len(values) ** 2 * (dark.mean() - light.mean()) ** 2
        best = max(best, between / total)
    assert separability == pytest.approx(best, abs=1e-6)
    assert 0 <= threshold <= 255


def test_otsu_against_scikit_image():
    rng = np.random.default_rng(0)
    values = np.concatenate([rng.normal(80, 12, 3000), rng.normal(170, 15, 7000)])
    values = np.clip(values, 0, 255).astype(np.uint8)
    assert otsu(values)[0] == threshold_otsu(values)


def test_two_levels_are_fully_apart_and_one_not_at_all():
    assert otsu(np.array([10, 10, 200], dtype=np.uint8)) == (10, pytest.approx(1))
    assert otsu(np.full(9, 77, dtype=np.uint8))[1] == 0


def test_the_principal_plane_follows_the_spread_and_keeps_dark_dark():
    ramp = np.linspace(0, 1, 64)
    image = np.stack([200 - 0 * ramp, 100 + 20 * ramp, 50 + 150 * ramp], axis=-1)[None]
    image = np.repeat(image, 8, axis=0).astype(np.uint8)
    plane = principal_plane(image, np.ones(image.shape[:2], dtype=bool)).astype(int)
    assert (np.diff(plane[0]) >= 0).all()
    assert plane.min() <= 2
    assert plane.max() >= 253


def test_skin_likeness_is_the_distance_from_the_lighter_half():
    image = np.full((10, 10, 3), (215, 175, 155), dtype=np.uint8)
    image[:4] = (190, 140, 120)
    lab = rgb2lab(image)
    expected = 255 - 4 * np.linalg.norm(lab[0, 0] - lab[9, 9])
    plane = skin_likeness(image, np.ones((10, 10), dtype=bool))
    assert (plane[4:] == 255).all()
    assert plane[0, 0] == pytest.approx(expected, abs=1.5)
