import re

import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV

from features import ColorMoments, ImageFeatures, Preparation
from pipelines import LesionPipeline, make_fusion_classifier
from pipelines.model_facts import _plain_parameters, _unusual, model_facts
from pipelines.recipes import CLASSIFIERS, make_classifier, make_model
from pipelines.reporting.sections.reproduce import describe_model


@pytest.mark.parametrize("wrap", [lambda model: model, lambda model: GridSearchCV(model, {})])
def test_models_of_features_are_known_below_a_search(wrap, lesions):
    features = ImageFeatures([("color", ColorMoments())])
    model = LesionPipeline([("features", features), ("classify", LogisticRegression())])
    told = model_facts(wrap(model), lesions)
    assert (told["kind"], told["masks"]) == ("features", "given")


def test_one_standard_error_is_told_as_the_rule(models):
    model = make_fusion_classifier(backbone=None, k="one_se", selector="anova_f")
    told = _plain_parameters(model)
    assert {name: told[name] for name in told if name.endswith("__k")} == {
        "select__selector__selector__k": "one_se"
    }
    told = _plain_parameters(models["fusion"])
    assert not any(name.endswith("__k") for name in told)


def test_steps_and_unusual_preparation_are_told():
    lesions = pd.DataFrame({"image": ["a.png"], "label": ["nevus"], "age": [40]})
    chosen = {"classifier": make_classifier("svm"), "selector": "anova_f"}
    model = make_model("fusion_metadata", preparation=Preparation(constancy=True), **chosen)
    facts = model_facts(model, lesions)
    assert facts["preparation"] == {"constancy": True}
    assert facts["metadata"] == ["age"]
    words = describe_model(facts)
    assert "age; constancy True; BlockScaler > " in words
    assert "SVC" in words
    plain = model_facts(make_model("classical"), lesions)
    assert (plain["preparation"], plain["metadata"]) == ({}, [])
    assert "BoltzmannSelector > DecisionRule(BoostedTrees)" in describe_model(plain)


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_every_classifier_has_a_name(name):
    lesions = pd.DataFrame({"image": ["a.png"], "label": ["nevus"]})
    model = make_model("classical", classifier=make_classifier(name))
    last = model_facts(model, lesions)["steps"][-1]
    assert re.fullmatch(r"DecisionRule\(.*[A-Z].*\)", last)
    assert "DecisionTree" not in last


def test_unusual_settings_are_told_whatever_stands_beside_them():
    both = [Preparation(constancy=True), Preparation(mask="segment")]
    assert _unusual(both) == {"constancy": True}
