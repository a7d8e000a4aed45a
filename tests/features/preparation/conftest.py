"""Drawn lesions whose truth is known."""

import numpy as np
import pytest
from skimage.draw import disk

from features.reading.files import decode_mask, read_image

SKIN, LESION = (215, 175, 155), (110, 70, 55)


def draw(height=300, width=400, radius=60, center=(150, 200)):
    """Flat skin with a flat round lesion; image and mask."""
    image = np.full((height, width, 3), SKIN, dtype=np.uint8)
    mask = np.zeros((height, width), dtype=bool)
    mask[disk(center, radius, shape=mask.shape)] = True
    image[mask] = LESION
    return image, mask


def add_grain(image, spread=2, seed=0):
    """Sensor noise."""
    noise = np.random.default_rng(seed).normal(0, spread, image.shape)
    return np.clip(image + noise, 0, 255).astype(np.uint8)


def jaccard_index(a, b):
    """Shared over joint area."""
    return (a & b).sum() / (a | b).sum()


@pytest.fixture(scope="session")
def lesion_image():
    """Function that draws a lesion: image and mask."""
    return draw


@pytest.fixture(scope="session")
def grain():
    """Function that adds sensor noise to an image."""
    return add_grain


@pytest.fixture(scope="session")
def jaccard():
    """Function of two masks."""
    return jaccard_index


@pytest.fixture(scope="session")
def native_images(shared_data):
    """Forty images of HAM10000 at 600 x 450, with their masks."""
    root = shared_data / "ham10000_native"
    pairs = []
    for path in sorted((root / "HAM10000_images_part_1").glob("*.jpg"))[:40]:
        image = read_image(path)
        masks = root / "HAM10000_segmentations_lesion_tschandl"
        given = (masks / f"{path.stem}_segmentation.png").read_bytes()
        pairs.append((image, decode_mask(given, path, image.shape[:2])))
    return pairs
