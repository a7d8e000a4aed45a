import pytest
import torch

from features.networks.backbone import NoWeights
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


def on_meta(name, **settings):
    with NoWeights():
        return FrameClassifier(get_backbone(name, weights=None), 3, **settings)


@pytest.fixture(scope="module")
def network():
    return on_meta("efficientnet_lite0")


def by_name(network, key):
    """Value of each parameter's group, by the parameter's name."""
    names = {id(parameter): name for name, parameter in network.named_parameters()}
    return {
        names[id(parameter)]: group[key]
        for group in parameter_groups(network, 1e-3, 0.1, 0.05)
        for parameter in group["params"]
    }


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


@pytest.mark.parametrize(
    ("backbone", "heads"),
    [("inception_v3", ["AuxLogits.fc"]), ("googlenet", ["aux1.fc2", "aux2.fc2"])],
)
def test_new_layers_of_auxiliary_heads_learn_at_the_full_rate(backbone, heads):
    rates = by_name(on_meta(backbone, auxiliary=True), "full_rate")
    layers = ["head", *(f"trunk.{head}" for head in heads)]
    new = {f"{layer}.{kind}" for layer in layers for kind in ("weight", "bias")}
    assert {name for name, rate in rates.items() if rate == 1e-3} == new
    assert {rate for name, rate in rates.items() if name not in new} == {1e-4}


@pytest.mark.parametrize(
    ("backbone", "tables"),
    [
        ("swin_t", ["relative_position_bias_table"]),
        ("swin_v2_t", ["logit_scale"]),
        ("convnext_tiny", ["layer_scale"]),
        ("vit_b_16", ["class_token", "pos_embedding"]),
    ],
)
def test_scales_and_tables_of_positions_do_not_decay(backbone, tables):
    network = on_meta(backbone)
    decays = by_name(network, "weight_decay")
    for table in tables:
        assert {decay for name, decay in decays.items() if name.endswith(table)} == {0}
    for name, module in network.named_modules():
        if isinstance(module, (torch.nn.Conv2d, torch.nn.Linear)):
            assert decays[f"{name}.weight"] == 0.05
            assert decays.get(f"{name}.bias", 0) == 0


def test_what_is_frozen_is_left_out():
    network = on_meta("efficientnet_lite0")
    network.freeze()
    (rest,) = [
        [tuple(parameter.shape) for parameter in group["params"]]
        for group in parameter_groups(network, 1e-3, 1.0, 0.0)
    ]
    assert sorted(rest) == [(3,), (3, 1280)]
