import numpy as np
import pytest

from features.preparation.cleaning import ARTEFACTS, HAIR_REMOVALS, clean_window

WHOLE = (slice(0, 450), slice(0, 600))


@pytest.fixture
def hairy(lesion_image, grain):
    image, _ = lesion_image(450, 600, 80, (225, 300))
    image = grain(image)
    image[60:62, 20:580] = (40, 30, 25)
    image[390:392, 20:580] = (40, 30, 25)
    return image


@pytest.mark.parametrize("hair", HAIR_REMOVALS)
def test_only_the_window_is_painted(hairy, hair):
    window = (slice(20, 300), slice(0, 600))
    clean, share = clean_window(hairy, window, hair, ())
    assert clean[60:62, 20:580].min() > 120
    np.testing.assert_array_equal(clean[300:], hairy[300:])
    assert share == pytest.approx(2 * 2 * 560 / (450 * 600), rel=0.3)


def test_without_anything_asked_the_image_itself_comes_back(hairy):
    clean, share = clean_window(hairy, WHOLE, None, ())
    assert clean is hairy
    assert share == 0


def test_artefacts_are_painted_only_if_asked(hairy):
    hairy[20:24, 20:24] = 255
    assert (clean_window(hairy, WHOLE, "blackhat", ())[0][20:24, 20:24] == 255).all()
    clean, _ = clean_window(hairy, WHOLE, None, ("highlights",))
    assert clean[20:24, 20:24, 2].max() < 200


@pytest.mark.parametrize("name", ARTEFACTS)
def test_a_clean_image_has_no_artefacts(lesion_image, grain, name):
    image = grain(lesion_image(450, 600, 80, (225, 300))[0])
    assert not ARTEFACTS[name](image).any()
