"""Images that descriptors are timed on: drawn or real, of one size, with their masks."""

import sys
from pathlib import Path

import cv2
import numpy as np

from features import LesionStyle, draw_lesion
from features.reading.sources import image_sources
from pipelines import load_dataset

JPEG_SIZE = (450, 600)
CANVAS = 224


def drawn_lesions(n: int) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Synthetic lesions of several sizes and looks, with their masks.

    Every other one has hairs: about as hairy, on the whole, as the photographs of ISIC UDA-1.
    """
    palette = ("light brown", "dark brown", "black", "blue-gray", "red", "white")
    rng = np.random.default_rng(0)
    images, masks = [], []
    for i in range(n):
        style = LesionStyle(
            diameter=rng.uniform(0.3, 0.7),
            asymmetry=rng.uniform(0, 0.2),
            irregularity=rng.uniform(0, 0.04),
            colors=tuple(rng.choice(palette, size=rng.integers(1, 5), replace=False)),
            hair=int(rng.integers(1, 5)) if i % 2 else 0,
        )
        image, mask = draw_lesion(style, size=JPEG_SIZE, random_state=i)
        images.append(image)
        masks.append(mask)
    return images, masks


def real_lesions(dataset: str, root: Path, n: int) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Images of a data set, enlarged or shrunk to the benchmark's size, with their masks."""
    sources = image_sources(load_dataset(dataset, root, limit=n, random_state=0))[:n]
    side = JPEG_SIZE[::-1]
    images, masks = [], []
    for source in sources:
        image = source.read_image()
        mask = source.read_mask(image.shape[:2])
        if mask is None:
            sys.exit(f"{root}: the benchmark needs a lesion mask for every image.")
        images.append(cv2.resize(image, side, interpolation=cv2.INTER_AREA))
        masks.append(cv2.resize(mask.view(np.uint8), side, interpolation=cv2.INTER_NEAREST) > 0)
    return images, masks


def write_jpegs(images: list[np.ndarray], n: int, folder: Path) -> list[Path]:
    """Write different JPEGs, as many as asked for: the same images again, but shifted."""
    paths = [folder / f"{i:04d}.jpg" for i in range(n)]
    for i, path in enumerate(paths):
        shifted = np.roll(images[i % len(images)], 3 * (i // len(images)), axis=1)
        cv2.imwrite(str(path), shifted[..., ::-1])
    return paths
