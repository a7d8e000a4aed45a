import json

import numpy as np
import pandas as pd
import pytest

from pipelines import comparison
from pipelines.comparison import compare

SECONDS = ["fit_seconds", "predict_seconds", "extract_seconds"]


@pytest.fixture
def result(models, manifest):
    return compare(models, manifest, n_splits=3, n_bootstrap=50)


def test_a_comparison_scores_every_model_per_lesion_and_image(result, models):
    assert result.models == list(models)
    assert result.metrics["unit"].tolist() == ["lesion"] * 2 + ["image"] * 2
    assert result.metrics["macro_auc"].iloc[0] > result.metrics["macro_auc"].iloc[1]


def test_the_same_seed_gives_the_same_bits(result, models, manifest):
    again = compare(models, manifest, n_splits=3, n_bootstrap=50)
    pd.testing.assert_frame_equal(
        again.metrics.drop(columns=SECONDS), result.metrics.drop(columns=SECONDS), check_exact=True
    )
    pd.testing.assert_frame_equal(again.predictions, result.predictions, check_exact=True)


def test_settings_say_how_to_do_it_again(result):
    settings = result.settings
    assert settings["seed"] == 0
    assert settings["grouped"]
    assert not settings["synthetic"]
    assert settings["versions"]["numpy"] == np.__version__
    assert settings["hardware"]["cores"] >= 1
    assert settings["models"]["fusion"]["kind"] == "features"
    assert settings["models"]["cnn"]["type"] == "ManifestClassifier"
    assert settings["models"]["cnn"]["masks"] == "none"
    assert settings["models"]["fusion"]["masks"] == "given"
    json.dumps(settings)


def test_report_writes_every_file(result, tmp_path):
    report = result.report(tmp_path / "run")
    assert report == tmp_path / "run" / "report.html"
    names = {path.name for path in report.parent.iterdir()}
    tables = {"metrics.csv", "differences.csv", "timings.csv", "predictions.parquet"}
    assert names == tables | {"report.html", "run.json", "figures"}
    pd.testing.assert_frame_equal(
        pd.read_csv(report.parent / "metrics.csv"), result.metrics, check_dtype=False
    )
    pd.testing.assert_frame_equal(
        pd.read_parquet(report.parent / "predictions.parquet"),
        result.predictions,
        check_dtype=False,
    )
    assert json.loads((report.parent / "run.json").read_text())["cohort"][0]["label"] == "keratosis"


@pytest.mark.parametrize(
    ("labels", "asked", "expected"),
    [
        (["nevus", "melanoma", "bcc"], None, "melanoma"),
        (["nv", "mel", "bcc"], None, "mel"),
        (["nv", "mel", "bcc"], "bcc", "bcc"),
        (["benign", "malignant"], None, "malignant"),
        (["a", "b", "c"], None, None),
    ],
)
def test_class_of_concern(labels, asked, expected):
    assert comparison._class_of_concern(pd.Series(labels), asked) == expected


def test_unknown_class_of_concern_is_refused(models, manifest):
    with pytest.raises(ValueError, match="'wart' is not among the labels: keratosis, melanoma"):
        compare(models, manifest, positive="wart")


def test_no_models_are_refused(manifest):
    with pytest.raises(ValueError, match="`models` is empty"):
        compare({}, manifest)


def test_unknown_on_error_is_refused(models, manifest):
    with pytest.raises(ValueError, match="`on_error` must be 'raise' or 'skip', got 'ignore'"):
        compare(models, manifest, on_error="ignore")


def test_labels_are_checked_before_images_are_read(models, manifest, monkeypatch):
    monkeypatch.setattr(comparison, "_extract_once", lambda *_: pytest.fail("read images"))
    with pytest.raises(ValueError, match="at least as many lesions as folds"):
        compare(models, manifest, n_splits=50)


def test_skipped_rows_leave_every_model(models, manifest, monkeypatch):
    skipped = [{"row": row, "image": f"images/{row}.png", "error": "torn"} for row in (0, 5)]
    found = comparison._Extraction(skipped, seconds={"fusion": 12.5}, unreliable_masks=0.25)
    monkeypatch.setattr(comparison, "_extract_once", lambda *_: found)
    result = compare(models, manifest, n_splits=3, n_bootstrap=10, on_error="skip")
    kept = [row for row in range(len(manifest)) if row not in (0, 5)]
    for _, table in result.predictions.groupby("model"):
        assert table["row"].tolist() == kept
        assert table["image"].tolist() == manifest["image"].iloc[kept].tolist()
    assert result.skipped == skipped
    assert result.settings["unreliable_masks"] == 0.25
    assert result.metrics.set_index("model")["extract_seconds"]["fusion"].tolist() == [12.5, 12.5]


def test_ungrouped_and_synthetic_manifests_are_told(models, manifest):
    drawn = manifest.drop(columns="lesion").assign(source="synthetic")
    settings = compare(models, drawn, n_splits=3, n_bootstrap=10).settings
    assert settings["synthetic"]
    assert not settings["grouped"]


def test_what_loading_left_out_is_listed(models, manifest):
    manifest.attrs = {
        "dataset": "csv",
        "partial": True,
        "skipped": [{"row": 7, "file": "x.jpg", "reason": "no label"}],
    }
    result = compare(models, manifest, n_splits=3, n_bootstrap=10)
    assert result.skipped == [{"row": 7, "image": "x.jpg", "error": "no label"}]
    assert result.settings["dataset"] == "csv"
    assert result.settings["partial"]
