import json

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedGroupKFold

from features import ColorMoments, Failure, ImageFeatures
from pipelines import LesionPipeline, comparison
from pipelines.comparison import compare
from pipelines.data import group_ids
from pipelines.intake import Intake

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
    assert settings["models"]["cnn"]["type"] == "ManifestClassifier"
    assert settings["models"]["cnn"]["kind"] == "end-to-end"
    assert settings["models"]["cnn"]["masks"] == "none"
    json.dumps(settings)


@pytest.mark.parametrize("wrap", [lambda model: model, lambda model: GridSearchCV(model, {})])
def test_models_of_features_are_known_below_a_search(wrap, lesions):
    features = ImageFeatures([("color", ColorMoments())])
    model = LesionPipeline([("features", features), ("classify", LogisticRegression())])
    told = comparison._describe_model(wrap(model), lesions)
    assert (told["kind"], told["masks"]) == ("features", "given")


def test_a_search_splits_by_lesion(models, manifest):
    seen = []

    class Watching(StratifiedGroupKFold):
        def split(self, X, y=None, groups=None):
            seen.append((X, groups))
            return super().split(X, y, groups)

    model = GridSearchCV(
        models["cnn"], {"column": ["x0", "x1"]}, scoring="neg_log_loss", cv=Watching(2)
    )
    compare({"search": model}, manifest, n_splits=3, n_bootstrap=10)
    assert len(seen) == 3
    for rows, groups in seen:
        np.testing.assert_array_equal(groups, group_ids(manifest)[rows.index])


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
    assert comparison.class_of_concern(pd.Series(labels), asked) == expected


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
    monkeypatch.setattr(comparison, "take_in", lambda *_, **__: pytest.fail("read images"))
    with pytest.raises(ValueError, match="at least as many lesions as folds"):
        compare(models, manifest, n_splits=50)


def test_skipped_rows_leave_every_model(models, manifest, monkeypatch):
    failures = [Failure(row, f"images/{row}.png", "torn") for row in (0, 5)]
    kept = [row for row in range(len(manifest)) if row not in (0, 5)]
    quality = pd.DataFrame({"mask_reliable": np.arange(len(kept)) % 4 > 0})
    found = Intake(np.array(kept), failures, {"fusion": 12.5}, quality)
    monkeypatch.setattr(comparison, "take_in", lambda *_, **__: found)
    result = compare(models, manifest, n_splits=3, n_bootstrap=10, on_error="skip")
    for _, table in result.predictions.groupby("model"):
        assert table["row"].tolist() == kept
        assert table["image"].tolist() == manifest["image"].iloc[kept].tolist()
    assert result.skipped == [failure._asdict() for failure in failures]
    assert result.settings["unreliable_masks"] == 1 - quality["mask_reliable"].mean()
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
    assert result.skipped == [{"row": 7, "image": "x.jpg", "error": "x.jpg: no label"}]
    assert result.settings["dataset"] == "csv"
    assert result.settings["partial"]
