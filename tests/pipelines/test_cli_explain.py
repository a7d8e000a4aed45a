"""The command that explains one image."""

import argparse
import json

import pytest

from features import ABCD, ColorMoments, ImageFeatures
from fusion import BlockScaler, BoostedTrees, DecisionRule
from pipelines.artifacts import save_model
from pipelines.cli import explain
from pipelines.pipeline import LesionPipeline


@pytest.fixture(scope="module")
def model(lesions, tmp_path_factory):
    trees = BoostedTrees(n_estimators=5, max_depth=2, random_state=0)
    steps = [
        ("features", ImageFeatures([("abcd", ABCD()), ("color", ColorMoments())])),
        ("scale", BlockScaler()),
        ("classify", DecisionRule(trees)),
    ]
    fitted = LesionPipeline(steps).set_output(transform="pandas").fit(lesions, lesions["label"])
    path = tmp_path_factory.mktemp("model") / "model.joblib"
    save_model(fitted, path, lesions)
    return path


def command(*words):
    parser = argparse.ArgumentParser()
    explain.add_parser(parser.add_subparsers())
    args = parser.parse_args(["explain", *map(str, words)])
    args.run(args)


def test_one_image_is_explained(model, lesions, tmp_path, capsys):
    row = lesions.iloc[0]
    words = [model, row["image"], "--mask", row["mask"], "--label", "nevus", "--melanocytic"]
    command(*words, "--device", "cpu", "--out", tmp_path / "out")
    said = capsys.readouterr().out
    data = json.loads((tmp_path / "out" / "explanation.json").read_text())
    assert data["explained"] == "nevus"
    assert data["abcd"]["category"] in {"benign", "suspicious", "highly suspicious"}
    assert f"{data['predicted']} (p = " in said
    assert "for nevus: " in said
    assert str(tmp_path / "out" / "explanation.png") in said


def test_masks_are_asked_for_where_the_model_knew_them(model, lesions, tmp_path):
    image = lesions["image"].iloc[0]
    with pytest.raises(ValueError, match="fitted on given lesion masks"):
        command(model, image, "--device", "cpu", "--out", tmp_path / "out")
    assert not (tmp_path / "out").exists()
    command(model, image, "--allow-segmented", "--device", "cpu", "--out", tmp_path / "out")
    data = json.loads((tmp_path / "out" / "explanation.json").read_text())
    assert data["abcd"]["mask"] == "segmented"


def test_missing_files_are_named(model, tmp_path):
    with pytest.raises(ValueError, match=r"none\.jpg"):
        command(model, tmp_path / "none.jpg", "--allow-segmented", "--out", tmp_path / "out")
