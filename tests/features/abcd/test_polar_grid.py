import numpy as np
import pytest

from features.abcd.polar_grid import AREAS, DIRECTIONS, MIRRORED_SIDE, SIDE
from features.abcd.shape import LesionShape

SIZE = 161
Y, X = np.mgrid[:SIZE, :SIZE] - SIZE // 2


def test_a_disk_fills_its_grid():
    grid = LesionShape(np.hypot(X, Y) <= 60).polar
    assert grid.inside[:, :-1].all()
    np.testing.assert_array_equal(grid.weight, grid.inside * AREAS)


def test_the_grid_measures_the_area_of_a_sector():
    wedge = (np.hypot(X, Y) <= 60) & (X > 0) & (Y > 0)
    grid = LesionShape(wedge).polar
    hull = LesionShape(wedge).hull
    center = complex(*LesionShape(wedge).moments.center)
    reach = np.abs(hull - center).max()
    share = grid.weight.sum() / (DIRECTIONS * AREAS.sum())
    assert share == pytest.approx(wedge.sum() / (np.pi * reach**2), rel=0.02)


def test_the_two_sides_of_an_axis_are_the_whole_and_mirror_each_other():
    both = np.sort(np.concatenate([SIDE, MIRRORED_SIDE], axis=1), axis=1)
    np.testing.assert_array_equal(both, np.tile(np.arange(DIRECTIONS), (DIRECTIONS // 2, 1)))
    angle = (SIDE + MIRRORED_SIDE + 1) / 2 * 2.5 % 180
    np.testing.assert_array_equal(angle, np.tile(2.5 * np.arange(72)[:, None], 72))


def test_samples_are_the_lesions_own_pixels():
    mask = np.hypot(X, 2 * Y) <= 60
    shape = LesionShape(mask)
    plane = np.where(mask, 1, 7)[shape.box]
    assert (shape.samples(plane)[0][shape.polar.inside] == 1).all()


def test_a_turned_lesion_has_the_same_grid(random_batch):
    for mask in random_batch.mask.numpy():
        np.testing.assert_array_equal(
            LesionShape(mask).polar.inside, LesionShape(np.rot90(mask)).polar.inside
        )
