"""What is known of patients, as columns of a fused model."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.dummy import DummyClassifier

from features import ColorMoments, ImageFeatures, Preparation
from fusion import UglyDuckling
from pipelines import (
    LesionPipeline,
    Missingness,
    PatientFeatures,
    PatientMetadata,
    Protocol,
    compare,
    load_model,
    make_model,
    save_model,
)
from pipelines.intake import image_side

SMALL = {
    "preparation": Preparation(size=48),
    "descriptors": [("color", ColorMoments())],
    "backbone": None,
    "k": 40,
    "n_jobs": 1,
    "random_state": 0,
    "classifier": "logistic",
}


@pytest.fixture(scope="module")
def cohort(lesions):
    """Patients of about three lesions; sex is known of melanomas alone, so that it tells."""
    rng = np.random.default_rng(0)
    names = lesions["lesion"].unique()
    patient = dict(zip(names, rng.integers(0, len(names) // 3, len(names)), strict=True))
    sex = np.where(lesions["label"] == "melanoma", "female", "unknown")
    return lesions.assign(
        patient=lesions["lesion"].map(patient).map("P{}".format),
        age=rng.integers(20, 80, len(lesions)).astype(float),
        sex=sex,
    )


@pytest.fixture
def step():
    images = ImageFeatures([("color", ColorMoments())], preparation=Preparation(size=48))
    return PatientFeatures(
        images, metadata=PatientMetadata(), ugly_duckling=UglyDuckling()
    ).set_output(transform="pandas")


def test_columns_of_all_three(step, cohort):
    found = step.fit_transform(cohort)
    images = clone(step.features).set_output(transform="pandas").fit_transform(cohort)
    assert list(found)[: images.shape[1]] == list(images)
    assert_array_equal(found[list(images)], images)
    blocks = [name.split("__")[0] for name in found]
    assert list(dict.fromkeys(blocks)) == ["color", "metadata", "duckling"]
    duckling = UglyDuckling().fit_transform(
        images, patients=cohort["patient"], lesions=cohort["lesion"]
    )
    assert_allclose(found.filter(like="duckling"), duckling, rtol=1e-5, atol=1e-6)
    others = cohort.groupby("patient")["lesion"].transform("nunique") - 1
    assert_array_equal(found["duckling__n_others"], others)


def test_rows_of_one_call_are_compared_with_each_other_alone(step, cohort):
    step.fit(cohort.head(30))
    rest = step.transform(cohort.tail(30))
    own = UglyDuckling().fit(step.features_.transform(cohort.head(30)))
    alone = own.transform(
        step.features_.transform(cohort.tail(30)),
        cohort["patient"].tail(30),
        cohort["lesion"].tail(30),
    )
    assert_allclose(rest.filter(like="duckling"), alone, rtol=1e-5, atol=1e-6)


def test_one_lesion_alone_can_be_described(step, cohort):
    step.fit(cohort)
    assert_array_equal(step.transform(cohort.iloc[[5]]).filter(like="duckling"), 0)
    with pytest.warns(UserWarning, match="these images come without age, sex"):
        found = step.transform(cohort[["image", "mask"]].iloc[[5]])
    assert_array_equal(found.filter(like="duckling"), 0)
    assert found["metadata__sex_missing"].tolist() == [1]


def test_patients_are_needed_to_fit(step, cohort, decoded):
    with pytest.raises(ValueError, match="the manifest names no patient"):
        step.fit(cohort.drop(columns="patient"))
    with pytest.raises(ValueError, match="needs a manifest with any of"):
        step.fit(cohort.drop(columns=["age", "sex"]))
    assert not decoded


@pytest.mark.parametrize("name", ["fusion_metadata", "ugly_duckling"])
def test_models_are_fitted_saved_and_loaded(name, cohort, tmp_path):
    model = make_model(name, **SMALL)
    assert isinstance(image_side(model), PatientFeatures)
    model.fit(cohort, cohort["label"])
    if name == "fusion_metadata":
        kept = set(model[:-1].get_feature_names_out())
        assert {"metadata__age", "metadata__sex=female", "metadata__sex_missing"} <= kept
    save_model(model, tmp_path / "model.joblib", cohort)
    loaded = load_model(tmp_path / "model.joblib")
    expected = model.predict_proba(cohort)
    assert_array_equal(loaded.predict_proba(cohort), expected)
    copy = clone(model).fit(cohort, cohort["label"])
    assert_array_equal(copy.predict_proba(cohort), expected)
    assert copy.get_params()["features__features__color"] is not None


def test_missing_values_alone_give_the_label_away(cohort, decoded):
    """The control finds what was planted; without holes in the table it finds nothing."""
    models = {"missingness": make_model("missingness", random_state=0)}
    leaky = compare(models, cohort, protocol=Protocol(n_splits=3), n_bootstrap=5)
    clean = compare(
        models, cohort.assign(sex="female"), protocol=Protocol(n_splits=3), n_bootstrap=5
    )
    auc = [found.metrics.query("unit == 'lesion'")["macro_auc"].iloc[0] for found in (leaky, clean)]
    assert auc[0] > 0.75
    assert auc[1] == pytest.approx(0.5, abs=0.1)
    assert not decoded


def test_the_control_is_saved_and_loaded(cohort, tmp_path):
    model = make_model("missingness", random_state=0).fit(cohort, cohort["label"])
    save_model(model, tmp_path / "model.joblib", cohort)
    loaded = load_model(tmp_path / "model.joblib")
    assert_array_equal(loaded.predict_proba(cohort), model.predict_proba(cohort))
    bare = loaded.predict_proba(cohort[["image"]])
    assert_allclose(bare.sum(axis=1), 1, rtol=1e-5)


def test_comparison_refits_what_learns_on_each_fold(cohort, monkeypatch):
    seen = []
    fit = PatientMetadata.fit
    monkeypatch.setattr(
        PatientMetadata,
        "fit",
        lambda self, X, y=None: seen.append(set(X["lesion"])) or fit(self, X),
    )
    model = make_model("fusion_metadata", **(SMALL | {"classifier": DummyClassifier()}))
    protocol = Protocol(n_splits=3, inner_splits=0)
    result = compare({"fused": model}, cohort, protocol=protocol, n_bootstrap=5)
    assert len(seen) == 3
    assert not set.intersection(*seen)
    assert result.settings["models"]["fused"]["masks"] == "given"
    assert result.settings["models"]["fused"]["kind"] == "features"
    assert result.settings["models"]["fused"]["metadata"] == ["age", "sex"]


def test_masks_are_asked_for_as_by_image_features(step, cohort):
    step.fit(cohort)
    with pytest.raises(ValueError, match="fitted on given lesion masks"):
        step.check_masks(cohort.drop(columns="mask"))


def test_missingness_alone_is_a_step_of_a_pipeline(cohort):
    model = LesionPipeline([("features", Missingness(["sex"])), ("classify", DummyClassifier())])
    assert model.fit(cohort, cohort["label"]).image_step.columns_ == ["sex"]
