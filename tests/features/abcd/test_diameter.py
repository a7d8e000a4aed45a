import numpy as np
import pytest
import torch
from skimage.measure import regionprops

from features.abcd.diameter import CALIBRATED, NAMES, diameter

SIZE = 161
Y, X = np.mgrid[:SIZE, :SIZE] - SIZE // 2


def measure(mask, scale=1.0, shape=(SIZE, SIZE), mm_per_pixel=np.nan):
    numbers = (torch.tensor([value], dtype=torch.float32) for value in (scale, shape, mm_per_pixel))
    values = diameter(torch.from_numpy(mask[None]), *numbers)[0]
    return dict(zip(NAMES, values.tolist(), strict=True))


def test_a_disk_has_one_diameter():
    values = measure(np.hypot(X, Y) <= 50)
    for name in ("equivalent_px", "feret_px", "least_feret_px"):
        assert values[name] == pytest.approx(100.5, abs=1)


def test_a_rectangle():
    values = measure((np.abs(X) <= 40) & (np.abs(Y) <= 20))
    assert values["equivalent_px"] == pytest.approx(np.sqrt(4 * 81 * 41 / np.pi))
    assert values["feret_px"] == pytest.approx(np.hypot(81, 41), rel=0.01)
    assert values["least_feret_px"] == pytest.approx(41, rel=0.02)


def test_one_pixel():
    mask = np.zeros((9, 9), dtype=bool)
    mask[4, 4] = True
    values = measure(mask)
    assert values["feret_px"] == 1
    assert values["least_feret_px"] == pytest.approx(np.sqrt(0.5))


def test_lengths_are_those_of_the_original():
    mask = np.hypot(X, Y) <= 50
    whole, shrunk = measure(mask), measure(mask, scale=0.25, shape=(300, 400))
    assert shrunk["feret_px"] == pytest.approx(4 * whole["feret_px"])
    assert shrunk["equivalent_of_width"] == pytest.approx(shrunk["equivalent_px"] / 400)
    assert shrunk["feret_of_diagonal"] == pytest.approx(shrunk["feret_px"] / 500)


def test_millimetres_only_where_calibrated():
    mask = np.hypot(X, Y) <= 50
    unknown = measure(mask)
    assert all(np.isnan(unknown[name]) for name in CALIBRATED)
    known = measure(mask, scale=0.5, mm_per_pixel=0.02)
    assert known["feret_mm"] == pytest.approx(0.02 * known["feret_px"])
    assert known["equivalent_mm"] == pytest.approx(0.02 * known["equivalent_px"])
    assert known["over_6_mm"] == 0
    assert measure(mask, mm_per_pixel=0.07)["over_6_mm"] == 1


def test_diameters_are_those_of_skimage(real_batch):
    ones = torch.ones(len(real_batch))
    values = diameter(real_batch.mask, ones, torch.ones(len(ones), 2), ones)
    for row, mask in zip(values, real_batch.mask.numpy(), strict=True):
        region = regionprops(mask.astype(int))[0]
        assert row[NAMES.index("equivalent_px")].item() == pytest.approx(
            region.equivalent_diameter_area, rel=1e-6
        )
        # It measures the hull after drawing it as pixels.
        assert row[NAMES.index("feret_px")].item() == pytest.approx(
            region.feret_diameter_max, rel=0.005
        )


def test_feret_spans_all_parts():
    mask = np.zeros((100, 100), dtype=bool)
    mask[10:13, 10:13] = mask[80:83, 80:83] = True
    assert measure(mask)["feret_px"] == pytest.approx(np.hypot(73, 73), rel=0.01)
