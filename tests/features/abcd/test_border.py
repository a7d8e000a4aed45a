import numpy as np
import pytest
import torch
from skimage.measure import regionprops

from features.abcd.border import NAMES, border
from features.abcd.shape import LesionShape
from features.lesion_shape import outer_contours, outline, region_moments

SIZE = 161
Y, X = np.mgrid[:SIZE, :SIZE] - SIZE // 2
RADIUS = np.hypot(X, Y)


def measure(mask, lightness=None, valid=None):
    lightness = np.full(mask.shape, 50) if lightness is None else lightness
    valid = np.ones_like(mask) if valid is None else valid
    planes = (lightness.astype(np.float32), mask, valid)
    values = border(*(torch.from_numpy(np.ascontiguousarray(p[None])) for p in planes))[0]
    return dict(zip(NAMES, values.tolist(), strict=True))


@pytest.mark.parametrize("radius", [15, 40, 70])
def test_a_disk_is_regular(radius):
    values = measure(radius >= RADIUS)
    assert values["compactness"] == pytest.approx(1, abs=0.03)
    assert values["solidity"] == pytest.approx(1, abs=0.01)
    assert values["convexity"] == pytest.approx(1, abs=0.01)
    assert values["radial_std"] < 0.01
    assert values["fourier_high"] < 0.01


def test_a_square():
    values = measure((np.abs(X) <= 50) & (np.abs(Y) <= 50))
    assert values["compactness"] == pytest.approx(4 / np.pi, rel=0.03)
    assert values["eccentricity"] == pytest.approx(0, abs=1e-3)


def test_a_star_is_irregular():
    waves = 50 * (1 + 0.15 * np.cos(12 * np.arctan2(Y, X)))
    star, disk = measure(waves >= RADIUS), measure(RADIUS <= 50)
    assert star["compactness"] > 1.3 > disk["compactness"]
    assert star["fourier_high"] > 0.05
    assert star["solidity"] < 0.92


def test_eccentricity_is_that_of_skimage(real_batch):
    values = border(real_batch.lab[:, 0], real_batch.mask, real_batch.valid)
    for row, mask in zip(values, real_batch.mask.numpy(), strict=True):
        largest = max(regionprops(mask.astype(int)), key=lambda region: region.area)
        assert row[NAMES.index("eccentricity")].item() == pytest.approx(
            largest.eccentricity, abs=1e-5
        )
        assert row[NAMES.index("solidity")].item() == pytest.approx(largest.solidity, abs=0.03)


def test_a_step_is_abrupt_and_a_fade_is_not():
    mask = RADIUS <= 50
    sharp = measure(mask, np.where(mask, 40, 70))
    fading = measure(mask, np.interp(RADIUS, [30, 70], [40, 70]))
    assert sharp["score"] == 8
    assert sharp["contrast_mean"] == pytest.approx(30, abs=1)
    assert fading["score"] == 0
    assert sharp["abruptness_mean"] > 0.9 > 0.5 > fading["abruptness_mean"]


def test_half_of_the_border_is_abrupt():
    mask = RADIUS <= 50
    lightness = np.where(X < 0, np.where(mask, 40, 70), np.interp(RADIUS, [30, 70], [40, 70]))
    assert measure(mask, lightness)["score"] in (4, 5)


def test_no_contrast_is_not_abrupt():
    noise = np.random.default_rng(0).normal(50, 1, RADIUS.shape)
    assert measure(RADIUS <= 50, noise)["score"] == 0


def test_sectors_beyond_the_valid_pixels_are_left_out():
    mask = RADIUS <= 50
    lightness = np.where(mask, 40, 70)
    lightness[:, :40] = 0
    assert measure(mask, lightness, X > -40)["contrast_mean"] == pytest.approx(30, abs=1)
    assert measure(mask, lightness, mask)["contrast_mean"] == 0


def test_scale_does_not_matter():
    def shape(radius):
        return measure(radius * (1 + 0.1 * np.cos(5 * np.arctan2(Y, X))) >= RADIUS)

    large, small = shape(64), shape(32)
    for name in ("compactness", "solidity", "convexity", "radial_std"):
        assert small[name] == pytest.approx(large[name], rel=0.05)


def test_outline_is_closed_and_even():
    mask = RADIUS <= 40
    points = outline(outer_contours(mask)[0], region_moments(mask))
    gaps = np.abs(points - np.roll(points, 1))
    assert gaps.std() < 0.05 * gaps.mean()
    assert abs(points.mean() - (1 + 1j) * (SIZE // 2)) < 0.1


def test_the_outline_turns_with_the_lesion():
    angle = np.arctan2(Y, X)
    mask = 45 * (1 + 0.2 * np.cos(angle - 0.4) ** 2 + 0.1 * np.cos(3 * angle)) >= RADIUS
    points = outline(outer_contours(mask)[0], region_moments(mask))
    seen = np.ascontiguousarray(mask[:, ::-1])
    mirrored = outline(outer_contours(seen)[0], region_moments(seen))
    back = SIZE - 1 - mirrored.real + 1j * mirrored.imag
    np.testing.assert_allclose(back[::-1], points, atol=1e-6)
    turned = np.ascontiguousarray(np.rot90(mask))
    upright = 1j * outline(outer_contours(turned)[0], region_moments(turned)) + SIZE - 1
    np.testing.assert_allclose(upright, points, atol=1e-6)


@pytest.mark.parametrize("lobes", [3, 4, 5, 8])
def test_fourier_descriptors_name_the_lobes(lobes):
    # r = R (1 + e cos k t) has e / 2 in each of the harmonics 1 + k and 1 - k.
    values = measure(50 * (1 + 0.1 * np.cos(lobes * np.arctan2(Y, X))) >= RADIUS)
    strength = [values[f"fourier_{k}"] for k in range(2, 9)]
    assert np.argmax(strength) == lobes - 2
    assert strength[lobes - 2] == pytest.approx(0.1 / np.sqrt(2), rel=0.2)


def test_an_ellipse_has_two_lobes():
    values = measure(np.hypot(X / 60, Y / 40) <= 1)
    angle = np.linspace(0, 2 * np.pi, 100_001)
    exact = 60 * np.cos(angle) + 40j * np.sin(angle)
    travelled = np.append(0, np.cumsum(np.abs(np.diff(exact))))
    even = np.interp(np.arange(360) / 360 * travelled[-1], travelled, exact)
    spectrum = np.abs(np.fft.fft(even))
    expected = np.hypot(spectrum[3], spectrum[-1]) / spectrum[1]
    assert values["fourier_2"] == pytest.approx(expected, rel=0.03)
    assert values["fourier_3"] < 0.01


def test_a_stray_pixel_does_not_take_the_island_away():
    ring = (RADIUS <= 50) & ((RADIUS > 30) | (RADIUS <= 10))
    stray = ring.copy()
    stray[0, 0] = True
    before, after = measure(ring), measure(stray)
    for name in ("compactness", "eccentricity", "radial_std"):
        assert after[name] == pytest.approx(before[name], abs=1e-6)
    assert LesionShape(stray).part.sum() == ring.sum()
