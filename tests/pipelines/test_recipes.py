import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import GridSearchCV, GroupKFold

from features import GLCM, ColorMoments, Preparation
from fusion import DecisionRule
from pipelines import (
    MODELS,
    CNNClassifier,
    LesionPipeline,
    default_descriptors,
    group_ids,
    make_fusion_classifier,
    make_model,
)

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


@pytest.mark.parametrize(("device", "expected"), [("cuda:1", "cuda:1"), ("mps", "cpu")])
def test_boosting_runs_on_the_gpu_that_is_named(monkeypatch, device, expected):
    monkeypatch.setattr("pipelines.recipes.pick_device", torch.device)
    model = make_fusion_classifier(backbone=None, device=device)
    assert model.get_params()["classify__estimator__device"] == expected


@pytest.fixture(scope="module")
def fitted(lesions):
    return make_fusion_classifier(**SMALL).fit(lesions, lesions["label"])


def test_fusion_learns_what_is_drawn(fitted, lesions):
    assert fitted.score(lesions, lesions["label"]) > 0.9
    probabilities = fitted.predict_proba(lesions)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)


def test_blocks_are_named_from_step_to_step(fitted):
    names = fitted[:-1].get_feature_names_out()
    assert len(names) == 40
    assert {name.split("__")[0] for name in names} <= {name for name, _ in fitted.image_step.parts}


def test_the_same_seed_gives_the_same_bits(fitted, lesions):
    again = clone(fitted).fit(lesions, lesions["label"])
    np.testing.assert_array_equal(again.predict_proba(lesions), fitted.predict_proba(lesions))


def test_any_classifier_and_nested_parameters(lesions):
    forest = RandomForestClassifier(20, random_state=0)
    model = make_fusion_classifier(
        backbone=None,
        descriptors=[("color", ColorMoments()), ("glcm", GLCM())],
        classifier=forest,
        **SMALL,
    )
    assert isinstance(model, LesionPipeline)
    folds = list(GroupKFold(2).split(lesions, groups=group_ids(lesions)))
    grid = {"features__glcm__levels": [16, 32], "select__k": [20, 40]}
    search = GridSearchCV(model, grid, cv=folds, error_score="raise")
    search.fit(lesions, lesions["label"])
    assert set(search.best_params_) == set(grid)
    assert search.best_score_ > 0.4
