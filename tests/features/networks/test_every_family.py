"""One network of each family, and all that the review names, through the classes of the package."""

import numpy as np
import pytest
import torch

from features.networks.embedding import CNNEmbedding
from pipelines.cnn import CNNClassifier, classifier
from pipelines.cnn.network import FrameClassifier

FAMILIES = (
    *("convnext_tiny", "efficientnet_b0", "efficientnet_v2_s", "maxvit_t", "mnasnet0_5"),
    *("mobilenet_v2", "mobilenet_v3_small", "regnet_x_400mf", "shufflenet_v2_x0_5"),
    *("squeezenet1_1", "swin_t", "vit_b_32", "wide_resnet50_2", "resnext50_32x4d"),
)
REVIEW = (
    *("lenet", "alexnet", "vgg16", "vgg19", "googlenet", "inception_v3", "inception_v4"),
    *("resnet18", "resnet34", "resnet50", "resnet101", "resnet152", "densenet121"),
    "efficientnet_lite0",
)
# What the network's last convolution or its positions need; 64 pixels do for the others.
SIDES = {"lenet": 28, "inception_v3": 75, "inception_v4": 75, "vit_b_32": 224, "maxvit_t": 224}


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).integers(0, 256, (4, 96, 128, 3), dtype=np.uint8)


@pytest.fixture
def first_weights(monkeypatch):
    """Weights of the layers below the last one, as they were before training."""
    noted = []

    class Noted(FrameClassifier):
        def __init__(self, *args, **settings):
            super().__init__(*args, **settings)
            noted.append({k: v.clone() for k, v in list(self.trunk.state_dict().items())[:4]})

    monkeypatch.setattr(classifier, "FrameClassifier", Noted)
    return noted


@pytest.mark.parametrize("name", [*FAMILIES, *REVIEW])
def test_embeds_and_trains_a_step(name, images, first_weights):
    if name == "inception_v4":
        pytest.importorskip("timm")
    shared = {"image_size": SIDES.get(name, 64), "device": "cpu", "engine": "eager"}
    embedding = CNNEmbedding(name, None, random_state=0, **shared)
    rows = embedding.fit_transform(images[:2])
    assert rows.shape == (2, len(embedding.get_feature_names_out()))
    assert np.isfinite(rows).all()
    network = CNNClassifier(
        name,
        None,
        max_epochs=1,
        batch_size=4,
        averaging=0.0,
        augment=False,
        validation_fraction=None,
        random_state=0,
        **shared,
    )
    network.fit(images, ["mel", "nv", "mel", "nv"])
    assert np.isfinite(network.history_[0]["train_loss"])
    assert all(np.isfinite(values).all() for values in network.state_.values())
    (before,) = first_weights
    after = {key: torch.from_numpy(network.state_[f"trunk.{key}"]) for key in before}
    assert any(not torch.equal(before[key], after[key]) for key in before)
