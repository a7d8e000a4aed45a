import numpy as np
import pytest
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import GridSearchCV, GroupKFold

from features import GLCM, ColorMoments, Preparation
from pipelines import (
    LesionPipeline,
    group_ids,
    make_fusion_classifier,
)

SMALL = {"preparation": Preparation(size=64), "k": 40, "n_jobs": 1, "random_state": 0}


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
