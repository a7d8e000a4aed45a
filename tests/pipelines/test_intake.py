import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV

from features import ColorMoments, ImageError, ImageFeatures, Preparation, SparseCodes
from fusion import BoostedTrees, DecisionRule
from pipelines import CNNClassifier, LesionPipeline, intake
from pipelines.intake import image_side, take_in


def pipeline(size, store):
    features = ImageFeatures(
        [("color", ColorMoments())], preparation=Preparation(size=size), store=store
    )
    return LesionPipeline([("features", features), ("classify", BoostedTrees())])


def test_each_image_is_decoded_once_for_all_models_and_folds(lesions, decoded, tmp_path):
    store = tmp_path / "rows.sqlite"
    network = DecisionRule(CNNClassifier(image_size=32, store=store))
    models = {"a": pipeline(48, store), "b": pipeline(64, store), "cnn": network}
    found = take_in(models, lesions)
    assert len(decoded) == len(lesions)
    for name in ("a", "b"):
        models[name].image_step.fit(lesions.iloc[:30]).transform(lesions)
    assert len(decoded) == len(lesions)
    assert found.kept.tolist() == list(range(len(lesions)))
    assert set(found.seconds) == set(models)
    assert all(value > 0 for value in found.seconds.values())


def test_images_without_masks_are_decoded_once_too(lesions, decoded, tmp_path):
    bare = lesions.drop(columns="mask")
    model = pipeline(48, tmp_path / "rows.sqlite")
    take_in({"a": model}, bare)
    model.image_step.fit(bare).transform(bare)
    assert len(decoded) == len(bare)


def test_lesions_are_described_where_each_model_says(lesions, monkeypatch):
    devices = []
    extracted = intake.extract
    monkeypatch.setattr(intake, "pick_device", lambda device: device.replace("auto", "cpu"))

    def extract(*args, device, **options):
        devices.append(device)
        return extracted(*args, **options)

    monkeypatch.setattr(intake, "extract", extract)
    models = {"cpu": pipeline(48, None), "gpu": pipeline(48, None)}
    models["gpu"].set_params(features__device="cuda")
    models["cnn"] = CNNClassifier("lenet", None, image_size=32, store=None, device="cuda")
    found = take_in(models, lesions.iloc[:4])
    assert sorted(devices) == ["cpu", "cuda"]
    assert all(found.seconds[name] > 0 for name in models)
    devices.clear()
    models["cpu"].set_params(features__device="auto")
    take_in({name: models[name] for name in ("cnn", "cpu")}, lesions.iloc[:4])
    assert devices == ["cpu"]  # one pass: a network alone has no device for lesions


def test_bad_rows_are_listed_or_raise(lesions, tmp_path):
    rows = lesions.iloc[:5].copy()
    rows.iloc[3, rows.columns.get_loc("image")] = str(tmp_path / "lost.png")
    models = {"a": pipeline(48, None)}
    with pytest.raises(ImageError, match=r"row 3, .*lost\.png: no such file"):
        take_in(models, rows)
    found = take_in(models, rows, on_error="skip")
    assert found.kept.tolist() == [0, 1, 2, 4]
    assert [failure.row for failure in found.failures] == [3]
    assert len(found.quality) == 4
    np.testing.assert_array_equal(found.quality["mask_given"], 1)


def test_a_fitted_model_refuses_missing_masks_before_reading(lesions, decoded):
    rows = lesions.iloc[:12]
    model = pipeline(48, None)
    model.image_step.fit(rows)
    with pytest.raises(ValueError, match="12 of the images have none"):
        take_in({"a": model}, rows.drop(columns="mask"), on_error="skip")
    assert not decoded


def test_the_image_side_is_found_below_a_search():
    search = GridSearchCV(pipeline(48, None), {})
    assert image_side(search) is search.estimator.image_step
    search.best_estimator_ = pipeline(48, None)
    assert image_side(search) is search.best_estimator_.image_step


def test_models_that_see_no_lesion_have_no_flags(lesions):
    found = take_in({"cnn": CNNClassifier(image_size=32, store=None)}, lesions.iloc[:4])
    assert found.quality.shape == (4, 0)


def test_a_model_that_reads_images_in_its_own_way_is_left_alone(lesions):
    assert image_side(DecisionRule(BoostedTrees())) is None
    found = take_in({"own": BoostedTrees()}, lesions)
    assert found.kept.tolist() == list(range(len(lesions)))
    assert found.seconds == {}


def test_taking_in_learns_nothing(lesions, decoded, tmp_path, monkeypatch):
    model = pipeline(48, tmp_path / "rows.sqlite")
    parts = [("color", ColorMoments()), ("sparse", SparseCodes(4, n_patches=50, random_state=0))]
    model.image_step.set_params(parts=parts)
    with monkeypatch.context() as patch:
        patch.setattr(SparseCodes, "learn", lambda *_: pytest.fail("it learned from all images"))
        found = take_in({"a": model}, lesions)
    assert found.kept.tolist() == list(range(len(lesions)))
    assert not hasattr(model.image_step, "learned_")
    model.image_step.fit(lesions.iloc[:30]).transform(lesions)
    assert len(decoded) == len(lesions)
