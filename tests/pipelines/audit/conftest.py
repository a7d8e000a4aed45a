import io

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageOps


def _save(image, quality=90):
    content = io.BytesIO()
    image.save(content, "JPEG", quality=quality)
    return content.getvalue()


ALTERATIONS = {
    "shrunk": lambda image: _save(image.resize((int(0.6 * image.width), int(0.6 * image.height)))),
    "recompressed": lambda image: _save(image, 40),
    "mirrored": lambda image: _save(ImageOps.mirror(image)),
    "brightened": lambda image: _save(ImageEnhance.Brightness(image).enhance(1.1)),
    "cropped": lambda image: _save(
        image.crop((8, 2, round(0.95 * image.width) + 8, round(0.95 * image.height) + 2))
    ),
    "squashed": lambda image: _save(image.resize((128, 128))),
    "all": lambda image: _save(
        ImageEnhance.Brightness(
            ImageOps.mirror(image.crop((2, 1, 192, 143))).resize((114, 85))
        ).enhance(1.1),
        40,
    ),
}


@pytest.fixture(scope="session")
def skins(tmp_path_factory):
    """Paths of eight drawings of 200 x 150 pixels: dark spots on skin with a grain of its own."""
    folder = tmp_path_factory.mktemp("skins")
    paths = []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        y, x = np.mgrid[:150, :200]
        grain = sum(
            np.asarray(
                Image.fromarray(rng.normal(size=(150 // k, 200 // k)).astype("float32")).resize(
                    (200, 150), Image.Resampling.BICUBIC
                )
            )
            for k in (4, 8, 16)
        )
        # All spots have one size and nearly one place, as in dermoscopy.
        centre = rng.normal([75, 100], 3)
        spot = ((y - centre[0]) / 36) ** 2 + ((x - centre[1]) / 40) ** 2 < 1
        grey = 190 - 90 * spot + 6 * grain
        pixels = np.stack([grey, 0.8 * grey, 0.75 * grey], axis=-1).clip(0, 255).astype("uint8")
        paths.append(folder / f"skin_{seed}.png")
        Image.fromarray(pixels).save(paths[-1])
    return paths


@pytest.fixture(scope="session")
def alterations():
    return ALTERATIONS
