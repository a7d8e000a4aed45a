import builtins
import copy

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr

from features import get_backbone
from pipelines.cnn import CNNClassifier
from pipelines.cnn.network import FrameClassifier
from pipelines.explanation import grad_cam, networks_of

SHARE = 0.1


@pytest.fixture(scope="module")
def moles(drawn):
    images, labels, discs = drawn["unseen"]
    return images[labels == "mole"], discs[labels == "mole"]


@pytest.fixture(scope="module")
def found(network, moles):
    return grad_cam(network, moles[0], ["mole"] * len(moles[0]))


def probability(network, images):
    return network.predict_proba(images)[:, list(network.classes_).index("mole")]


def hits(maps, discs):
    """Share of maps that peak on the disc; one that is 0 everywhere does not."""
    pairs = zip(maps, discs, strict=True)
    return np.mean([m.any() and disc.ravel()[m.argmax()] for m, disc in pairs])


def test_the_network_has_learned(network, drawn):
    images, labels, _ = drawn["unseen"]
    assert (network.predict(images) == labels).mean() > 0.95


def test_maps_belong_to_the_frames(network, found, moles):
    images, _ = moles
    assert found.maps.shape == found.frames.shape[:3] == images.shape[:3]
    assert found.maps.dtype == np.float32
    assert found.maps.min() >= 0
    np.testing.assert_array_equal(found.frames, images)
    assert set(found.labels) == {"mole"}


def test_maps_peak_on_what_tells_the_class(found, moles):
    assert hits(found.maps, moles[1]) > 0.9


def test_a_map_is_its_definition(network, moles):
    """Weights are mean gradients, the map is the positive part of the weighted sum."""
    image = moles[0][:1]
    backbone = get_backbone("lenet", None)
    net = FrameClassifier(backbone, 2, pretrained=False)
    net.load_arrays(network.state_)
    net.eval()
    kept = {}
    layer = next(m for m in net.trunk.modules() if isinstance(m, torch.nn.AdaptiveAvgPool2d))
    layer.register_forward_hook(lambda module, inputs, output: kept.update(maps=output))
    logits = net(torch.from_numpy(image).permute(0, 3, 1, 2).float())
    (gradient,) = torch.autograd.grad(logits[0, list(network.classes_).index("mole")], kept["maps"])
    weights = gradient.mean((2, 3), keepdim=True)
    small = (weights * kept["maps"]).sum(1, keepdim=True).relu()
    large = torch.nn.functional.interpolate(small, size=image.shape[1:3], mode="bilinear")
    np.testing.assert_allclose(
        grad_cam(network, image, ["mole"]).maps[0],
        large[0, 0].detach().numpy(),
        rtol=1e-4,
        atol=1e-6,
    )


@pytest.mark.parametrize("layers", [("head",), ("head", "trunk.classifier"), ("head", "trunk")])
def test_random_weights_change_the_map(layers, network, found, moles):
    """From the last layer down, as Adebayo et al. (2018) do; one draw may agree by chance."""
    images, discs = moles
    alike, on_disc = [], []
    for seed in range(10):
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            fresh = FrameClassifier(get_backbone("lenet", None), 2).to_arrays()
        other = copy.deepcopy(network)
        other.state_ |= {key: fresh[key] for key in fresh if key.startswith(layers)}
        maps = grad_cam(other, images, ["mole"] * len(images)).maps
        alike += [rank_correlation(a, b) for a, b in zip(found.maps, maps, strict=True) if a.any()]
        on_disc.append(hits(maps, discs))
    assert np.mean(alike) < 0.3
    assert np.mean(on_disc) < 0.6


def rank_correlation(map_, other):
    return spearmanr(map_.ravel(), other.ravel()).statistic if other.any() else 0


def test_deleting_what_the_map_shows_moves_the_score_most(network, found, moles):
    images, _ = moles
    rng = np.random.default_rng(0)
    skin = np.median(images, axis=(1, 2))
    start = probability(network, images)

    def fall(orders):
        covered = images.copy()
        for image, order, color in zip(covered, orders, skin, strict=True):
            image.reshape(-1, 3)[order[: int(SHARE * order.size)]] = color
        return (start - probability(network, covered)).mean()

    shown = fall([np.argsort(-m.ravel(), kind="stable") for m in found.maps])
    # As many pixels at random, scattered, and in one piece of the same outline elsewhere.
    scattered = fall([rng.permutation(m.size) for m in found.maps])
    moved = [np.roll(m, rng.integers(16, 48, 2), axis=(0, 1)) for m in found.maps]
    elsewhere = fall([np.argsort(-m.ravel(), kind="stable") for m in moved])
    assert shown > 0.1
    assert shown > 3 * max(scattered, elsewhere)


def test_the_predicted_class_is_the_default(network, drawn):
    images, _, _ = drawn["unseen"]
    assert grad_cam(network, images[:4]).labels.tolist() == network.predict(images[:4]).tolist()


def test_coarser_classes_are_summed_before_the_map(drawn):
    images, labels, _ = drawn["seen"]
    finer = labels.astype(object)
    finer[::4] = "dark mole"
    classifier = CNNClassifier(
        "lenet",
        None,
        image_size=64,
        max_epochs=1,
        taxonomy={"mole": "mole", "dark mole": "mole", "skin": "skin"},
        device="cpu",
        engine="eager",
        random_state=0,
    ).fit(images, finer.astype(str))
    found = grad_cam(classifier, images[:2], ["mole", "skin"])
    assert found.labels.tolist() == ["mole", "skin"]
    assert np.isfinite(found.maps).all()


def test_networks_of_a_classifier(network):
    assert networks_of(network) == [network]


def test_faults_are_named(network, moles, monkeypatch):
    images = moles[0][:2]
    with pytest.raises(ValueError, match=r"does not know the classes \['wart'\]"):
        grad_cam(network, images, ["wart", "mole"])
    with pytest.raises(ValueError, match="a label for each of 2 images"):
        grad_cam(network, images, ["mole"])
    transformer = copy.copy(network).set_params(backbone="vit_b_16")
    with pytest.raises(ValueError, match="vit_b_16 does not"):
        grad_cam(transformer, images)

    def without_captum(name, *args, **kwargs):
        if name.startswith("captum"):
            raise ImportError(name)
        return imported(name, *args, **kwargs)

    imported = builtins.__import__
    monkeypatch.setattr(builtins, "__import__", without_captum)
    with pytest.raises(ImportError, match=r"dermfusion\[explain\]"):
        grad_cam(network, images)
