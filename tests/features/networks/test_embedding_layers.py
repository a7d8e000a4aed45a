import numpy as np
import pytest
import torch

from features import LesionStyle, Preparation, draw_lesion
from features.networks.backbones import get_backbone
from features.networks.embedding import CNNEmbedding
from features.networks.normalization import normalize


@pytest.fixture(scope="module")
def frames():
    generator = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (2, 3, 64, 64), dtype=torch.uint8, generator=generator)


def resnet(**settings):
    return CNNEmbedding(
        "resnet18",
        None,
        image_size=64,
        device="cpu",
        engine="eager",
        random_state=0,
        **settings,
    )


def lite(**settings):
    return CNNEmbedding(image_size=64, device="cpu", engine="eager", **settings)


def test_inner_layer_by_name(frames):
    inner = resnet(layer="layer3").describe(frames)
    assert inner.shape == (2, 256) == (2, len(resnet(layer="layer3").feature_names()))
    last = resnet(layer="layer4").describe(frames)
    torch.testing.assert_close(last, resnet().describe(frames))


def test_a_layer_is_seen_before_what_works_in_place_behind_it(frames):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        backbone = get_backbone("resnet18", None)
        network = backbone.build()
    with torch.inference_mode():
        scaled = normalize(frames, (backbone.mean, backbone.std))
        expected = network.bn1(network.conv1(scaled)).mean(dim=(2, 3))
    torch.testing.assert_close(resnet(layer="bn1").describe(frames), expected)


def test_generalized_mean_takes_the_place_of_the_global_pooling(frames):
    gem = resnet(pooling="gem").describe(frames)
    assert gem.shape == (2, 512)
    torch.testing.assert_close(gem, resnet(layer="layer4", pooling="gem").describe(frames))
    assert (gem >= resnet().describe(frames) - 1e-4).all()
    assert len(lite(pooling="gem").feature_names()) == lite(pooling="gem").describe(frames).shape[1]


# Tokens, and maps whose channels are last.
@pytest.mark.parametrize("name", ["vit_b_32", "timm:swin_tiny_patch4_window7_224"])
def test_no_generalized_mean_without_feature_maps(name):
    if name.startswith("timm:"):
        pytest.importorskip("timm")
    with pytest.raises(ValueError, match=r"ends in feature maps.*use pooling='average'"):
        CNNEmbedding(name, None, pooling="gem", random_state=0).feature_names()


def test_generalized_mean_of_a_transformer_that_ends_in_maps():
    assert len(CNNEmbedding("swin_t", None, pooling="gem").feature_names()) == 768


@pytest.mark.parametrize(
    ("name", "layer", "text"),
    [
        ("vit_b_32", "encoder.layers.encoder_layer_0.self_attention", "gives a tuple"),
        (
            "vit_b_32",
            "encoder.layers.encoder_layer_0.self_attention.out_proj",
            "gives nothing by itself",
        ),
        ("vit_b_32", "encoder", r"activations of shape \(50, 768\)"),
        ("swin_t", "features.7", r"are \(7, 7, 768\), channels last"),
    ],
)
def test_layers_that_give_no_maps(name, layer, text):
    part = CNNEmbedding(name, None, layer=layer, random_state=0, device="cpu")
    with pytest.raises(ValueError, match=text):
        part.feature_names()
    # Before any engine is handed the network.
    with pytest.raises(ValueError, match=text):
        part.describe(torch.zeros(1, 3, 224, 224, dtype=torch.uint8))


def test_fully_connected_layers_have_their_usual_names():
    part = CNNEmbedding("alexnet", None, layer="fc6", device="cpu", engine="eager", random_state=0)
    frames = torch.zeros(1, 3, 224, 224, dtype=torch.uint8)
    rows = part.describe(frames)
    assert rows.shape == (1, 4096)
    assert (rows >= 0).all()
    assert len(part.feature_names()) == 4096
    with pytest.raises(ValueError, match="fully connected layer of AlexNet and VGG; resnet18 has"):
        resnet(layer="fc6").feature_names()


def test_unknown_layers_and_settings(frames):
    with pytest.raises(ValueError, match=r"must name a module of resnet18, got 'layer5'.*layer4"):
        resnet(layer="layer5").describe(frames)
    with pytest.raises(ValueError, match="`pooling` must be one of"):
        resnet(pooling="max").describe(frames)
    with pytest.raises(ValueError, match="`tta` must be one of"):
        resnet(tta="crops").fingerprint()
    with pytest.raises(ValueError, match="`crop` must be one of"):
        resnet(crop="half").view(Preparation())
    with pytest.raises(ValueError, match="Use pooling='average' or 'gem'"):
        resnet(layer="layer4", pooling="none").describe(frames)


def test_average_over_mirror_images_does_not_depend_on_the_side(frames):
    part = resnet(tta="dihedral")
    turned = frames.rot90(1, (2, 3)).flip(3)
    torch.testing.assert_close(part.describe(turned), part.describe(frames), rtol=1e-4, atol=1e-5)
    assert not torch.allclose(part.describe(frames), resnet().describe(frames))


def test_settings_are_in_the_fingerprint():
    parts = [
        resnet(),
        resnet(layer="layer3"),
        resnet(pooling="gem"),
        resnet(tta="flips"),
        resnet(tta="dihedral"),
    ]
    assert len({part.fingerprint() for part in parts}) == 5
    assert resnet(tta="none").fingerprint() == resnet().fingerprint()


def test_several_backbones_stand_side_by_side(frames):
    images = frames.permute(0, 2, 3, 1).numpy()
    names = ("efficientnet_lite0", "lenet")
    part = CNNEmbedding(names, {"lenet": None}, device="cpu", engine="eager", random_state=0)
    rows = part.fit_transform(images)
    columns = part.get_feature_names_out()
    assert rows.shape == (2, len(columns))
    assert columns[0] == "embedding__efficientnet_lite0_0000"
    assert columns[-1].startswith("embedding__lenet_")
    alone = CNNEmbedding("lenet", None, device="cpu", engine="eager", random_state=0)
    np.testing.assert_allclose(rows[:, 1280:], alone.fit_transform(images), atol=1e-5)
    np.testing.assert_allclose(
        rows[:, :1280], CNNEmbedding(device="cpu", engine="eager").fit_transform(images), atol=1e-4
    )
    assert part.view(Preparation()).fingerprint != alone.view(Preparation()).fingerprint


def test_backbones_and_weights_that_do_not_match():
    with pytest.raises(ValueError, match="a name or several different ones"):
        CNNEmbedding(["lenet", "lenet"], None).feature_names()
    with pytest.raises(ValueError, match="one for each of 2, got 1"):
        CNNEmbedding(["lenet", "resnet18"], [None]).fingerprint()
    with pytest.raises(ValueError, match=r"names \['vgg16'\], which are not in `backbone`"):
        CNNEmbedding(["lenet", "resnet18"], {"vgg16": None}).fingerprint()


def test_normalisations_by_name():
    part = CNNEmbedding(["lenet", "resnet18"], None, normalization={"lenet": "imagenet"})
    lenet, resnet18 = part.view(Preparation()).views
    assert lenet.fill == resnet18.fill == (124, 116, 104)
    both = CNNEmbedding(["lenet", "resnet18"], None, normalization="symmetric")
    assert {view.fill for view in both.view(Preparation()).views} == {(128, 128, 128)}
    with pytest.raises(ValueError, match=r"`normalization` names \['vgg16'\], which are not in"):
        CNNEmbedding("lenet", None, normalization={"vgg16": "unit"}).view(Preparation())


def test_lesion_crop_keeps_hair_and_skin():
    image, mask = draw_lesion(LesionStyle(diameter=0.3, hair=5), size=(450, 600), random_state=0)
    view = resnet(crop="lesion").view(Preparation())
    assert view.reads_masks
    assert not resnet().view(Preparation()).reads_masks
    crop = view.prepare(image, mask)
    assert crop.shape == (64, 64, 3)
    bare = Preparation(size=64, hair=None).prepare(image, mask)
    assert np.array_equal(crop[bare.valid], bare.original[bare.valid])
    assert view.fingerprint == resnet(crop="lesion").view(Preparation(hair="dullrazor")).fingerprint
    assert view.fingerprint != resnet(crop="lesion").view(Preparation(margin=0.5)).fingerprint
    rows = resnet(crop="lesion").fit_transform(image[None])
    assert rows.shape == (1, 512)
