"""Batches for the tests of descriptors."""

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from features.batch import QUALITY, LesionBatch
from features.preparation.lesion_view import Preparation
from features.reading.files import decode_image, decode_mask

SIZE = 96


def build_batch(pixels, mask, valid=None):
    """Wrap uint8 pixels (n, 3, h, w) and bool masks (n, h, w) as if they had been prepared."""
    pixels, mask = torch.as_tensor(pixels), torch.as_tensor(mask)
    n, height, width = mask.shape
    return LesionBatch(
        pixels=pixels,
        original=pixels,
        mask=mask,
        valid=torch.ones_like(mask) if valid is None else torch.as_tensor(valid),
        scale=torch.ones(n),
        shape=torch.tensor([[height, width]] * n, dtype=torch.float32),
        mm_per_pixel=torch.full((n,), torch.nan),
        quality=torch.ones(n, len(QUALITY)),
    )


def random_lesion(seed, size=SIZE):
    """Smooth random colours and a random, elongated blob; (3, h, w) uint8 and (h, w) bool."""
    rng = np.random.default_rng(seed)
    noise = gaussian_filter(rng.normal(size=(3, size, size)), (0, 2, 2))
    pixels = np.clip(110 + 140 * noise / noise.std() / 3, 0, 255).astype(np.uint8)
    y, x = (np.mgrid[:size, :size] - (size - 1) / 2) / size
    turn = rng.uniform(0, np.pi)
    along = x * np.cos(turn) + y * np.sin(turn)
    across = y * np.cos(turn) - x * np.sin(turn)
    wobble = gaussian_filter(rng.normal(size=(size, size)), 6)
    mask = np.hypot(along, 1.5 * across) + 0.04 * wobble / wobble.std() < 0.3
    return pixels, mask


@pytest.fixture(scope="session")
def make_batch():
    """Function that wraps pixels and masks as a `LesionBatch`."""
    return build_batch


@pytest.fixture(scope="session")
def make_lesion_batch():
    """Function from seeds to a batch of random lesions."""

    def build(*seeds, size=SIZE):
        pixels, masks = zip(*(random_lesion(seed, size) for seed in seeds), strict=True)
        return build_batch(np.stack(pixels), np.stack(masks))

    return build


@pytest.fixture(scope="session")
def random_batch(make_lesion_batch):
    """Four random lesions."""
    return make_lesion_batch(0, 1, 2, 3)


@pytest.fixture(scope="session")
def odd_batch():
    """Lesions at the edge of what can be measured; `ODD` names them."""
    pixels, blob = random_lesion(0)
    masks = {name: np.zeros_like(blob) for name in ODD}
    masks["constant image"] = masks["black image"] = masks["no skin is valid"] = blob
    masks["one pixel"][10, 20] = True
    masks["one row"][40, 5:90] = True
    masks["diagonal line"][np.arange(80), np.arange(80)] = True
    masks["everything"][:] = True
    masks["touches the border"][:30, :50] = True
    masks["several parts"][10:30, 10:30] = masks["several parts"][60:90, 50:60] = True
    images = dict.fromkeys(ODD, pixels)
    images["constant image"] = np.full_like(pixels, 128)
    images["black image"] = np.zeros_like(pixels)
    valid = {name: np.ones_like(blob) for name in ODD}
    valid["no skin is valid"] = blob
    stacked = (np.stack([d[name] for name in ODD]) for d in (images, masks, valid))
    return build_batch(*stacked)


ODD = (
    *("constant image", "black image", "no skin is valid", "one pixel", "one row"),
    *("diagonal line", "everything", "touches the border", "several parts"),
)


@pytest.fixture(scope="session")
def real_batch(shared_data):
    """Four prepared images of HAM10000, two of them at 600 x 450."""
    rows = []
    for folder in ("ham10000", "ham10000_native"):
        root = shared_data / folder
        masks = {p.stem.removesuffix("_segmentation"): p for p in root.rglob("*.png")}
        for path in sorted(root.rglob("*.jpg"))[:2]:
            image = decode_image(path.read_bytes(), str(path))
            mask = decode_mask(masks[path.stem].read_bytes(), str(path), image.shape[:2])
            rows.append(Preparation(mask="given").prepare(image, mask))
    return Preparation().collate(rows)
