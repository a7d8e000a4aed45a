import json

import numpy as np
import pytest

from features import CNNEmbedding, ColorMoments, ImageFeatures, Preparation
from features.networks import embedding
from fusion import BlockScaler, BoostedTrees, DecisionRule
from pipelines import ArtifactError, LesionPipeline, load_model, save_model


@pytest.fixture(scope="module")
def model(lesions):
    steps = [
        (
            "features",
            ImageFeatures(
                [("color", ColorMoments())], preparation=Preparation(size=48, mask="given")
            ),
        ),
        ("scale", BlockScaler()),
        (
            "classify",
            DecisionRule(BoostedTrees(n_estimators=5, random_state=0), rule="prior_corrected"),
        ),
    ]
    return LesionPipeline(steps).set_output(transform="pandas").fit(lesions, lesions["label"])


@pytest.fixture
def saved(model, lesions, tmp_path):
    path = tmp_path / "model.joblib"
    save_model(model, path, lesions, scores={"macro_auc": 0.9})
    return path


def edit(path, **changes):
    card = path.with_suffix(".json")
    card.write_text(json.dumps(json.loads(card.read_text()) | changes))


def test_a_model_comes_back_the_same(model, saved, lesions):
    loaded = load_model(saved)
    np.testing.assert_array_equal(loaded.predict_proba(lesions), model.predict_proba(lesions))
    np.testing.assert_array_equal(loaded.predict(lesions), model.predict(lesions))


def test_the_card_tells_what_matters(saved, lesions):
    card = json.loads(saved.with_suffix(".json").read_text())
    assert card["classes"] == sorted(set(lesions["label"]))
    assert card["decision"] == "prior_corrected"
    assert card["masks"] == "given"
    assert card["preparation"]["size"] == 48
    assert card["columns"][0].startswith("color__")
    assert card["training"]["images"] == len(lesions)
    assert card["scores"] == {"macro_auc": 0.9}
    assert set(card["versions"]) >= {"dermfusion", "scikit-learn", "torch", "xgboost"}


def test_a_changed_byte_is_refused_before_unpickling(saved, monkeypatch):
    content = bytearray(saved.read_bytes())
    content[len(content) // 2] ^= 1
    saved.write_bytes(content)
    monkeypatch.setattr("joblib.load", lambda *_: pytest.fail("it was unpickled"))
    with pytest.raises(ArtifactError, match="is not the file its card describes"):
        load_model(saved)


def test_another_versions_columns_are_refused(saved):
    card = json.loads(saved.with_suffix(".json").read_text())
    edit(saved, columns=[*card["columns"][:-1], "color__something_else"])
    with pytest.raises(ArtifactError, match=r"columns are computed otherwise.*\(2 differ"):
        load_model(saved)


def test_another_definition_is_refused(saved, monkeypatch):
    monkeypatch.setattr(ColorMoments, "version", 99)
    with pytest.raises(ArtifactError, match="definitions are computed otherwise"):
        load_model(saved)


def test_another_preparation_is_refused(saved, monkeypatch):
    monkeypatch.setattr(Preparation, "version", 99)
    with pytest.raises(ArtifactError, match="definitions are computed otherwise"):
        load_model(saved)


@pytest.mark.parametrize("name", ["model.json", "model"])
def test_the_card_never_overwrites_the_model(model, lesions, tmp_path, name):
    with pytest.raises(ArtifactError, match=r"expected a name that ends in \.joblib"):
        save_model(model, tmp_path / name, lesions)
    assert not list(tmp_path.iterdir())


def test_another_library_is_refused(saved):
    versions = json.loads(saved.with_suffix(".json").read_text())["versions"]
    edit(saved, versions=versions | {"xgboost": "1.0.0"})
    with pytest.raises(ArtifactError, match=r"written with xgboost 1\.0\.0"):
        load_model(saved)


def test_missing_or_foreign_files(saved, tmp_path):
    with pytest.raises(ArtifactError, match="no such file"):
        load_model(tmp_path / "nothing.joblib")
    saved.with_suffix(".json").write_text("[1, 2]")
    with pytest.raises(ArtifactError, match="not a model card"):
        load_model(saved)
    saved.with_suffix(".json").write_text("hello")
    with pytest.raises(ArtifactError, match="not a model card"):
        load_model(saved)


def test_masks_are_not_swapped_behind_ones_back(saved, lesions):
    loaded = load_model(saved)
    with pytest.raises(ValueError, match="fitted on given lesion masks"):
        loaded.predict(lesions.drop(columns="mask"))


def test_a_model_from_a_gpu_loads_where_there_is_none(lesions, tmp_path, monkeypatch):
    part = CNNEmbedding("lenet", None, image_size=32, engine="eager", random_state=0)
    steps = [("features", ImageFeatures([("embedding", part)])), ("classify", BoostedTrees(2))]
    model = LesionPipeline(steps).fit(lesions, lesions["label"])
    expected = model.predict_proba(lesions)
    path = tmp_path / "model.joblib"
    save_model(model.set_params(features__embedding__device="cuda"), path, lesions)

    def no_gpu(device):
        raise ValueError(f"no {device} here")

    with monkeypatch.context() as patch:
        patch.setattr(embedding, "pick_device", no_gpu)
        loaded = load_model(path)
    loaded.set_params(features__embedding__device="cpu")
    np.testing.assert_array_equal(loaded.predict_proba(lesions), expected)
