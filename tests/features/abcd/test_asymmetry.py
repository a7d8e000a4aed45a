import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.transform import warp

from features.abcd.asymmetry import NAMES, asymmetry, unfolded
from features.abcd.polar_grid import DIRECTIONS
from features.abcd.shape import LesionShape
from features.lesion_shape import region_moments

SIZE, RADIUS = 161, 60
Y, X = np.mgrid[:SIZE, :SIZE] - SIZE // 2
DISK = np.hypot(X, Y) <= RADIUS


def measure(mask, lightness=None):
    lab = np.zeros((1, 3, *mask.shape), dtype=np.float32)
    lab[0, 0] = 50 if lightness is None else lightness
    mask = torch.from_numpy(np.ascontiguousarray(mask[None]))
    values = asymmetry(torch.from_numpy(lab), mask)[0]
    return dict(zip(NAMES, values.tolist(), strict=True))


def test_a_disk_folds_onto_itself():
    values = measure(DISK)
    assert values["shape_first"] < 0.01
    assert values["shape_mean"] < 0.01
    assert values["score"] == 0


@pytest.mark.parametrize("degrees", [0, 13, 45, 77, 90, 120])
def test_an_ellipse_folds_along_its_axes(degrees):
    turn = np.deg2rad(degrees)
    along, across = X * np.cos(turn) + Y * np.sin(turn), Y * np.cos(turn) - X * np.sin(turn)
    values = measure(np.hypot(along, 1.6 * across) <= RADIUS)
    assert values["shape_major"] < 0.02
    assert values["shape_minor"] < 0.02
    assert values["shape_mean"] > 0.1


def test_half_a_disk():
    values = measure(DISK & (X >= 0))
    assert values["shape_first"] == pytest.approx(0, abs=0.01)
    assert values["shape_second"] == pytest.approx(0.185, abs=0.01)


def test_three_quarters_of_a_disk_fold_along_a_diagonal():
    mask = DISK & ~((X > 0) & (Y > 0))
    values = measure(mask)
    assert values["shape_least"] < 0.01
    assert values["shape_first"] < 0.01
    # The major axis is the other diagonal, so that the straight edges lie half a right angle off.
    left = unfolded(LesionShape(mask).polar)
    straight = DIRECTIONS // 8, 3 * DIRECTIONS // 8  # an eighth of a turn, and three
    assert left[list(straight)] == pytest.approx([0.334, 0.334], rel=0.02)


@pytest.mark.parametrize("factor", [0.5, 0.75])
def test_scale_does_not_matter(factor):
    whole, small = np.hypot(X, Y) <= RADIUS, np.hypot(X, Y) <= RADIUS * factor
    large = measure(whole & (X >= 0))["shape_second"]
    assert measure(small & (X >= 0))["shape_second"] == pytest.approx(large, abs=0.015)


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_turning_changes_little(turns, random_batch):
    before = asymmetry(random_batch.lab, random_batch.mask)
    turned = random_batch.lab.rot90(turns, (2, 3)), random_batch.mask.rot90(turns, (1, 2))
    np.testing.assert_allclose(asymmetry(*turned)[:, :6], before[:, :6], rtol=0.02, atol=0.005)


@pytest.mark.parametrize("degrees", [1.2, 7, 13, 31, 44, 77])
@pytest.mark.parametrize("form", ["half disk", "three quarters", "lobes"])
def test_turning_by_any_angle_changes_little(form, degrees):
    def lesion(turn):
        x, y = X * np.cos(turn) + Y * np.sin(turn), Y * np.cos(turn) - X * np.sin(turn)
        if form == "half disk":
            return DISK & (x >= 0)
        if form == "three quarters":
            return DISK & ~((x > 0) & (y > 0))
        angle = np.arctan2(y, x)
        return np.hypot(x, y) <= 50 * (1 + 0.15 * np.cos(2 * angle) + 0.08 * np.cos(3 * angle + 1))

    before, after = measure(lesion(0.0)), measure(lesion(np.deg2rad(degrees)))
    for name in ("shape_first", "shape_second", "shape_least", "shape_mean"):
        assert after[name] == pytest.approx(before[name], abs=0.02)


def test_two_halves_of_different_lightness():
    values = measure(DISK, np.where(X >= 0, 60, 40))
    assert values["first_delta_e"] + values["second_delta_e"] == pytest.approx(20, abs=1)
    assert values["color_shift"] > 0.1


def test_skin_does_not_count():
    values = measure(DISK, np.where(DISK, 40, 90))
    assert values["first_delta_e"] == pytest.approx(0, abs=1e-4)
    assert values["second_delta_e"] == pytest.approx(0, abs=1e-4)


def test_halves_of_different_texture():
    speckled = np.where((X % 4 < 2) & (Y % 4 < 2), 40, 60)
    values = measure(DISK, np.where(X >= 0, speckled, 50))
    even = measure(DISK, np.where((X > 20) == (Y > 20), speckled, speckled.T))
    changes = values["first_structure"], values["second_structure"]
    assert max(changes) > 0.2
    assert max(even["first_structure"], even["second_structure"]) < 0.02
    assert values["score"] >= 1 > even["score"]


@pytest.mark.parametrize("ramp", [0.1, 10])
def test_flat_halves_have_the_same_texture_however_light(ramp):
    values = measure(DISK, 50 + 5 * np.clip(X / ramp, -1, 1))
    assert values["second_delta_e"] > 8
    assert max(values["first_structure"], values["second_structure"]) < 0.005
    assert values["score"] == 0


def test_axes_are_those_of_a_cartesian_fold(real_batch):
    # Every pixel reflected across the principal axes by scikit-image's own warp.
    values = asymmetry(real_batch.lab, real_batch.mask)
    for row, mask in zip(values.numpy(), real_batch.mask.numpy(), strict=True):
        moments = region_moments(mask)
        angle = np.arctan2(moments.axis[1], moments.axis[0])
        for name, turn in (("shape_major", angle), ("shape_minor", angle + np.pi / 2)):
            cos, sin = np.cos(2 * turn), np.sin(2 * turn)
            linear = np.array([[cos, sin], [sin, -cos]])
            matrix = np.eye(3)
            matrix[:2, :2], matrix[:2, 2] = linear, moments.center - linear @ moments.center
            mirrored = warp(mask.astype(float), matrix, order=1) >= 0.5
            left = np.count_nonzero(mask ^ mirrored) / (2 * mask.sum())
            assert row[NAMES.index(name)] == pytest.approx(left, abs=0.012)


@given(seed=st.integers(0, 10_000), turn=st.integers(1, 3), factor=st.floats(0.4, 0.9))
@settings(max_examples=15, deadline=None)
def test_shape_ignores_turn_mirror_scale_and_brightness(seed, turn, factor):
    rng = np.random.default_rng(seed)
    angle = np.arctan2(Y, X)
    # Elongated, so that the principal axes are well defined.
    waves = 0.15 * np.cos(2 * angle) + rng.uniform(0, 0.1) * np.cos(3 * angle + rng.uniform(0, 6))
    radius = 50 * (1 + waves)
    lesion, small = np.hypot(X, Y) <= radius, np.hypot(X, Y) <= factor * radius
    expected = robust(measure(lesion))
    assert robust(measure(lesion, np.full(lesion.shape, 20))) == expected
    assert robust(measure(np.rot90(lesion, turn))) == pytest.approx(expected, abs=0.005)
    assert robust(measure(lesion[:, ::-1])) == pytest.approx(expected, abs=0.005)
    assert robust(measure(small)) == pytest.approx(expected, abs=0.03)


def robust(values):
    """Shape without the choice between two nearly equal pairs of axes."""
    names = ("shape_major", "shape_minor", "shape_least", "shape_mean")
    return [values["shape_first"] + values["shape_second"], *(values[name] for name in names)]


def test_two_asymmetric_axes_score_two():
    mask = DISK & ((X < 0) | (np.abs(X - Y) < 14))
    assert measure(mask)["score"] == 2
