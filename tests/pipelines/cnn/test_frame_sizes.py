"""Frames that a network cannot take are refused before they are read."""

import pytest
import torch

from pipelines.cnn.frame_sizes import check_frame_sizes


@pytest.mark.parametrize(
    ("backbone", "size", "own"),
    [
        *(("vit_b_16", 128, 224), ("maxvit_t", 128, 224)),
        *(("inception_v3", 64, 299), ("alexnet", 32, 224)),
    ],
)
def test_refused(make, labels, backbone, size, own):
    model = make(backbone=backbone, weights=None, image_size=size)
    with pytest.raises(
        ValueError, match=f"{backbone} cannot take frames of {size} pixels; its own size is {own}"
    ):
        model.fit([f"missing{i}.png" for i in range(len(labels))], labels)


def test_sizes_of_predictions_are_checked_too(make, images, labels):
    model = make(backbone="lenet", weights=None, image_size=28, predict_size=(28, 4))
    with pytest.raises(ValueError, match="lenet cannot take frames of 4 pixels"):
        model.fit(images, labels)


def test_accepted_without_a_draw():
    state = torch.get_rng_state()
    check_frame_sizes("vit_b_16", [224])
    check_frame_sizes("alexnet", [64, 96, 224])
    check_frame_sizes("lenet", [28, 32])
    assert torch.equal(torch.get_rng_state(), state)
