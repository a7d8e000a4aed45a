import io
import pickle

import joblib
import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from sklearn import config_context
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import StratifiedGroupKFold, cross_val_score

from features.networks.backbones import get_backbone
from pipelines.cnn import CNNClassifier
from pipelines.cnn.network import FrameClassifier

N = 24


@pytest.fixture(scope="module")
def fitted(make, images, labels, groups):
    return make(max_epochs=12, image_size=64, batch_size=9).fit(images, labels, groups)


def test_learns_what_is_plain_to_see(fitted, unseen, labels):
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
    columns = ["epoch", "train_loss", "valid_loss", "valid_balanced_accuracy", "images_per_second"]
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


def test_groups_come_from_the_manifest(make, manifest, groups):
    model = make(max_epochs=1).fit(manifest, manifest["label"])
    held_out = model.validation_indices_
    assert not set(groups[held_out]) & set(np.delete(groups, held_out))


def test_groups_come_through_metadata_routing(make, images, labels, groups, monkeypatch):
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


def losses(model):
    return [(row["train_loss"], row["valid_loss"]) for row in model.history_]


def test_same_seed_same_bits(make, images, labels, groups):
    state = torch.get_rng_state()
    first, again = (make(max_epochs=2).fit(images, labels, groups) for _ in range(2))
    np.testing.assert_array_equal(first.predict_proba(images), again.predict_proba(images))
    assert losses(first) == losses(again)
    other = make(max_epochs=2, random_state=1).fit(images, labels, groups)
    assert not np.allclose(first.predict_proba(images), other.predict_proba(images))
    assert torch.equal(torch.get_rng_state(), state)


def test_networks_compute_exactly(make, images, labels, monkeypatch):
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
    assert not loaded._predictors
    assert all(isinstance(value, np.ndarray) for value in loaded.state_.values())
    np.testing.assert_array_equal(loaded.predict_proba(images), fitted.predict_proba(images))


def test_clones_are_unfitted_and_equal(fitted):
    copy = clone(fitted)
    assert not hasattr(copy, "state_")
    assert copy.get_params() == fitted.get_params()


def test_numbers_as_labels_and_class_weights(make, images, labels):
    codes = np.where(labels == "mole", 7, 3)
    model = make(max_epochs=1, class_weight="balanced", augment=False).fit(images, codes)
    assert set(model.predict(images)) <= {3, 7}
    make(max_epochs=1, class_weight={7: 2.0}).fit(images, codes)


def test_without_validation_all_rows_are_trained_on(make, images, labels):
    model = make(max_epochs=1, validation_fraction=None).fit(images, labels)
    assert len(model.validation_indices_) == 0
    assert list(model.history_[0]) == ["epoch", "train_loss", "images_per_second"]
    assert model.best_epoch_ == 1


def test_a_last_batch_of_one_is_left_out(make, images, labels):
    make(max_epochs=1, validation_fraction=None).fit(images[:9], labels[:9])


def test_rare_classes_may_miss_from_validation(make, images, labels):
    labels = labels.astype(object)
    labels[0] = "rare"
    model = make(max_epochs=1).fit(images, labels)
    assert model.predict_proba(images[:2]).shape == (2, 3)


def test_stops_when_validation_gets_no_better(make, images, labels):
    rng = np.random.default_rng(0)
    model = make(max_epochs=8, patience=2, learning_rate=1e-2)
    model.fit(images, rng.permutation(labels))
    assert model.n_iter_ <= min(8, model.best_epoch_ + 2)


def test_verbose_writes_a_line_an_epoch(make, images, labels, capsys):
    make(max_epochs=1, verbose=1).fit(images, labels)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "epoch 1 of 1" in captured.err
    assert "balanced accuracy" in captured.err


def test_one_class(make, images):
    with pytest.raises(ValueError, match="at least two classes, got 1"):
        make().fit(images, ["mole"] * N)


def test_lengths_must_agree(make, images, labels):
    with pytest.raises(ValueError, match=f"a label for each of {N} images, got 5"):
        make().fit(images, labels[:5])


def test_names_what_it_asks_of_images(make):
    (part, view) = make().image_parts()["frames"]
    assert part.fingerprint() == "Frames:1"
    assert (view.size, view.fill) == (32, (128, 128, 128))


def test_frames_are_read_once(make, manifest, monkeypatch):
    model = make(max_epochs=1).fit(manifest, manifest["label"])
    monkeypatch.setattr("features.reading.sources.decode_image", None)
    clone(model).fit(manifest, manifest["label"]).predict(manifest)


def test_logits_and_probabilities_agree(fitted, images):
    logits = torch.from_numpy(fitted.predict_logits(images))
    np.testing.assert_allclose(logits.softmax(dim=1), fitted.predict_proba(images), atol=1e-12)


def test_embedding_is_what_the_last_layer_sees(fitted, images):
    embedding = fitted.embed(images)
    assert embedding.shape == (N, 1280)
    assert embedding.dtype == np.float32
    weight, bias = fitted.state_["head.weight"], fitted.state_["head.bias"]
    np.testing.assert_allclose(
        embedding @ weight.T + bias, fitted.predict_logits(images), atol=1e-4
    )


def test_views_are_averaged(fitted, images):
    turned = np.ascontiguousarray(images.transpose(0, 2, 1, 3))

    def apart(model):
        return np.abs(model.predict_logits(images) - model.predict_logits(turned)).max()

    # Enlarging the images rounds a little otherwise when they are turned.
    assert apart(clone_fitted(fitted, tta="dihedral")) < apart(fitted) / 3


def clone_fitted(model, **changes):
    return pickle.loads(pickle.dumps(model)).set_params(**changes)


def test_several_sizes_are_averaged(fitted, images):
    small, large = (clone_fitted(fitted, predict_size=size) for size in (48, 64))
    # Frames are read at the largest size: the small one is asked from there on both sides.
    both = clone_fitted(fitted, predict_size=(48, 64)).predict_logits(images)
    assert both.shape == (N, 2)
    assert not np.allclose(both, large.predict_logits(images))
    np.testing.assert_allclose(
        both, (small.predict_logits(images) + large.predict_logits(images)) / 2, atol=0.3
    )


def test_rising_sizes(make, images, labels, monkeypatch):
    sizes = []
    forward = FrameClassifier.forward

    def watch(self, frames):
        if self.training:
            sizes.append(frames.shape[-1])
        return forward(self, frames)

    monkeypatch.setattr(FrameClassifier, "forward", watch)
    make(image_size=(24, 32), max_epochs=2, validation_fraction=None).fit(images, labels)
    assert sizes == [24] * 3 + [32] * 3


def test_head_only(make, images, labels):
    model = make(transfer="head", max_epochs=1, averaging=0).fit(images, labels)
    trunk = get_backbone("efficientnet_lite0").build().state_dict()
    for key, value in trunk.items():
        np.testing.assert_array_equal(model.state_[f"trunk.{key}"], value)


def test_from_scratch(make, images, labels):
    def first_kernel(**changes):
        model = make(max_epochs=1, learning_rate=1e-30, averaging=0, **changes).fit(images, labels)
        return model.state_["trunk.features.0.0.weight"]

    trained = get_backbone("efficientnet_lite0").build().features[0][0].weight.detach()
    np.testing.assert_array_equal(first_kernel(), trained)
    assert not np.allclose(first_kernel(transfer="scratch"), trained, atol=1e-3)


@pytest.mark.parametrize("imbalance", ["class_weight", "sampling", "focal"])
def test_against_imbalance(make, images, labels, imbalance):
    plain, changed = (
        make(max_epochs=1, imbalance=kind).fit(images[:18], labels[[*range(9)] * 2])
        for kind in ("none", imbalance)
    )
    assert np.isfinite(changed.predict_proba(images)).all()
    assert losses(plain) != losses(changed)


def test_finer_classes_are_summed(make, images, labels):
    finer = np.array([f"{name}{i % 3}" for i, name in enumerate(labels)])
    taxonomy = {name: name[:-1] for name in finer}
    model = make(taxonomy=taxonomy, max_epochs=1).fit(images, finer)
    np.testing.assert_array_equal(model.classes_, ["mole", "skin"])
    assert len(model.finer_classes_) == len(set(finer))
    probabilities = model.predict_proba(images)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    logits = torch.from_numpy(model.predict_logits(images))
    np.testing.assert_allclose(logits.softmax(dim=1), probabilities, atol=1e-9)
    assert set(model.predict(images)) <= {"mole", "skin"}


def test_finer_classes_from_the_manifest(make, manifest):
    refined = manifest.assign(kind=[f"{x}{i % 2}" for i, x in enumerate(manifest["label"])])
    model = make(taxonomy="kind", max_epochs=1).fit(refined, refined["label"])
    np.testing.assert_array_equal(model.classes_, ["mole", "skin"])
    assert model.predict_proba(manifest).shape == (N, 2)


def test_square_framing(make):
    (_, view) = make(framing="square").image_parts()["frames"]
    wide = np.zeros((30, 60, 3), dtype=np.uint8)
    wide[:, 15:45] = 200
    assert (view.prepare(wide) == 200).all()


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        *(("transfer", "none"), ("imbalance", "smote"), ("framing", "round")),
        *(("tta", "turns"), ("precision", "float8")),
    ],
)
def test_unknown_settings(make, images, labels, setting, value):
    with pytest.raises(ValueError, match=f"`{setting}` must be one of .*, got '{value}'"):
        make(**{setting: value}).fit(images, labels)


@pytest.mark.parametrize("method", ["predict", "predict_proba", "predict_logits", "embed"])
def test_unfitted(make, images, labels, method):
    model = make()
    with pytest.raises(NotFittedError):
        getattr(model, method)(images)
    # A fit that failed halfway has learned the classes and no network.
    model.classes_ = np.unique(labels)
    with pytest.raises(NotFittedError):
        getattr(model, method)(images)


def test_half_precision_needs_a_gpu(make, images, labels):
    with pytest.raises(ValueError, match="precision='float16' needs a GPU"):
        make(precision="float16").fit(images, labels)
