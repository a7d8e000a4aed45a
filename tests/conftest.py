import os
from pathlib import Path

import pytest
from hypothesis import settings

from features.reading.sources import decode_image
from features.synthetic import LesionStyle, draw_lesion
from pipelines.data import make_lesions

# CI draws the same examples each time; everywhere else new ones are looked for.
settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("ci")


@pytest.fixture(scope="session")
def shared_data():
    """Folder of real data sets beside the checkout; its absence skips, or fails in CI."""
    folder = Path(__file__).parents[1].parent / "shared" / "data"
    if not folder.is_dir():
        reason = f"real images are not here: {folder}"
        if os.environ.get("DERMFUSION_REQUIRE_DATA"):
            pytest.fail(reason)
        pytest.skip(reason)
    return folder


@pytest.fixture(scope="session")
def lesions(tmp_path_factory):
    """Synthetic manifest of 60 images, 3 classes; not to be changed in place."""
    root = tmp_path_factory.mktemp("lesions")
    return make_lesions(60, random_state=0, root=root, size=(120, 160))


@pytest.fixture(scope="session")
def _drawing():
    style = LesionStyle(
        diameter=0.55,
        asymmetry=0.08,
        irregularity=0.02,
        colors=("light brown", "dark brown", "black"),
        hair=3,
    )
    image, mask = draw_lesion(style, size=(150, 200), random_state=0)
    image.flags.writeable = mask.flags.writeable = False
    return image, mask


@pytest.fixture
def lesion_image(_drawing):
    """One RGB image, (150, 200, 3) uint8; a copy."""
    return _drawing[0].copy()


@pytest.fixture
def lesion_mask(_drawing):
    """Its lesion mask, (150, 200) bool; a copy."""
    return _drawing[1].copy()


@pytest.fixture
def decoded(monkeypatch):
    """Names of the images decoded so far."""
    names = []

    def counting(content, name):
        names.append(name)
        return decode_image(content, name)

    monkeypatch.setattr("features.reading.sources.decode_image", counting)
    return names
