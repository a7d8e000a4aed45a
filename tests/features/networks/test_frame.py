import pytest

from features import Preparation
from features.networks.frame import lesion_crop


def test_a_box_too_small_for_its_network_names_the_image_size():
    with pytest.raises(ValueError, match=r"network of 28 pixels .* Set `image_size`"):
        lesion_crop(Preparation(), 28)


def test_a_box_has_the_networks_size_and_none_of_the_painting():
    view = lesion_crop(Preparation(size=64, constancy=True), 32)
    assert (view.preparation.size, view.preparation.hair, view.preparation.constancy) == (
        32,
        None,
        False,
    )
