"""Groups reach every split, whoever calls `fit`."""

import numpy as np
import pytest
from sklearn import config_context
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_validate
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from features import ColorMoments, ImageFeatures, Preparation
from fusion import BlockScaler, BoostedTrees, DecisionRule, GroupedCalibration, GroupedStacking
from pipelines import LesionPipeline
from pipelines.data import group_ids

EARLY_STOPPING = BoostedTrees(
    n_estimators=8, early_stopping_rounds=2, validation_fraction=0.25, random_state=0
)
CALIBRATION = GroupedCalibration(LogisticRegression(max_iter=500), n_splits=2, random_state=0)
STACKING = GroupedStacking([("a", LogisticRegression(max_iter=500))], n_splits=2, random_state=0)
SPLITTERS = {
    "early stopping": EARLY_STOPPING,
    "calibration": CALIBRATION,
    "stacking": STACKING,
    "nested": Pipeline([("scale", StandardScaler()), ("classify", EARLY_STOPPING)]),
    "under a rule": DecisionRule(EARLY_STOPPING, rule="prior_corrected"),
}


def make_pipeline(classifier):
    features = ImageFeatures([("color", ColorMoments())], preparation=Preparation(size=48))
    steps = [("features", features), ("scale", BlockScaler()), ("classify", classifier)]
    return LesionPipeline(steps).set_output(transform="pandas")


def inner_splits(pipeline, n_rows):
    """Splits that the fitted classifier made, as (one part, other part)."""
    classifier = pipeline[-1]
    if isinstance(classifier, Pipeline):
        classifier = classifier[-1]
    classifier = getattr(classifier, "estimator_", classifier)
    if hasattr(classifier, "validation_indices_"):
        held_out = classifier.validation_indices_
        return [(np.setdiff1d(np.arange(n_rows), held_out), held_out)]
    return classifier.splits_


def assert_groups_stay_together(pipeline, manifest):
    groups = group_ids(manifest)
    assert len(set(groups)) < len(groups), "a test that cannot fail"
    splits = inner_splits(pipeline, len(manifest))
    assert splits
    for one, other in splits:
        assert len(one)
        assert len(other)
        assert not set(groups[one]) & set(groups[other])


@pytest.fixture(params=[False, True], ids=["routing off", "routing on"])
def routing(request):
    with config_context(enable_metadata_routing=request.param):
        yield request.param


@pytest.fixture(params=SPLITTERS.values(), ids=SPLITTERS.keys())
def pipeline(request):
    return make_pipeline(request.param)


def outer_groups(manifest, routing):
    groups = group_ids(manifest)
    return {"params": {"groups": groups}} if routing else {"groups": groups}


def test_plain_fit(pipeline, lesions, routing):
    assert_groups_stay_together(pipeline.fit(lesions, lesions["label"]), lesions)


def test_groups_of_the_caller_win(pipeline, lesions, routing):
    halves = np.arange(len(lesions)) % 12
    fitted = pipeline.fit(lesions, lesions["label"], groups=halves)
    for one, other in inner_splits(fitted, len(lesions)):
        assert not set(halves[one]) & set(halves[other])


@pytest.mark.parametrize("explicit", [False, True])
def test_cross_validate(pipeline, lesions, routing, explicit):
    if explicit:
        extra = outer_groups(lesions, routing) | {"cv": GroupKFold(2)}
    else:
        extra = {"cv": list(GroupKFold(2).split(lesions, groups=group_ids(lesions)))}
    result = cross_validate(
        pipeline,
        lesions,
        lesions["label"],
        return_estimator=True,
        return_indices=True,
        error_score="raise",
        **extra,
    )
    for fitted, train in zip(result["estimator"], result["indices"]["train"], strict=True):
        assert_groups_stay_together(fitted, lesions.iloc[train])


def test_nested_grid_search(pipeline, lesions, routing):
    inner = list(GroupKFold(2).split(lesions, groups=group_ids(lesions)))
    grid = {"features__color": [ColorMoments()], "scale__weights": [None, {"color": 2.0}]}
    search = GridSearchCV(pipeline, grid, cv=inner, error_score="raise")
    search.fit(lesions, lesions["label"])
    assert_groups_stay_together(search.best_estimator_, lesions)


def test_table_steps_are_the_rest_of_the_model(lesions):
    pipeline = make_pipeline(DecisionRule(EARLY_STOPPING)).fit(lesions, lesions["label"])
    table = pipeline.image_step.transform(lesions)
    rest = pipeline.table_steps().fit(table, lesions["label"], groups=group_ids(lesions))
    np.testing.assert_array_equal(rest.predict_proba(table), pipeline.predict_proba(lesions))


def test_labels_never_enter_features(lesions):
    pipeline = make_pipeline(DecisionRule(EARLY_STOPPING)).fit(lesions, lesions["label"])
    expected = pipeline.predict_proba(lesions)
    turned = lesions.assign(label=lesions["label"].to_numpy()[::-1])
    np.testing.assert_array_equal(pipeline.predict_proba(turned), expected)
    bare = lesions[["image", "mask"]]
    np.testing.assert_array_equal(pipeline.predict_proba(bare), expected)
