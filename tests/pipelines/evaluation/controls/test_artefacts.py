import numpy as np
import pytest

from features.preparation.field_of_view import field_of_view
from features.preparation.hair import hair_mask
from features.preparation.ruler import ruler_mask
from features.reading.files import read_image
from features.synthetic import LesionStyle, draw_lesion
from pipelines.evaluation.controls.artefacts import ARTEFACTS, paste

# What finds each in an image 600 pixels wide, and the share of the frame that it marks at least.
FINDERS = {
    "ruler": (ruler_mask, 0.002),
    "dark corners": (lambda image: ~field_of_view(image), 0.03),
    "hair": (hair_mask, 0.005),
}


@pytest.fixture(scope="module")
def clear():
    return draw_lesion(LesionStyle(network=0), size=(450, 600), random_state=0)[0]


@pytest.mark.parametrize("artefact", ARTEFACTS)
def test_a_drawn_artefact_is_found_by_its_detector(clear, artefact):
    find, share = FINDERS[artefact]
    assert not find(clear).any()
    for seed in range(8):
        pasted = paste(clear, artefact, np.random.default_rng(seed))
        assert find(pasted).mean() > share


@pytest.mark.parametrize("artefact", ARTEFACTS)
@pytest.mark.parametrize("shape", [(450, 600), (600, 450), (40, 40)])
def test_an_image_stays_what_it_is_elsewhere(artefact, shape):
    image = np.full((*shape, 3), 200, dtype=np.uint8)
    kept = image.copy()
    pasted = paste(image, artefact, np.random.default_rng(0))
    assert (image == kept).all()
    assert pasted.shape == image.shape
    assert pasted.dtype == np.uint8
    changed = (pasted != image).any(axis=2)
    assert 0 < changed.mean() < 0.5
    assert (pasted <= image).all()
    again = paste(image, artefact, np.random.default_rng(0))
    assert (again == pasted).all()
    assert (paste(image, artefact, np.random.default_rng(1)) != pasted).any()


@pytest.mark.parametrize("artefact", ["ruler", "dark corners"])
def test_the_middle_of_the_frame_is_left_alone(clear, artefact):
    pasted = paste(clear, artefact, np.random.default_rng(0))
    assert (pasted[75:-75, 100:-100] == clear[75:-75, 100:-100]).all()


def test_an_unknown_artefact(clear):
    with pytest.raises(ValueError, match="Unknown artefact 'luck'"):
        paste(clear, "luck", np.random.default_rng(0))


@pytest.mark.parametrize("artefact", ARTEFACTS)
def test_on_real_skin_detectors_find_it_too(shared_data, artefact):
    find, share = FINDERS[artefact]
    folder = shared_data / "ham10000_native" / "HAM10000_images_part_1"
    for seed, path in enumerate(sorted(folder.glob("*.jpg"))[:4]):
        image = read_image(path)
        pasted = paste(image, artefact, np.random.default_rng(seed))
        assert find(pasted).mean() > find(image).mean() + share / 2
