import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter
from scipy.stats import kurtosis, skew

from features.texture.detail_bands import SCALES, DetailBands, detail_bands


def test_agrees_with_scipy_where_the_lesion_fills_the_canvas():
    rng = np.random.default_rng(0)
    plane = rng.normal(50, 10, (64, 64)).astype(np.float32)
    lab = torch.from_numpy(np.stack([plane] * 3))[None]
    values = detail_bands(lab, torch.ones(1, 64, 64).bool(), scales=(1.0, 2.0)).numpy()[0]
    ones = np.ones_like(plane)

    def smooth(image, scale):
        options = {"mode": "constant", "radius": round(4 * scale)}
        return gaussian_filter(image, scale, **options) / gaussian_filter(ones, scale, **options)

    for i, band in enumerate([plane - smooth(plane, 1), smooth(plane, 1) - smooth(plane, 2)]):
        spread = np.sqrt((band**2).mean())
        expected = [spread, (band**3).mean() / spread**3, (band**4).mean() / spread**4]
        np.testing.assert_allclose(values[3 * i : 3 * i + 3], expected, rtol=5e-3, atol=5e-3)
        assert abs(skew(band.ravel()) - values[3 * i + 1]) < 0.05
        assert abs(kurtosis(band.ravel(), fisher=False) - values[3 * i + 2]) < 0.1


@pytest.mark.parametrize("source", ["random_batch", "real_batch"])
def test_agrees_with_a_masked_definition_in_double_precision(source, request):
    batch = request.getfixturevalue(source)
    values = DetailBands().describe(batch).numpy()
    for row, lab, inside in zip(values, batch.lab.numpy(), batch.mask.numpy(), strict=True):
        np.testing.assert_allclose(row, by_scipy(lab, inside), rtol=1e-4, atol=1e-4)


def by_scipy(lab, inside):
    def smooth(plane, scale):
        radius = round(4 * scale)  # OpenCV's
        return gaussian_filter(plane.astype(np.float64), scale, mode="constant", radius=radius)

    rows = []
    for plane in lab:
        finer = plane.astype(np.float64)
        for scale in SCALES:
            coarser = smooth(plane * inside, scale) / np.maximum(smooth(inside, scale), 1e-12)
            band = (finer - coarser)[inside]
            spread = np.sqrt((band**2).mean())
            rows += [spread, (band**3).mean() / spread**3, (band**4).mean() / spread**4]
            finer = coarser
    return np.array(rows)


def test_a_plain_lesion_has_no_detail(make_batch):
    pixels = torch.full((1, 3, 32, 32), 90, dtype=torch.uint8)
    mask = torch.zeros(1, 32, 32).bool()
    mask[0, 8:24, 8:24] = True
    values = DetailBands().describe(make_batch(pixels, mask))
    assert values.abs().max() < 1e-3


def test_detail_shows_at_its_size(make_batch):
    x = np.arange(96)
    named = {}
    for period in (4, 24):
        wave = 120 + 60 * np.sign(np.sin(2 * np.pi * x / period))
        pixels = np.broadcast_to(wave, (1, 3, 96, 96)).astype(np.uint8)
        values = DetailBands().describe(make_batch(pixels.copy(), np.ones((1, 96, 96), bool)))
        names = DetailBands().feature_names()
        named[period] = dict(zip(names, values[0].tolist(), strict=True))
    assert named[4]["L_1_spread"] > named[24]["L_1_spread"]
    assert named[24]["L_8_spread"] > 3 * named[4]["L_8_spread"]
