import numpy as np
import pytest
import torch
from skimage.color import deltaE_cie76, deltaE_ciede2000

from features.color.skin_contrast import NAMES, SkinContrast, delta_e_2000


@pytest.mark.parametrize("spread", [1.0, 10.0, 60.0])
def test_delta_e_2000_is_that_of_skimage(spread):
    rng = np.random.default_rng(0)
    first = rng.uniform([0, -80, -80], [100, 80, 80], size=(2000, 3))
    second = first + rng.normal(scale=spread, size=first.shape)
    ours = delta_e_2000(torch.from_numpy(first.T), torch.from_numpy(second.T)).numpy()
    np.testing.assert_allclose(ours, deltaE_ciede2000(first, second), rtol=1e-9, atol=1e-9)


def test_delta_e_2000_of_greys_is_finite():
    gray = torch.tensor([50.0, 0.0, 0.0], dtype=torch.float64)
    other = torch.tensor([60.0, 0.0, 0.0], dtype=torch.float64)
    expected = deltaE_ciede2000(gray.numpy(), other.numpy())
    assert delta_e_2000(gray, other).item() == pytest.approx(float(expected))
    assert delta_e_2000(gray, gray).item() == 0


@pytest.mark.parametrize("source", ["random_batch", "real_batch"])
def test_agrees_with_skimage(source, request):
    batch = request.getfixturevalue(source)
    values = SkinContrast().describe(batch).numpy()
    for i in range(len(batch)):
        lab = batch.lab[i].numpy().astype(float)
        lesion = lab[:, batch.mask[i].numpy()].mean(axis=1)
        skin = lab[:, batch.skin[i].numpy()]
        center = skin.mean(axis=1)
        deltas = [deltaE_cie76(lesion, center), deltaE_ciede2000(lesion, center)]
        expected = np.concatenate([lesion - center, deltas, center, skin.std(axis=1)])
        np.testing.assert_allclose(values[i], expected, rtol=1e-4, atol=1e-4)


def test_empty_ring_falls_back_to_all_skin(make_batch):
    pixels = torch.full((1, 3, 64, 64), 200, dtype=torch.uint8)
    mask = torch.zeros(1, 64, 64, dtype=torch.bool)
    mask[:, :8, :8] = True
    valid = mask.clone()
    valid[:, 60:] = True
    pixels[:, :, 60:] = 100
    values = SkinContrast().describe(make_batch(pixels, mask, valid))[0]
    assert dict(zip(NAMES, values.tolist(), strict=True))["difference_l"] > 30


def test_no_skin_gives_zeros(odd_batch):
    empty = (odd_batch.valid & ~odd_batch.mask).flatten(1).sum(dim=1) == 0
    assert (SkinContrast().describe(odd_batch)[empty] == 0).all()
