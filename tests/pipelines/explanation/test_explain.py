import json

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression

from features import ABCD, ColorMoments, ImageFeatures, SkinContrast, abcd_report
from fusion import BlockScaler, BoostedTrees, DecisionRule, LateFusion, block_members
from pipelines.cnn import CrossFittedLogits
from pipelines.explanation import explain, grad_cam, row_contributions
from pipelines.explanation.drawing import overlay
from pipelines.pipeline import LesionPipeline


def trees():
    return BoostedTrees(n_estimators=8, max_depth=2, random_state=0, n_jobs=1)


def features():
    parts = [("abcd", ABCD()), ("color", ColorMoments()), ("skin", SkinContrast())]
    return ImageFeatures(parts, store="memory")


def pipeline(first, classifier):
    steps = [("features", first), ("scale", BlockScaler()), ("classify", DecisionRule(classifier))]
    return LesionPipeline(steps).set_output(transform="pandas")


@pytest.fixture(scope="module")
def classical(lesions):
    return pipeline(features(), trees()).fit(lesions, lesions["label"])


@pytest.fixture(scope="module")
def fused(lesions, network):
    quick = clone(network).set_params(max_epochs=1)
    logits = CrossFittedLogits(quick, features(), n_splits=2, random_state=0)
    return pipeline(logits, trees()).fit(lesions, lesions["label"])


@pytest.fixture(scope="module")
def row(lesions):
    return lesions.iloc[[0]]


def explained(model, row, **options):
    return explain(model, row["image"].iloc[0], row["mask"].iloc[0], **options)


def test_numbers_are_the_models_own(classical, row):
    found = explained(classical, row)
    data = found.data
    probabilities = classical.predict_proba(row)[0]
    assert list(data["probabilities"]) == list(classical.classes_)
    np.testing.assert_allclose(list(data["probabilities"].values()), probabilities, rtol=1e-6)
    assert data["predicted"] == data["explained"] == classical.predict(row)[0]
    pd.testing.assert_frame_equal(found.contributions, row_contributions(classical, row))
    assert found.map is None
    assert "map" not in data


def test_blocks_and_columns_are_of_the_class_explained(classical, row):
    found = explained(classical, row, label="nevus", n_columns=5)
    own = found.contributions[found.contributions["class"] == "nevus"]
    blocks = {entry["block"]: entry["contribution"] for entry in found.data["blocks"]}
    sums = own.groupby("block")["contribution"].sum().to_dict()
    assert blocks == pytest.approx(sums)
    sizes = [abs(entry["contribution"]) for entry in found.data["columns"]]
    assert len(sizes) == 5
    assert sizes == sorted(own["contribution"].abs(), reverse=True)[:5]
    first = found.data["columns"][0]
    assert first["value"] == pytest.approx(own.set_index("column").loc[first["column"], "value"])


def test_the_abcd_rule_is_that_of_the_features(classical, row):
    found = explained(classical, row, melanocytic=True)
    image = np.asarray(Image.open(row["image"].iloc[0]).convert("RGB"))
    mask = np.asarray(Image.open(row["mask"].iloc[0])) > 0
    report = abcd_report(image, mask, melanocytic=True)
    assert found.data["abcd"]["scores"] == report.scores
    assert found.data["abcd"]["tds_proxy"] == report.tds_proxy
    assert found.data["abcd"]["category"] == report.category
    assert found.data["abcd"]["mask"] == "given"


def test_an_image_without_mask_is_segmented(lesions, network, row):
    model = pipeline(ImageFeatures([("color", ColorMoments())]), trees())
    bare = lesions.drop(columns="mask")
    found = explain(model.fit(bare, bare["label"]), row["image"].iloc[0])
    assert found.data["abcd"]["mask"] == "segmented"
    assert found.data["abcd"]["category"] is None


def test_fused_models_have_both(fused, row):
    found = explained(fused, row)
    assert "cnn" in {entry["block"] for entry in found.data["blocks"]}
    assert found.data["map"]["method"] == "Grad-CAM, mean of 2 networks"
    label = fused.predict(row)[0]
    maps = [grad_cam(net, row, [label]).maps[0] for net in fused["features"].networks_]
    np.testing.assert_allclose(found.map, np.mean(maps, axis=0), rtol=1e-5, atol=1e-7)
    assert found.picture.shape[:2] == found.map.shape


def test_networks_alone_have_a_map_and_no_columns(network, row):
    model = DecisionRule(network)
    model.estimator_, model.classes_ = network, network.classes_
    model.class_prior_ = np.array([0.5, 0.5])
    found = explained(model, row, label="mole")
    assert found.contributions is None
    assert "blocks" not in found.data
    assert found.data["map"] == {"method": "Grad-CAM", "class": "mole"}


def test_late_fusions_show_their_member_of_trees(lesions, row):
    members = [
        *block_members(trees(), {"lesion": ["abcd", "color"]}),
        *block_members(LogisticRegression(max_iter=500), {"contrast": ["skin"]}),
    ]
    model = pipeline(features(), LateFusion(members)).fit(lesions, lesions["label"])
    found = explained(model, row)
    assert row_contributions(model, row) is None
    assert found.data["contributions_of"] == "lesion"
    assert {e["block"] for e in found.data["blocks"] if e["contribution"]} <= {"abcd", "color"}


def test_occlusion_is_for_models_without_network(classical, row):
    found = explained(classical, row, occlude=True)
    assert found.data["map"]["method"] == "occlusion"
    assert found.map.shape == found.picture.shape[:2]
    assert len(np.unique(found.map)) > 1


@pytest.mark.parametrize("which", ["classical", "fused"])
def test_saved_files_say_the_same(which, request, row, tmp_path):
    found = explained(request.getfixturevalue(which), row)
    written = found.save(tmp_path / "new")
    names = {path.name for path in written}
    assert names == {"explanation.json", "explanation.png", "contributions.csv", "abcd.png"}
    assert all(path.stat().st_size > 0 for path in written)
    read = json.loads((tmp_path / "new" / "explanation.json").read_text())
    assert read == json.loads(json.dumps(found.data))
    assert read["notice"].startswith("A research tool")


def test_the_figure_shows_all_blocks(classical, row):
    found = explained(classical, row)
    axes = found.figure().axes
    assert len(axes) == 4
    labels = [text.get_text() for text in axes[2].get_yticklabels()]
    assert set(labels) == {"abcd", "color", "skin"}


def test_a_tint_is_strongest_where_the_map_is():
    picture = np.full((2, 2, 3), 128, dtype=np.uint8)
    tinted = overlay(picture, np.array([[0, 1], [2, -2]], dtype=np.float32)).astype(int)
    assert (tinted[0, 0] == 128).all()
    assert 128 < tinted[0, 1, 0] < tinted[1, 0, 0]
    assert tinted[1, 1, 2] > tinted[1, 1, 0]
    assert overlay(picture, None) is picture
    assert overlay(picture, np.zeros((2, 2), dtype=np.float32)) is picture


def test_unknown_classes_are_named(classical, row):
    with pytest.raises(ValueError, match="does not know the class 'wart'"):
        explained(classical, row, label="wart")
