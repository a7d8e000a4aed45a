import numpy as np
import pytest
from PIL import Image

from pipelines.explanation import occlusion


class Darkness:
    """Says how dark the darkest pixel of an image is; remembers what it was shown."""

    classes_ = np.array(["mole", "skin"])

    def predict_proba(self, X):
        self.seen = X.copy()
        dark = [1 - np.asarray(Image.open(path)).min() / 255 for path in X["image"]]
        return np.column_stack([dark, 1 - np.array(dark)])


@pytest.fixture
def spotted(tmp_path):
    """Skin of 40 x 80 pixels with one dark pixel, in the first row and third column of 4 x 4."""
    pixels = np.full((40, 80, 3), 200, dtype=np.uint8)
    pixels[3, 50] = 20
    path = tmp_path / "spot.png"
    Image.fromarray(pixels).save(path)
    return path


def test_the_patch_that_tells_is_found(spotted):
    falls = occlusion(Darkness(), spotted, label="mole", grid=4)
    expected = np.zeros((4, 4))
    expected[0, 2] = (200 - 20) / 255
    np.testing.assert_allclose(falls, expected, atol=1e-6)
    np.testing.assert_allclose(
        occlusion(Darkness(), spotted, label="skin", grid=4), -expected, atol=1e-6
    )


def test_the_most_probable_class_is_the_default(spotted):
    assert occlusion(Darkness(), spotted, grid=4).max() > 0


def test_masks_and_facts_stay(spotted):
    model = Darkness()
    occlusion(model, spotted, spotted, grid=2, facts={"age": 50})
    assert len(model.seen) == 5
    assert set(model.seen["mask"]) == {str(spotted)}
    assert set(model.seen["age"]) == {50}


def test_faults_are_named(spotted):
    with pytest.raises(ValueError, match="at least 2, got 1"):
        occlusion(Darkness(), spotted, grid=1)
    with pytest.raises(ValueError, match=r"does not know the class 'wart'"):
        occlusion(Darkness(), spotted, label="wart", grid=2)
