"""A network trained on half of the lesions, and a booster on its embedding of the others."""

import importlib.util
from pathlib import Path

import joblib
import numpy as np
import pytest
from sklearn import config_context
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from features import ColorMoments, ImageFeatures, Preparation
from fusion import BlockScaler, BoostedTrees, DecisionRule, grouped_folds
from pipelines import CNNClassifier, SplitFitEmbedding
from pipelines.intake import image_side, take_in

_spec = importlib.util.spec_from_file_location(
    "network_toys", Path(__file__).with_name("network_toys.py")
)
toys = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(toys)

BOOSTER = BoostedTrees(60, learning_rate=0.1, max_depth=2, n_jobs=1)


class WatchedTable(ClassifierMixin, BaseEstimator):
    """Classifier that remembers the table it was fitted on, and its groups."""

    def fit(self, X, y, groups=None):
        self.table_, self.groups_ = X, groups
        self.model_ = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=1000))
        self.model_.fit(X, y)
        self.classes_ = self.model_.classes_
        return self

    def predict_proba(self, X):
        return self.model_.predict_proba(X)


@pytest.fixture(scope="module")
def train():
    return toys.draw_views(400, random_state=0)


@pytest.fixture(scope="module")
def unseen():
    return toys.draw_views(600, random_state=1)


@pytest.fixture(scope="module")
def fitted(train):
    model = SplitFitEmbedding(toys.Memoriser(), WatchedTable(), random_state=0)
    return model.fit(*train)


def auc(model, images, labels):
    return roc_auc_score(labels, model.predict_proba(images), multi_class="ovr")


def test_network_and_classifier_share_no_lesion(fitted, train):
    _, labels, lesions = train
    ours, theirs = fitted.network_indices_, fitted.classifier_indices_
    assert sorted([*ours, *theirs]) == list(range(len(labels)))
    assert not set(lesions[ours]) & set(lesions[theirs])
    assert len(ours) == pytest.approx(len(theirs), rel=0.05)
    assert len(fitted.network_.table_) == len(ours)
    np.testing.assert_array_equal(fitted.classifier_.groups_, lesions[theirs])


@pytest.mark.parametrize("classifier", [BOOSTER, WatchedTable()])
def test_fused_is_no_worse_than_the_network_alone(classifier, unseen):
    # Half of the lesions must be enough for the network, as they are here and were not of 400.
    train = toys.draw_views(1000, random_state=0)
    alone = auc(toys.Memoriser().fit(*train[:2]), *unseen[:2])
    model = SplitFitEmbedding(toys.Memoriser(), classifier, random_state=0).fit(*train)
    assert auc(model, *unseen[:2]) > alone - 0.005


def test_training_and_new_rows_are_alike(fitted, unseen):
    def confidence(table):
        logits = table.filter(like="cnn__").to_numpy()
        return (np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)).max(axis=1).mean()

    new = fitted._table(unseen[0], np.empty((len(unseen[0]), 0)))
    assert abs(confidence(fitted.classifier_.table_) - confidence(new)) < 0.02


def test_the_embedding_shows_no_gap_as_naive_use_does():
    # Classes that are hard to tell apart, so that what is known by heart makes a difference.
    images, labels, lesions = toys.draw_views(400, random_state=0, signal=0.08)
    new_images, new_labels, _ = toys.draw_views(600, random_state=1, signal=0.08)

    def gap(network, rows):
        """How much AUC a classifier of embeddings loses from the rows it learned to new ones."""
        classifier = WatchedTable().fit(network.embed(images[rows]), labels[rows])
        own = classifier.predict_proba(network.embed(images[rows]))
        new = classifier.predict_proba(network.embed(new_images))
        return roc_auc_score(labels[rows], own, multi_class="ovr") - roc_auc_score(
            new_labels, new, multi_class="ovr"
        )

    naive = toys.Memoriser().fit(images, labels)
    assert gap(naive, np.arange(len(labels))) > 0.2
    model = SplitFitEmbedding(toys.Memoriser(), WatchedTable(), random_state=0)
    model.fit(images, labels, lesions)
    assert abs(gap(model.network_, model.classifier_indices_)) < 0.03
    # It is the choice of rows that does it: those of the network itself show the gap again.
    assert gap(model.network_, model.network_indices_) > 0.2


def test_unfitted(unseen):
    model = SplitFitEmbedding(toys.Memoriser(), BOOSTER)
    for method in (model.predict, model.predict_proba):
        with pytest.raises(NotFittedError):
            method(unseen[0])


def test_shuffled_labels_teach_nothing(train):
    images, labels, lesions = train
    shuffled = np.random.default_rng(0).permutation(labels[::2])[lesions]
    found = np.empty((len(labels), 3))
    for ours, held_out in grouped_folds(shuffled, lesions, 2, random_state=0):
        model = SplitFitEmbedding(toys.Memoriser(), BOOSTER, random_state=0)
        model.fit(images[ours], shuffled[ours], lesions[ours])
        found[held_out] = model.predict_proba(images[held_out])
    # 400 lesions: the standard error of a macro AUC is about 0.02.
    assert roc_auc_score(shuffled, found, multi_class="ovr") == pytest.approx(0.5, abs=0.06)


def test_fraction_is_the_networks_share(train):
    model = SplitFitEmbedding(toys.Memoriser(), BOOSTER, fraction=0.75, random_state=0)
    model.fit(*train)
    assert len(model.network_indices_) == pytest.approx(0.75 * len(train[1]), rel=0.05)


def test_the_same_seed_gives_the_same_bits(train, unseen):
    model = SplitFitEmbedding(toys.Memoriser(), BOOSTER, random_state=0).fit(*train)
    again = clone(model).fit(*train)
    np.testing.assert_array_equal(again.predict_proba(unseen[0]), model.predict_proba(unseen[0]))
    other = clone(model).set_params(random_state=1).fit(*train)
    assert not np.array_equal(other.network_indices_, model.network_indices_)


@pytest.mark.parametrize("fraction", [0, 1, 1.5])
def test_fractions_must_leave_rows_for_both(train, fraction):
    with pytest.raises(ValueError, match=r"`fraction` must be in \(0, 1\)"):
        SplitFitEmbedding(toys.Memoriser(), BOOSTER, fraction=fraction).fit(*train)


def test_a_class_in_one_lesion_is_named(train):
    images, labels, lesions = (values[:60].copy() for values in train)
    labels[:2] = "rare"
    with pytest.raises(ValueError, match="Class rare has no row left for the classifier"):
        SplitFitEmbedding(toys.Memoriser(), BOOSTER, random_state=0).fit(images, labels, lesions)


@pytest.mark.parametrize("routing", [False, True])
def test_groups_come_through_a_rule(train, routing):
    images, labels, _ = train
    tens = np.arange(len(labels)) // 10
    model = DecisionRule(SplitFitEmbedding(toys.Memoriser(), BOOSTER, random_state=0))
    with config_context(enable_metadata_routing=routing):
        model.fit(images, labels, groups=tens)
    inner = model.estimator_
    assert not set(tens[inner.network_indices_]) & set(tens[inner.classifier_indices_])


@pytest.fixture(scope="module")
def real(lesions):
    network = CNNClassifier(image_size=32, max_epochs=2, batch_size=16, device="cpu")
    features = ImageFeatures([("color", ColorMoments())], preparation=Preparation(size=48))
    classifier = make_pipeline(BlockScaler(), WatchedTable()).set_output(transform="pandas")
    model = SplitFitEmbedding(network, classifier, features, random_state=0)
    assert image_side(DecisionRule(model)) is model
    assert len(take_in({"model": model}, lesions).kept) == len(lesions)
    return model.fit(lesions, lesions["label"])


def test_a_real_network_beside_features(real, lesions):
    assert real.predict_proba(lesions).shape == (len(lesions), 3)
    assert set(real.predict(lesions)) <= set(lesions["label"])
    table = real.classifier_[-1].table_
    assert len(table) == len(real.classifier_indices_)
    blocks = list(dict.fromkeys(name.partition("__")[0] for name in table))
    assert blocks == ["color", "cnn_embedding", "cnn"]
    assert table.filter(like="cnn_embedding__").shape[1] == 1280


def test_pickles(real, lesions, tmp_path):
    real.set_params(classifier=BOOSTER)  # a class of this file cannot be imported elsewhere
    model = clone(real).fit(lesions, lesions["label"])
    joblib.dump(model, tmp_path / "model.joblib")
    loaded = joblib.load(tmp_path / "model.joblib")
    np.testing.assert_array_equal(loaded.predict_proba(lesions), model.predict_proba(lesions))
