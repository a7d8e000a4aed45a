import numpy as np
import pytest
import torch

from features import LesionStyle, draw_lesion
from features.abcd.structures import NAMES, structures
from features.color_spaces import lab_planes

SIZE = 161
Y, X = np.mgrid[:SIZE, :SIZE] - SIZE // 2
DISK = np.hypot(X, Y) <= 60


def measure(lightness, mask=DISK):
    planes = np.asarray(lightness, dtype=np.float32)[None], mask[None]
    values = structures(*(torch.from_numpy(plane) for plane in planes))[0]
    return dict(zip(NAMES, values.tolist(), strict=True))


def of_drawing(**style):
    image, mask = draw_lesion(LesionStyle(**style), size=(224, 224), random_state=0)
    lab = lab_planes(torch.from_numpy(image).permute(2, 0, 1)[None])
    return measure(lab[0, 0].numpy(), mask)


def test_an_even_disk_is_structureless():
    values = measure(np.where(DISK, 50, 80))
    assert values["structureless_proxy"] == 1
    assert values["network_proxy"] == 0
    assert values["streaks_proxy"] == values["dots_proxy"] == values["globules_proxy"] == 0
    assert values["score"] == 1


def test_dots_are_counted():
    lightness = np.full(DISK.shape, 60.0)
    for y, x in ((60, 60), (60, 90), (90, 60), (100, 100), (80, 120)):
        lightness[y - 1 : y + 2, x - 1 : x + 2] = 40
    values = measure(lightness)
    assert values["dots_proxy"] == pytest.approx(5, abs=0.01)
    assert values["dots_present"] == 1
    assert values["globules_proxy"] < 1


@pytest.mark.parametrize("size", [2, 3, 4])
def test_a_dot_counts_once(size):
    lightness = np.full(DISK.shape, 60.0)
    lightness[80 : 80 + size, 70 : 70 + size] = 20
    assert measure(lightness)["dots_proxy"] == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("radius", [6, 8, 12, 20])
def test_the_rim_of_a_dark_patch_holds_no_spots(radius):
    values = measure(np.where(np.hypot(X, Y) <= radius, 20.0, 60.0))
    assert values["dots_proxy"] == 0
    assert values["globules_proxy"] <= 1


def test_globules_are_counted():
    lightness = np.full(DISK.shape, 60.0)
    for y, x in ((60, 60), (60, 100), (105, 80)):
        lightness[np.hypot(X + 80 - x, Y + 80 - y) <= 4] = 40
    values = measure(lightness)
    assert values["globules_proxy"] == pytest.approx(3, abs=0.01)
    assert values["globules_present"] == 1


def test_a_grid_of_dark_lines_is_a_network():
    mesh = np.where((X % 8 < 2) | (Y % 8 < 2), 45.0, 60.0)
    stripes = np.where(X % 8 < 2, 45.0, 60.0)
    assert measure(mesh)["network_present"] == 1
    assert measure(stripes)["network_present"] == 0
    assert measure(np.full(DISK.shape, 60.0))["network_proxy"] == 0


def test_streaks_run_towards_the_centre():
    angle, radius = np.arctan2(Y, X), np.hypot(X, Y)
    spokes = np.where((np.abs(np.sin(4 * angle)) * radius < 6) & (radius > 40), 40.0, 60.0)
    rings = np.where(np.abs(radius - 50) < 2, 40.0, 60.0)
    assert measure(spokes)["streaks_proxy"] == pytest.approx(8, abs=0.5)
    assert measure(spokes)["streaks_present"] == 1
    assert measure(rings)["streaks_proxy"] == 0


def test_they_follow_the_drawing():
    plain, meshed = of_drawing(network=0), of_drawing(network=1)
    assert plain["network_proxy"] < 0.5 * meshed["network_proxy"]
    assert plain["structureless_proxy"] > meshed["structureless_proxy"]
    dotted = of_drawing(network=0, globules=12)
    assert plain["globules_proxy"] + 3 < dotted["globules_proxy"]
    assert dotted["globules_present"] == 1


def test_skin_does_not_count():
    noise = np.random.default_rng(0).uniform(0, 100, DISK.shape)
    inside = 50 + 10 * np.sin(X / 2)
    assert measure(np.where(DISK, inside, noise)) == measure(np.where(DISK, inside, 0))


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_turning_changes_nothing(turns, random_batch):
    lightness, mask = random_batch.lab[:, 0], random_batch.mask
    turned = structures(lightness.rot90(turns, (1, 2)), mask.rot90(turns, (1, 2)))
    torch.testing.assert_close(turned, structures(lightness, mask), rtol=1e-4, atol=1e-4)
