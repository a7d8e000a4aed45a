import numpy as np
import pytest
import torch

from features.abcd.asymmetry import NAMES, asymmetry

SIZE, RADIUS = 161, 60
Y, X = np.mgrid[:SIZE, :SIZE] - SIZE // 2
DISK = np.hypot(X, Y) <= RADIUS


def measure(mask, lightness=None):
    lab = np.zeros((1, 3, *mask.shape), dtype=np.float32)
    lab[0, 0] = 50 if lightness is None else lightness
    values = asymmetry(torch.from_numpy(lab), torch.from_numpy(mask[None]))[0]
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


@pytest.mark.parametrize("factor", [0.5, 0.75])
def test_scale_does_not_matter(factor):
    whole, small = np.hypot(X, Y) <= RADIUS, np.hypot(X, Y) <= RADIUS * factor
    large = measure(whole & (X >= 0))["shape_second"]
    assert measure(small & (X >= 0))["shape_second"] == pytest.approx(large, rel=0.05)


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_turning_changes_little(turns, random_batch):
    before = asymmetry(random_batch.lab, random_batch.mask)
    turned = random_batch.lab.rot90(turns, (2, 3)), random_batch.mask.rot90(turns, (1, 2))
    np.testing.assert_allclose(asymmetry(*turned)[:, :6], before[:, :6], rtol=0.02, atol=0.005)


def test_two_halves_of_different_lightness():
    values = measure(DISK, np.where(X >= 0, 60, 40))
    assert values["first_delta_e"] + values["second_delta_e"] == pytest.approx(20, abs=1)
    assert values["color_shift"] > 0.1


def test_skin_does_not_count():
    values = measure(DISK, np.where(DISK, 40, 90))
    assert values["first_delta_e"] == pytest.approx(0, abs=1e-4)
    assert values["second_delta_e"] == pytest.approx(0, abs=1e-4)


def test_two_asymmetric_axes_score_two():
    mask = DISK & ((X < 0) | (np.abs(X - Y) < 14))
    assert measure(mask)["score"] == 2
