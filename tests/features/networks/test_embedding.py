import pickle

import numpy as np
import pytest
import torch
from sklearn.base import clone

from features.networks.backbones import get_backbone
from features.networks.embedding import CNNEmbedding
from features.networks.normalization import normalize


@pytest.fixture(scope="module")
def frames():
    rng = np.random.default_rng(0)
    coarse = torch.from_numpy(rng.integers(0, 256, (6, 3, 8, 8), dtype=np.uint8))
    return coarse.repeat_interleave(8, dim=2).repeat_interleave(8, dim=3)


@pytest.fixture(scope="module")
def images(frames):
    return frames.permute(0, 2, 3, 1).numpy()


@pytest.fixture(scope="module")
def embedding():
    return CNNEmbedding(image_size=64, device="cpu")


def test_rows_of_the_declared_width(embedding, frames):
    rows = embedding.describe(frames)
    assert rows.shape == (6, 1280)
    assert rows.dtype == torch.float32
    assert torch.isfinite(rows).all()
    assert embedding.describe(frames[:0]).shape == (0, 1280)


def test_rows_do_not_depend_on_their_batch(embedding, frames):
    rows = embedding.describe(frames)
    alone = torch.cat([embedding.describe(frame[None]) for frame in frames])
    assert (rows - alone).abs().max() <= 1e-5 * rows.abs().max()
    backwards = embedding.describe(frames.flip(0)).flip(0)
    assert (rows - backwards).abs().max() <= 1e-5 * rows.abs().max()


def test_folding_batch_norms_changes_nothing(embedding, frames):
    backbone = get_backbone("efficientnet_lite0")
    with torch.inference_mode():
        plain = backbone.build()(normalize(frames, (backbone.mean, backbone.std)))
    difference = (embedding.describe(frames) - plain).abs().max()
    assert difference <= 1e-5 * plain.abs().max()


def test_normalization_by_hand():
    backbone = get_backbone("resnet18", weights=None)
    pixel = torch.tensor([0, 128, 255], dtype=torch.uint8)[None, :, None, None]
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    expected = (torch.tensor([0, 128, 255]) / 255 - mean) / std
    scaled = normalize(pixel, (backbone.mean, backbone.std))
    torch.testing.assert_close(scaled.flatten(), expected)


def test_normalization_leaves_floats_as_they_were(frames):
    floats = frames.float().contiguous(memory_format=torch.channels_last)
    assert torch.equal(normalize(floats, "symmetric"), normalize(frames, "symmetric"))
    assert torch.equal(floats, frames.float())


def test_normalization_refuses_other_types(frames):
    with pytest.raises(ValueError, match=r"uint8 or float32, got torch\.float64"):
        normalize(frames.double(), "unit")


def test_view_is_the_frame_on_the_mean_colour():
    view = CNNEmbedding("resnet18", weights=None).view(None)
    assert (view.size, view.fill) == (224, (124, 116, 104))
    assert CNNEmbedding(image_size=96).view(None).size == 96


def test_transform_keeps_order_and_names_columns(embedding, images):
    rows = embedding.transform(images)
    np.testing.assert_allclose(embedding.transform(images[::-1])[::-1], rows, atol=1e-4)
    names = embedding.get_feature_names_out()
    assert len(names) == rows.shape[1]
    assert (names[0], names[-1]) == ("embedding__0000", "embedding__1279")


def test_pickles_and_clones_leave_the_network_behind(embedding, frames):
    rows = embedding.describe(frames)
    pickled = pickle.dumps(embedding)
    assert len(pickled) < 2000
    torch.testing.assert_close(pickle.loads(pickled).describe(frames), rows)
    assert clone(embedding).get_params() == embedding.get_params()


def test_fingerprint_names_what_rows_depend_on():
    # The device is named only where it decides the engine.
    eager = CNNEmbedding(engine="eager"), CNNEmbedding(engine="eager", device="cpu")
    assert eager[0].fingerprint() == eager[1].fingerprint()
    plain = CNNEmbedding()
    assert get_backbone("efficientnet_lite0").digest() in plain.fingerprint()
    others = [
        CNNEmbedding(image_size=128),
        CNNEmbedding(weights=None, random_state=0),
        CNNEmbedding(weights=None, random_state=1),
        CNNEmbedding("resnet18", weights=None, random_state=1),
    ]
    assert len({part.fingerprint() for part in [plain, *others]}) == 5


def test_random_weights_come_from_the_seed(frames):
    state = torch.get_rng_state()
    first = CNNEmbedding("resnet18", None, image_size=64, random_state=0).describe(frames[:2])
    again = CNNEmbedding("resnet18", None, image_size=64, random_state=0).describe(frames[:2])
    other = CNNEmbedding("resnet18", None, image_size=64, random_state=1).describe(frames[:2])
    assert torch.equal(first, again)
    assert not torch.allclose(first, other)
    assert torch.equal(torch.get_rng_state(), state)


def test_random_weights_need_a_seed(frames):
    with pytest.raises(ValueError, match="need an int as `random_state`"):
        CNNEmbedding("resnet18", weights=None).describe(frames)


def test_changed_parameters_change_the_network(frames):
    embedding = CNNEmbedding("resnet18", None, image_size=64, random_state=0)
    before = embedding.describe(frames[:2])
    embedding.set_params(random_state=1)
    assert not torch.allclose(embedding.describe(frames[:2]), before)
