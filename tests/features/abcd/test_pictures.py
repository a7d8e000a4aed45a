import numpy as np
import pytest

from features._opencv import cv2
from features.abcd.asymmetry import Fold
from features.abcd.border import BorderSteps
from features.abcd.pictures import (
    DOT,
    FLAT,
    GLOBULE,
    NETWORK,
    NOTABLE,
    QUIET,
    SIDE,
    STREAK,
    UNSEEN,
    WHITE,
    Sheet,
    draw_axes,
    draw_sectors,
    draw_structures,
)
from features.abcd.shape import LesionShape
from features.abcd.structures import Spots, Structures

RADIUS = 40
SKIN = 220
DOME = 60  # the half disk's flat side lies on this row
CENTROID = DOME - 4 * RADIUS / (3 * np.pi)
REACH = np.hypot(RADIUS, DOME - CENTROID)  # to the farthest corner


@pytest.fixture(scope="module")
def half_disk():
    """A half disk, round above: it folds across its vertical axis, not across the horizontal."""
    y, x = np.indices((120, 200))
    return LesionShape(((x - 100) ** 2 + (y - DOME) ** 2 <= RADIUS**2) & (y <= DOME))


@pytest.fixture(scope="module")
def disk():
    y, x = np.indices((120, 200))
    return LesionShape((x - 100) ** 2 + (y - DOME) ** 2 <= RADIUS**2)


@pytest.fixture(scope="module")
def blank():
    return np.full((120, 200, 3), SKIN, dtype=np.uint8)


def place(shape, x, y):
    """Column and row of the picture that show a point of the canvas."""
    height, width = shape.mask.shape
    middle = shape.corner + complex(width - 1, height - 1) / 2
    at = (complex(x, y) - middle) * SIDE / (1.5 * max(height, width)) + (SIDE - 1) / 2 * (1 + 1j)
    return round(at.real), round(at.imag)


def shows(picture, shape, x, y, color, slack=2):
    """Whether a pixel at a point of the canvas, or within `slack` pixels, has just this colour."""
    column, row = place(shape, x, y)
    near = picture[row - slack : row + slack + 1, column - slack : column + slack + 1]
    return bool((near == color).all(axis=2).any())


def fold(axis, asymmetric):
    return Fold(axis, 0.5 if asymmetric else 0.0, np.zeros(4), 0.0)


@pytest.fixture(scope="module")
def axes_picture(half_disk, blank):
    # Quarter turns from the major axis, which is horizontal.
    return draw_axes(blank, half_disk, (fold(36, False), fold(0, True)))


def test_axes_run_through_the_centroid_and_past_the_outline(half_disk, axes_picture):
    for far in (-1.1, -0.7, 0.4, 1.1):
        assert shows(axes_picture, half_disk, 100 + far * REACH, CENTROID, NOTABLE)
    for far in (-1.1, -0.8, 0.3, 1.1):
        assert shows(axes_picture, half_disk, 100, CENTROID + far * REACH, QUIET)
    for far in (-1.2, 1.2):
        assert not shows(axes_picture, half_disk, 100 + far * REACH, CENTROID, NOTABLE)
        assert not shows(axes_picture, half_disk, 100, CENTROID + far * REACH, QUIET)


@pytest.mark.parametrize("x", [70, 85, 120, 130])
def test_the_mirrored_outline_has_the_color_of_its_axis(half_disk, axes_picture, x):
    arch = DOME - np.sqrt(RADIUS**2 - (x - 100) ** 2)
    for row in (arch, DOME):
        assert shows(axes_picture, half_disk, x, 2 * CENTROID - row, NOTABLE, slack=3)
        # The vertical axis folds the lesion onto itself: its line lies on the outline.
        assert shows(axes_picture, half_disk, x, row, QUIET, slack=3)


def test_the_outline_itself_is_white(half_disk, blank):
    picture = draw_axes(blank, half_disk, (fold(0, True), fold(0, True)))
    for x in (70, 85, 120, 130):
        assert shows(picture, half_disk, x, DOME, WHITE)


def test_the_mirrored_outline_is_seen_at_half_the_size(half_disk, axes_picture):
    small = cv2.resize(axes_picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    column, row = (number // 2 for number in place(half_disk, 85, 2 * CENTROID - DOME))
    near = small[row - 3 : row + 4, column].astype(float)
    assert np.abs(near - NOTABLE).max(axis=1).min() < 40


@pytest.fixture(scope="module")
def sectors_picture(disk, blank):
    # Of a disk any axis is the major one: sectors count from there, a share of the turn each.
    turned = (disk.outline - complex(*disk.part_moments.center)) / complex(*disk.part_moments.axis)
    sector = (np.angle(turned) / (2 * np.pi) % 1 * 8).astype(int)
    abruptness = np.array([0.9, 0.1, np.nan, 0.1, 0.1, 0.1, 0.1, 0.1])
    return draw_sectors(blank, disk, BorderSteps(sector, abruptness, abruptness, 80.0))


def in_sector(shape, number, distance):
    """A point of the canvas in the middle of a sector."""
    ray = complex(*shape.part_moments.axis) * np.exp(2j * np.pi * (number + 0.5) / 8)
    at = complex(100, DOME) + distance * ray
    return at.real, at.imag


@pytest.mark.parametrize(("number", "color"), [(0, NOTABLE), (1, QUIET), (2, UNSEEN), (7, QUIET)])
def test_the_border_has_the_color_of_its_sector(disk, sectors_picture, number, color):
    assert shows(sectors_picture, disk, *in_sector(disk, number, RADIUS), color)


@pytest.mark.parametrize("number", range(8))
def test_numbers_stand_beside_sectors_that_are_seen(disk, sectors_picture, number):
    column, row = place(disk, *in_sector(disk, number, 1.2 * RADIUS))
    around = sectors_picture[row - 25 : row + 26, column - 45 : column + 46].astype(int)
    white = (around > 240).all(axis=2).sum()
    halo = (around < 60).all(axis=2).sum()
    if number == 2:
        assert white == 0
    else:
        assert white > 150
        assert halo > 300


@pytest.mark.parametrize("away", [-1 - 1j, 1 - 1j, 1 + 1j])
def test_numbers_stay_in_the_picture(disk, blank, away):
    def written(point):
        sheet = Sheet(blank, disk)
        sheet.text(point, "0.50", away / abs(away))
        return (sheet.picture == WHITE).all(axis=2).sum()

    assert written(1000 * away) == written(complex(RADIUS, RADIUS)) > 0


@pytest.fixture(scope="module")
def structures_picture(disk, blank):
    network, structureless = np.zeros((8, 4)), np.zeros((144, 48), dtype=np.float32)
    network[1, 2] = 1
    structureless[5 * 18 : 6 * 18, 24:36] = 1
    streaks = np.zeros(360, dtype=np.float32)
    streaks[0] = 1
    width = disk.mask.shape[1]

    def spot(x, y):
        at = complex(x, y) - disk.corner
        return Spots(np.array([int(at.imag) * width + int(at.real)]), np.ones(1, np.float32))

    dots, globules = spot(95, 60), spot(110, 65)
    return draw_structures(blank, disk, Structures(network, structureless, streaks, dots, globules))


@pytest.mark.parametrize(("number", "color"), [(1, NETWORK), (5, FLAT)])
def test_a_zone_is_tinted_and_no_other(disk, structures_picture, number, color):
    tinted = SKIN + 0.4 * (np.array(color) - SKIN)
    column, row = place(disk, *in_sector(disk, number, 0.62 * RADIUS))
    np.testing.assert_allclose(structures_picture[row, column], tinted, atol=1)
    for other, far in ((number, 0.3), (number, 0.88), (number + 1, 0.62), (number - 1, 0.62)):
        column, row = place(disk, *in_sector(disk, other, far * RADIUS))
        assert (structures_picture[row, column] == SKIN).all()


def test_a_streak_runs_inwards_from_the_rim(disk, structures_picture):
    start = disk.outline[0] + disk.corner - complex(100, DOME)
    for depth, seen in ((0.07, True), (0.2, False)):  # in diameters; streaks end at 0.12
        at = complex(100, DOME) + start * (1 - 2 * depth)
        assert shows(structures_picture, disk, at.real, at.imag, STREAK, slack=1) == seen


@pytest.mark.parametrize(
    ("center", "radius", "color"), [((95, 60), 2, DOT), ((110, 65), 5, GLOBULE)]
)
def test_spots_are_circled(disk, structures_picture, center, radius, color):
    x, y = center
    for right, down in ((radius, 0), (-radius, 0), (0, radius), (0, -radius)):
        assert shows(structures_picture, disk, x + right, y + down, color, slack=1)
    column, row = place(disk, x, y)
    assert (structures_picture[row, column] == SKIN).all()
