import json

import numpy as np
import pytest
from sklearn.base import clone

from features import GLCM, ColorMoments, Preparation
from fusion import (
    BoostedTrees,
    DecisionRule,
)
from pipelines import (
    MODELS,
    CNNClassifier,
    compare,
    default_descriptors,
    load_model,
    make_model,
    save_model,
)
from pipelines.evaluation import Protocol
from pipelines.intake import image_side

SMALL = {"preparation": Preparation(size=64), "k": 40, "n_jobs": 1, "random_state": 0}


@pytest.mark.parametrize(
    ("name", "has_descriptors", "has_embedding"),
    [("fusion", True, True), ("classical", True, False), ("embedding", False, True)],
)
def test_blocks_of_each_model(name, has_descriptors, has_embedding):
    blocks = [block for block, _ in make_model(name).image_step.parts]
    assert (set(blocks) >= {name for name, _ in default_descriptors()}) == has_descriptors
    assert ("embedding" in blocks) == has_embedding


def test_the_end_to_end_model_is_a_network_under_its_rule():
    model = make_model("cnn", image_size=64, max_epochs=3, decision="prior_corrected")
    assert isinstance(model, DecisionRule)
    assert model.rule == "prior_corrected"
    assert isinstance(model.estimator, CNNClassifier)
    assert model.estimator.image_size == 64


def test_unknown_model():
    with pytest.raises(ValueError, match=f"expected one of {', '.join(MODELS)}"):
        make_model("magic")


def test_misspelt_options_are_refused():
    with pytest.raises(TypeError, match="unknown options: decison"):
        make_model("cnn", decison="prior_corrected")


class TestFineTunedFusion:
    """Descriptors and a fine-tuned network's cross-fitted logits, in both ways."""

    PARTS = (("color", ColorMoments()), ("glcm", GLCM()))

    @pytest.fixture(params=["fusion_cnn", "late_fusion"])
    def model(self, request):
        return make_model(
            request.param,
            image_size=32,
            max_epochs=1,
            descriptors=list(self.PARTS),
            classifier=BoostedTrees(n_estimators=10, n_jobs=1, random_state=0),
            decision="prior_corrected",
            device="cpu",
            **SMALL,
        )

    @pytest.mark.filterwarnings("ignore:20 samples allow 2 bins")
    def test_compares_and_reads_each_image_once(self, model, lesions, decoded, tmp_path):
        asked = [name for side in image_side(model).readers for name in side.image_parts()]
        assert {"frames", "color", "glcm"} <= set(asked)
        model.set_params(features__network__store=tmp_path / "rows.sqlite")
        model.set_params(features__features__store=tmp_path / "rows.sqlite")
        result = compare({"fused": model}, lesions, protocol=Protocol(n_splits=2), n_bootstrap=5)
        assert len(decoded) == len(lesions)
        assert result.predictions["row"].tolist() == list(range(len(lesions)))
        assert result.settings["models"]["fused"]["kind"] == "features"

    def test_networks_are_trained_once_for_a_fold(self, model, lesions, monkeypatch):
        fits = []
        fit = CNNClassifier.fit

        def watch(self, X, y, groups=None):
            fits.append(set(X["lesion"]))
            return fit(self, X, y, groups)

        monkeypatch.setattr(CNNClassifier, "fit", watch)
        model.fit(lesions, lesions["label"])
        assert len(fits) == 3
        assert model.predict_proba(lesions).shape == (len(lesions), 3)
        assert len(fits) == 3
        assert not fits[0] & fits[1] & fits[2]

    def test_is_saved_and_loaded(self, model, lesions, tmp_path):
        model.fit(lesions, lesions["label"])
        save_model(model, tmp_path / "model.joblib", lesions)
        loaded = load_model(tmp_path / "model.joblib")
        np.testing.assert_array_equal(loaded.predict_proba(lesions), model.predict_proba(lesions))
        card = json.loads((tmp_path / "model.json").read_text())
        assert card["columns"][-3:] == [f"cnn__{name}" for name in model.classes_]
        assert set(card["definitions"]) == {"frames", "color", "glcm", "quality"}
        assert card["masks"] == "given"
        assert card["decision"] == "prior_corrected"

    def test_parameters_reach_the_network(self, model):
        model.set_params(features__network__max_epochs=7, features__n_splits=2)
        copy = clone(model)
        assert copy.image_step.network.max_epochs == 7
        assert copy.image_step.n_splits == 2
        assert copy.image_step.random_state == 0


def test_late_fusion_stacks_two_models_of_their_own_blocks():
    model = make_model("late_fusion", k=40)
    members = dict(model[-1].estimator.estimators)
    assert members["descriptors"]["blocks"].blocks == [name for name, _ in default_descriptors()]
    assert members["cnn"]["blocks"].blocks == ["cnn"]
    assert [name for name, _ in model.steps] == ["features", "classify"]


def test_a_network_of_ones_own(tmp_path):
    network = CNNClassifier("resnet18", transfer="head")
    assert make_model("cnn", network=network).estimator is network
    for name in ("fusion_cnn", "late_fusion"):
        model = make_model(name, network=network, memory=str(tmp_path))
        assert model.image_step.network is network
        assert model.memory == str(tmp_path)


def test_both_fusions_share_networks_through_memory(lesions, tmp_path, monkeypatch):
    fits = []
    fit = CNNClassifier.fit
    monkeypatch.setattr(
        CNNClassifier, "fit", lambda self, *args: fits.append(0) or fit(self, *args)
    )
    for name in ("fusion_cnn", "late_fusion"):
        make_model(
            name,
            image_size=32,
            max_epochs=1,
            descriptors=[("color", ColorMoments())],
            classifier=BoostedTrees(n_estimators=10, n_jobs=1, random_state=0),
            memory=str(tmp_path),
            device="cpu",
            **SMALL,
        ).fit(lesions, lesions["label"])
    assert len(fits) == 3


def test_weights_and_checkpoint_reach_the_networks():
    network = make_model("cnn", weights=None, checkpoint="runs").estimator
    assert (network.weights, network.checkpoint) == (None, "runs")
    parts = dict(make_model("embedding", weights="w.pth").image_step.parts)
    assert parts["embedding"].weights == "w.pth"


@pytest.mark.parametrize("name", ["cnn", "fusion_cnn"])
def test_a_scale_of_pixels_reaches_the_networks(name):
    model = make_model(name, backbone="mobilenet_v2", normalization="symmetric")
    chosen = {k: v for k, v in model.get_params().items() if k.endswith("normalization")}
    assert set(chosen.values()) == {"symmetric"}
    network = next(v for v in model.get_params().values() if isinstance(v, CNNClassifier))
    assert network.image_parts()["frames"][1].fill == (128, 128, 128)


@pytest.mark.parametrize("name", MODELS)
def test_every_model_takes_the_options_of_the_command_line(name):
    options = {"weights": "default", "k": 40, "store": "memory", "device": "cpu", "n_jobs": 1}
    model = make_model(
        name,
        preparation=Preparation(size=64),
        decision="prior_corrected",
        random_state=3,
        **options,
    )
    rule = model if isinstance(model, DecisionRule) else model[-1]
    assert rule.rule == "prior_corrected"
    seeds = {v for k, v in model.get_params().items() if k.endswith("random_state")}
    assert 3 in seeds
    clone(model)
