import numpy as np
import torch
from scipy.ndimage import distance_transform_edt
from skimage.draw import disk

from features.color.zonal import ZONES, ZonalColor, lesion_zones

SIZE = 96


def target(make_batch, colors=((60, 40, 30), (110, 80, 60), (150, 110, 90), (220, 190, 170))):
    """Concentric discs: core, middle, rim, skin."""
    image = np.full((SIZE, SIZE, 3), colors[3], dtype=np.uint8)
    mask = np.zeros((SIZE, SIZE), dtype=bool)
    for share, color in zip((1.0, 0.75, 0.4), colors[2::-1], strict=True):
        spot = disk((48, 48), 30 * share, shape=mask.shape)
        image[spot] = color
        mask[spot] = True
    return make_batch(torch.from_numpy(image).permute(2, 0, 1)[None], mask[None])


def test_zones_of_a_disk(make_batch):
    batch = target(make_batch)
    zones = lesion_zones(batch.mask, batch.skin, batch.valid)
    core, middle, rim, ring, skin = zones[0].sum(dim=(1, 2)).tolist()
    area = batch.mask.sum().item()
    assert core + middle + rim == area
    np.testing.assert_allclose([core / area, rim / area], [0.16, 1 - 0.5625], atol=0.05)
    assert 0 < ring < skin == SIZE**2 - area


def test_steps_of_concentric_discs(make_batch):
    values = ZonalColor().describe(target(make_batch))[0]
    named = dict(zip(ZonalColor().feature_names(), values.tolist(), strict=True))
    assert len(named) == 9 * len(ZONES) - 3
    assert named["core_L_step"] < -10
    assert named["rim_L_step"] < -10
    assert abs(named["ring_L_step"]) < 0.5
    assert named["skin_L_std"] < 0.5
    assert named["core_L_mean"] < named["middle_L_mean"] < named["rim_L_mean"]


def test_no_skin_makes_no_step(make_batch):
    pixels = torch.full((1, 3, 16, 16), 90, dtype=torch.uint8)
    values = ZonalColor().describe(make_batch(pixels, torch.ones(1, 16, 16).bool()))[0]
    named = dict(zip(ZonalColor().feature_names(), values.tolist(), strict=True))
    assert named["ring_L_mean"] == named["rim_L_mean"]
    assert all(abs(value) < 1e-4 for name, value in named.items() if name.endswith("step"))


def test_agrees_with_numpy(real_batch):
    values = ZonalColor().describe(real_batch)
    zones = lesion_zones(real_batch.mask, real_batch.skin, real_batch.valid)
    for row, lab, parts in zip(values, real_batch.lab.double(), zones, strict=True):
        colors = [lab[:, zone] for zone in parts]
        stats = [(part.mean(dim=1), part.std(dim=1, correction=0)) for part in colors]
        means = torch.stack([mean for mean, _ in stats])
        expected = torch.cat([*(torch.cat(pair) for pair in stats), (-means.diff(dim=0)).flatten()])
        np.testing.assert_allclose(row, expected, rtol=1e-4, atol=1e-4)


def test_depth_is_the_distance_to_what_is_no_lesion(odd_batch):
    zones = lesion_zones(odd_batch.mask, odd_batch.skin, odd_batch.valid)
    for mask, (core, _, rim, _, _) in zip(odd_batch.mask.numpy(), zones.numpy(), strict=True):
        depth = distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1]
        depth /= depth.max()
        clear = (np.abs(depth - 0.6) > 1e-5) & (np.abs(depth - 0.25) > 1e-5)
        np.testing.assert_array_equal(core[clear], (depth > 0.6)[clear])
        np.testing.assert_array_equal(rim[clear], (mask & (depth <= 0.25))[clear])
