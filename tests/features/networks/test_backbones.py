import os
import re
import urllib.error
from pathlib import Path

import pytest
import torch

from features.devices import pick_device
from features.networks.backbones import backbone_names, get_backbone

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


def test_every_family_has_a_width():
    families = {re.match(r"[a-z]+", name)[0]: name for name in reversed(backbone_names())}
    widths = {name: get_backbone(name, weights=None).width for name in families.values()}
    assert len(widths) >= 13
    assert min(widths.values()) >= 256


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
