import pytest
import torch

from features.networks.backbones import get_backbone
from pipelines.cnn.network import FrameClassifier
from pipelines.cnn.schedule import parameter_groups, size_at, warm_up_and_cosine


def test_rises_then_falls_to_zero():
    shares = [warm_up_and_cosine(step, 100) for step in range(101)]
    assert shares[9] == shares[10] == 1
    assert shares[:10] == sorted(shares[:10])
    assert shares[10:] == sorted(shares[10:], reverse=True)
    assert shares[100] == pytest.approx(0)


def test_sizes_share_the_epochs():
    assert [size_at(epoch, 4, (64, 96)) for epoch in range(1, 5)] == [64, 64, 96, 96]
    assert {size_at(epoch, 7, (128,)) for epoch in range(1, 8)} == {128}
    assert size_at(1, 1, (64, 96, 128)) == 64


@pytest.fixture(scope="module")
def network():
    return FrameClassifier(get_backbone("efficientnet_lite0", weights=None), 3)


def test_every_weight_is_in_one_group(network):
    groups = parameter_groups(network, 1e-3, 0.1, 0.05)
    found = [id(parameter) for group in groups for parameter in group["params"]]
    assert sorted(found) == sorted(id(parameter) for parameter in network.parameters())


def test_norms_and_biases_do_not_decay(network):
    decays = {
        id(parameter): group["weight_decay"]
        for group in parameter_groups(network, 1e-3, 0.1, 0.05)
        for parameter in group["params"]
    }
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            assert decays[id(module.weight)] == decays[id(module.bias)] == 0
        if isinstance(module, (torch.nn.Conv2d, torch.nn.Linear)):
            assert decays[id(module.weight)] == 0.05
    assert decays[id(network.head.bias)] == 0


def test_layers_below_learn_more_slowly(network):
    rates = {
        id(parameter): group["full_rate"]
        for group in parameter_groups(network, 1e-3, 0.1, 0.05)
        for parameter in group["params"]
    }
    assert rates[id(network.head.weight)] == 1e-3
    assert {rates[id(parameter)] for parameter in network.trunk.parameters()} == {1e-4}


def test_what_is_frozen_is_left_out():
    network = FrameClassifier(get_backbone("efficientnet_lite0", weights=None), 3)
    network.freeze()
    (rest,) = [
        [tuple(parameter.shape) for parameter in group["params"]]
        for group in parameter_groups(network, 1e-3, 1.0, 0.0)
    ]
    assert sorted(rest) == [(3,), (3, 1280)]
