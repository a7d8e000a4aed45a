"""Fine-tuned networks inside fusion: what a booster learns from is what new rows look like."""

import importlib.util
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
from scipy.special import log_softmax, softmax
from sklearn import config_context
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.dummy import DummyClassifier
from sklearn.exceptions import NotFittedError
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.pipeline import make_pipeline

from features import ColorMoments, ImageFeatures, Preparation
from fusion import BoostedTrees, grouped_folds
from pipelines import CNNClassifier, CrossFittedLogits, LesionPipeline
from pipelines.cnn.temperature import fit_temperature
from pipelines.data import group_ids

_spec = importlib.util.spec_from_file_location(
    "network_toys", Path(__file__).with_name("network_toys.py")
)
toys = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(toys)


class NaiveLogits(TransformerMixin, BaseEstimator):
    """What one would write first: logits of training rows by the network trained on them."""

    def fit(self, X, y):
        self.network_ = toys.Memoriser().fit(X, y)
        return self

    def transform(self, X):
        return self.network_.predict_logits(X)


def boosted(logits):
    return make_pipeline(
        logits, BoostedTrees(60, learning_rate=0.1, max_depth=2, n_jobs=1, random_state=0)
    )


@pytest.fixture(scope="module")
def train():
    return toys.draw_views(400, random_state=0)


@pytest.fixture(scope="module")
def unseen():
    return toys.draw_views(600, random_state=1)


@pytest.fixture(scope="module")
def cross_fitted(train):
    images, labels, lesions = train
    logits = CrossFittedLogits(toys.Memoriser(), random_state=0)
    return logits, logits.fit_transform(images, labels, groups=lesions)


def auc(model, images, labels):
    return roc_auc_score(labels, model.predict_proba(images), multi_class="ovr")


def confidence(logits):
    return softmax(logits, axis=1).max(axis=1).mean()


class TestHonesty:
    def test_fused_is_no_worse_than_the_network_alone(self, train, unseen):
        images, labels, lesions = train
        alone = auc(toys.Memoriser().fit(images, labels), *unseen[:2])
        model = boosted(CrossFittedLogits(toys.Memoriser(), random_state=0))
        model.fit(images, labels, crossfittedlogits__groups=lesions)
        assert auc(model, *unseen[:2]) > alone - 0.005
        # Else the toy would show nothing.
        assert auc(boosted(NaiveLogits()).fit(images, labels), *unseen[:2]) < alone - 0.05

    def test_training_and_new_rows_are_alike(self, train, unseen, cross_fitted):
        logits, handed_on = cross_fitted
        assert abs(confidence(handed_on) - confidence(logits.transform(unseen[0]))) < 0.02
        naive = NaiveLogits().fit(*train[:2])
        gap = confidence(naive.transform(train[0])) - confidence(naive.transform(unseen[0]))
        assert gap > 0.3

    def test_no_network_scores_a_lesion_that_it_saw(self, train):
        images, labels, lesions = train
        lesion_of = {image.tobytes(): lesion for image, lesion in zip(images, lesions, strict=True)}
        scored = []

        class Spied(toys.Memoriser):
            def fit(self, X, y, groups=None):
                self.seen_ = {lesion_of[image.tobytes()] for image in X}
                return super().fit(X, y, groups)

            def predict_proba(self, X):
                rows = {lesion_of[image.tobytes()] for image in X}
                assert not rows & self.seen_
                scored.extend(rows)
                return super().predict_proba(X)

        CrossFittedLogits(Spied(), random_state=0).fit_transform(images, labels, lesions)
        assert sorted(scored) == sorted(set(lesions))

    def test_shuffled_labels_teach_nothing(self, train):
        images, labels, lesions = train
        shuffled = np.random.default_rng(0).permutation(labels[::2])[lesions]
        model = boosted(CrossFittedLogits(toys.Memoriser(), random_state=0))
        found = np.empty((len(labels), 3))
        for ours, held_out in grouped_folds(shuffled, lesions, 2, random_state=0):
            parameters = {"crossfittedlogits__groups": lesions[ours]}
            model.fit(images[ours], shuffled[ours], **parameters)
            found[held_out] = model.predict_proba(images[held_out])
        # 400 lesions: the standard error of a macro AUC is about 0.02.
        assert roc_auc_score(shuffled, found, multi_class="ovr") == pytest.approx(0.5, abs=0.06)
        logits = CrossFittedLogits(toys.Memoriser(), random_state=0)
        handed_on = softmax(logits.fit_transform(images, shuffled, lesions), axis=1)
        assert roc_auc_score(shuffled, handed_on, multi_class="ovr") < 0.56
        naive = NaiveLogits().fit(images, shuffled)
        assert auc(naive.network_, images, shuffled) > 0.95

    def test_networks_of_groups_torn_apart_would_be_caught(self, train, unseen):
        images, labels, _ = train
        logits = CrossFittedLogits(toys.Memoriser(), temperature=False, random_state=0)
        torn = logits.fit_transform(images, labels, groups=np.arange(len(labels)))
        assert confidence(torn) - confidence(logits.transform(unseen[0])) > 0.2


class TestRows:
    def test_training_rows_are_out_of_fold_and_new_rows_the_mean(self, train, unseen, cross_fitted):
        logits, handed_on = cross_fitted
        assert len(logits.networks_) == 3
        for (_, rows), network, heat in zip(
            logits.splits_, logits.networks_, logits.temperatures_, strict=True
        ):
            own = network.predict_logits(train[0][rows])
            own = (own - own.mean(axis=1, keepdims=True)) / heat
            np.testing.assert_allclose(handed_on[rows], own, rtol=1e-4, atol=1e-4)
        several = np.stack([network.predict_logits(unseen[0]) for network in logits.networks_])
        several -= several.mean(axis=2, keepdims=True)
        mean = (several / logits.temperatures_[:, None, None]).mean(axis=0)
        np.testing.assert_allclose(logits.transform(unseen[0]), mean, rtol=1e-4, atol=1e-4)

    def test_rows_are_centred_and_do_not_depend_on_each_other(self, unseen, cross_fitted):
        logits, handed_on = cross_fitted
        np.testing.assert_allclose(handed_on.mean(axis=1), 0, atol=1e-5)
        some = logits.transform(unseen[0][:7])
        np.testing.assert_array_equal(logits.transform(unseen[0])[:7], some)

    def test_every_row_is_held_out_once(self, train, cross_fitted):
        logits, _ = cross_fitted
        held_out = np.concatenate([rows for _, rows in logits.splits_])
        assert sorted(held_out) == list(range(len(train[1])))
        assert logits.oof_logits_.dtype == np.float64
        assert logits.oof_logits_.shape == (len(train[1]), 3)

    def test_the_same_seed_gives_the_same_bits(self, train, cross_fitted):
        images, labels, lesions = train
        logits, handed_on = cross_fitted
        again = clone(logits).fit_transform(images, labels, lesions)
        np.testing.assert_array_equal(again, handed_on)
        other = clone(logits).set_params(random_state=1).fit_transform(images, labels, lesions)
        assert not np.array_equal(other, handed_on)

    def test_each_network_has_a_seed_of_its_own(self, cross_fitted):
        seeds = {network.random_state for network in cross_fitted[0].networks_}
        assert len(seeds) == 3
        assert cross_fitted[0].network.random_state is None


class TestTemperature:
    def test_is_fitted_on_what_the_network_did_not_see(self, train, cross_fitted):
        logits, handed_on = cross_fitted
        raw = clone(logits).set_params(temperature=False)
        images, labels, lesions = train
        unscaled = raw.fit_transform(images, labels, lesions)
        assert raw.temperatures_.tolist() == [1, 1, 1]
        better, worse = (log_loss(labels, softmax(x, axis=1)) for x in (handed_on, unscaled))
        assert better < worse

    @pytest.mark.parametrize("heat", [0.25, 1.0, 3.0])
    def test_finds_what_logits_were_multiplied_by(self, heat):
        rng = np.random.default_rng(0)
        logits = rng.normal(scale=2, size=(6000, 3))
        codes = np.array([rng.choice(3, p=np.exp(log_softmax(row))) for row in logits])
        assert fit_temperature(heat * logits, codes) == pytest.approx(heat, rel=0.08)

    def test_stays_finite_where_the_network_never_errs(self):
        codes = np.array([0, 1, 2])
        assert 0.05 <= fit_temperature(np.eye(3), codes) < 0.06


class TestInput:
    def test_groups_come_from_the_manifest(self, models, manifest):
        logits = CrossFittedLogits(models["cnn"], random_state=0)
        logits.fit(manifest, manifest["label"])
        lesions = group_ids(manifest)
        for train, held_out in logits.splits_:
            assert not set(lesions[train]) & set(lesions[held_out])

    @pytest.mark.parametrize("routing", [False, True])
    def test_groups_come_through_a_pipeline(self, train, routing):
        images, labels, _ = train
        tens = np.arange(len(labels)) // 10
        model = LesionPipeline([("features", CrossFittedLogits(toys.Memoriser(), random_state=0))])
        with config_context(enable_metadata_routing=routing):
            model.fit(images, labels, groups=tens)
        for ours, held_out in model["features"].splits_:
            assert not set(tens[ours]) & set(tens[held_out])

    def test_a_class_in_one_lesion_is_named(self, train):
        images, labels, lesions = (values[:60].copy() for values in train)
        labels[:2] = "rare"
        with pytest.raises(ValueError, match="Class rare is in 1 group"):
            CrossFittedLogits(toys.Memoriser(), random_state=0).fit(images, labels, lesions)

    def test_unfitted(self, train):
        logits = CrossFittedLogits(toys.Memoriser())
        with pytest.raises(NotFittedError):
            logits.transform(train[0])
        with pytest.raises(NotFittedError):
            logits.get_feature_names_out()

    def test_lengths_must_agree(self, train):
        with pytest.raises(ValueError, match="a label for each of 800 images, got 5"):
            CrossFittedLogits(toys.Memoriser()).fit(train[0], train[1][:5])

    def test_a_network_of_other_classes_is_refused(self, train):
        class Coarse(toys.Memoriser):
            def fit(self, X, y, groups=None):
                return super().fit(X, np.where(y == "nevus", "nevus", "other"), groups)

        with pytest.raises(ValueError, match="give labels of the classes that it predicts"):
            CrossFittedLogits(Coarse()).fit(*train)


class TestBesideFeatures:
    @pytest.fixture
    def joined(self):
        features = ImageFeatures([("color", ColorMoments())], preparation=Preparation(size=48))
        return CrossFittedLogits(DummyClassifier(), features, n_splits=2, random_state=0)

    def test_columns_of_both(self, joined, lesions):
        joined.set_output(transform="pandas")
        table = joined.fit_transform(lesions, lesions["label"])
        names = list(joined.features.get_feature_names_out())
        assert list(table) == [*names, *(f"cnn__{name}" for name in sorted(set(lesions["label"])))]
        assert (table.dtypes == np.float32).all()
        pd.testing.assert_index_equal(table.index, lesions.index)
        alone = clone(joined.features).fit_transform(lesions)
        np.testing.assert_array_equal(table[names], alone)
        np.testing.assert_array_equal(joined.transform(lesions)[names], alone)

    def test_a_block_of_the_same_name_is_refused(self, joined, lesions):
        joined.features.parts = [("cnn", ColorMoments())]
        with pytest.raises(ValueError, match="may be called 'cnn'"):
            joined.fit(lesions, lesions["label"])

    def test_masks_are_settled_and_checked_without_reading(self, joined, lesions, decoded):
        joined.settle_masks(lesions)
        assert joined.mask_source_ == "given"
        with pytest.raises(ValueError, match="have none"):
            joined.check_masks(lesions.drop(columns="mask"))
        assert not decoded

    def test_parameters_are_nested(self, joined):
        joined.set_params(features__color=ColorMoments(), network__strategy="uniform")
        assert clone(joined).network.strategy == "uniform"


@pytest.fixture(scope="module")
def real(lesions):
    network = CNNClassifier(image_size=32, max_epochs=2, batch_size=16, device="cpu")
    features = ImageFeatures([("color", ColorMoments())], preparation=Preparation(size=48))
    logits = CrossFittedLogits(network, features, n_splits=2, random_state=0)
    return logits, logits.fit_transform(lesions, lesions["label"])


def test_a_real_network(real, lesions, decoded):
    logits, table = real
    assert np.isfinite(table).all()
    assert logits.transform(lesions).shape == table.shape
    assert set(logits.image_parts()) == {"frames", "color", "quality"}
    assert not decoded


def test_pickles(real, lesions, tmp_path):
    logits, _ = real
    joblib.dump(logits, tmp_path / "logits.joblib")
    loaded = joblib.load(tmp_path / "logits.joblib")
    np.testing.assert_array_equal(loaded.transform(lesions), logits.transform(lesions))
