import io

import joblib
import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from sklearn import config_context
from sklearn.base import clone
from sklearn.model_selection import StratifiedGroupKFold, cross_val_score

from pipelines.cnn import CNNClassifier
from pipelines.cnn.network import FrameClassifier

N = 24


def draw(label, rng):
    """Skin with some noise, and a dark disc on it or none."""
    image = np.array([210, 170, 150]) + rng.normal(0, 8, (32, 32, 3))
    if label == "mole":
        y, x = np.ogrid[:32, :32]
        row, column = rng.uniform(12, 20, 2)
        image[np.hypot(y - row, x - column) < 7] -= 100
    return np.clip(image, 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def labels():
    return np.array(["mole", "skin"] * (N // 2))


@pytest.fixture(scope="module")
def images(labels):
    rng = np.random.default_rng(0)
    return np.stack([draw(label, rng) for label in labels])


@pytest.fixture(scope="module")
def groups():
    return np.arange(N) // 4 * 2 + np.arange(N) % 2  # pairs of one label


def make(**changes):
    settings = {
        "image_size": 32,
        "max_epochs": 3,
        "batch_size": 8,
        "validation_fraction": 0.25,
        "device": "cpu",
        "random_state": 0,
    }
    return CNNClassifier(**(settings | changes))


@pytest.fixture(scope="module")
def fitted(images, labels, groups):
    return make(max_epochs=12, image_size=64, batch_size=9).fit(images, labels, groups)


def test_learns_what_is_plain_to_see(fitted, images, labels):
    rng = np.random.default_rng(1)
    unseen = np.stack([draw(label, rng) for label in labels])
    assert (fitted.predict(unseen) == labels).mean() >= 0.9


def test_probabilities(fitted, images):
    probabilities = fitted.predict_proba(images)
    assert probabilities.shape == (N, 2)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    np.testing.assert_array_equal(fitted.classes_, ["mole", "skin"])
    alone = np.concatenate([fitted.predict_proba(image[None]) for image in images[:3]])
    np.testing.assert_allclose(alone, probabilities[:3], atol=1e-5)


def test_history(fitted):
    assert fitted.n_iter_ == len(fitted.history_) <= 12
    columns = ["epoch", "train_loss", "valid_loss", "valid_balanced_accuracy"]
    assert list(fitted.history_[0]) == columns
    losses = [row["valid_loss"] for row in fitted.history_]
    assert losses[fitted.best_epoch_ - 1] == min(losses)


def test_best_weights_are_restored(fitted, images, labels):
    held_out = fitted.validation_indices_
    codes = (labels[held_out] == "skin").astype(int)
    probabilities = fitted.predict_proba(images[held_out])
    loss = -np.log(probabilities[np.arange(len(codes)), codes]).mean()
    assert loss == pytest.approx(min(row["valid_loss"] for row in fitted.history_), rel=1e-3)


def test_rows_set_aside_share_no_group(fitted, groups):
    held_out = fitted.validation_indices_
    assert 0 < len(held_out) < N
    trained = np.setdiff1d(np.arange(N), held_out)
    assert not set(groups[held_out]) & set(groups[trained])


@pytest.fixture(scope="module")
def manifest(images, labels, groups, tmp_path_factory):
    folder = tmp_path_factory.mktemp("images")
    paths = [str(folder / f"{row}.png") for row in range(N)]
    for path, image in zip(paths, images, strict=True):
        Image.fromarray(image).save(path)
    return pd.DataFrame({"image": paths, "label": labels, "lesion": groups})


def test_groups_come_from_the_manifest(manifest, groups):
    model = make(max_epochs=1).fit(manifest, manifest["label"])
    held_out = model.validation_indices_
    assert not set(groups[held_out]) & set(np.delete(groups, held_out))


def test_groups_come_through_metadata_routing(images, labels, groups, monkeypatch):
    seen = []
    fit = CNNClassifier.fit

    def watch(self, X, y, groups=None):
        seen.append(groups)
        return fit(self, X, y, groups)

    monkeypatch.setattr(CNNClassifier, "fit", watch)
    with config_context(enable_metadata_routing=True):
        scores = cross_val_score(
            make(max_epochs=1),
            images,
            labels,
            cv=StratifiedGroupKFold(2),
            params={"groups": groups},
        )
    assert np.isfinite(scores).all()
    assert [len(part) for part in seen] == [N // 2, N // 2]


def test_same_seed_same_bits(images, labels, groups):
    state = torch.get_rng_state()
    first, again = (make(max_epochs=2).fit(images, labels, groups) for _ in range(2))
    np.testing.assert_array_equal(first.predict_proba(images), again.predict_proba(images))
    assert first.history_ == again.history_
    other = make(max_epochs=2, random_state=1).fit(images, labels, groups)
    assert not np.allclose(first.predict_proba(images), other.predict_proba(images))
    assert torch.equal(torch.get_rng_state(), state)


def test_networks_compute_exactly(images, labels, monkeypatch):
    seen = []
    forward = FrameClassifier.forward

    def watch(self, frames):
        cudnn = torch.backends.cudnn
        settings = (cudnn.enabled, cudnn.deterministic, cudnn.benchmark, cudnn.allow_tf32)
        seen.append((self.training, *settings))
        return forward(self, frames)

    monkeypatch.setattr(FrameClassifier, "forward", watch)
    make(max_epochs=1).fit(images, labels).predict(images)
    assert set(seen) == {(training, True, True, False, False) for training in (True, False)}


def test_pickles_without_the_network(fitted, images):
    buffer = io.BytesIO()
    joblib.dump(fitted, buffer)
    buffer.seek(0)
    loaded = joblib.load(buffer)
    assert loaded._built is None
    assert all(isinstance(value, np.ndarray) for value in loaded.state_.values())
    np.testing.assert_array_equal(loaded.predict_proba(images), fitted.predict_proba(images))


def test_clones_are_unfitted_and_equal(fitted):
    copy = clone(fitted)
    assert not hasattr(copy, "state_")
    assert copy.get_params() == fitted.get_params()


def test_numbers_as_labels_and_class_weights(images, labels):
    codes = np.where(labels == "mole", 7, 3)
    model = make(max_epochs=1, class_weight="balanced", augment=False).fit(images, codes)
    assert set(model.predict(images)) <= {3, 7}
    make(max_epochs=1, class_weight={7: 2.0}).fit(images, codes)


def test_without_validation_all_rows_are_trained_on(images, labels):
    model = make(max_epochs=1, validation_fraction=None).fit(images, labels)
    assert len(model.validation_indices_) == 0
    assert list(model.history_[0]) == ["epoch", "train_loss"]
    assert model.best_epoch_ == 1


def test_a_last_batch_of_one_is_left_out(images, labels):
    make(max_epochs=1, validation_fraction=None).fit(images[:9], labels[:9])


def test_rare_classes_may_miss_from_validation(images, labels):
    labels = labels.astype(object)
    labels[0] = "rare"
    model = make(max_epochs=1).fit(images, labels)
    assert model.predict_proba(images[:2]).shape == (2, 3)


def test_stops_when_validation_gets_no_better(images, labels):
    rng = np.random.default_rng(0)
    model = make(max_epochs=8, patience=2, learning_rate=1e-2)
    model.fit(images, rng.permutation(labels))
    assert model.n_iter_ <= min(8, model.best_epoch_ + 2)


def test_verbose_writes_a_line_an_epoch(images, labels, capsys):
    make(max_epochs=1, verbose=1).fit(images, labels)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "epoch 1 of 1" in captured.err
    assert "balanced accuracy" in captured.err


def test_one_class(images):
    with pytest.raises(ValueError, match="at least two classes, got 1"):
        make().fit(images, ["mole"] * N)


def test_lengths_must_agree(images, labels):
    with pytest.raises(ValueError, match=f"a label for each of {N} images, got 5"):
        make().fit(images, labels[:5])


def test_names_what_it_asks_of_images():
    (part, view) = make().image_parts()["frames"]
    assert part.fingerprint() == "Frames:1"
    assert (view.size, view.fill) == (32, (128, 128, 128))


def test_frames_are_read_once(manifest, monkeypatch):
    model = make(max_epochs=1).fit(manifest, manifest["label"])
    monkeypatch.setattr("features.reading.sources.decode_image", None)
    clone(model).fit(manifest, manifest["label"]).predict(manifest)
