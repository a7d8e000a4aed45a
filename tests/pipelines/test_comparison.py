import json

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedGroupKFold

from features import Failure
from fusion import BoltzmannSelector
from pipelines import LesionPipeline, PatientMetadata, comparison
from pipelines.comparison import compare
from pipelines.data import group_ids
from pipelines.evaluation import Protocol
from pipelines.intake import Intake

# Three folds, nothing beside them.
QUICK = Protocol(n_splits=3, inner_splits=0)
SECONDS = ["fit_seconds", "predict_seconds", "extract_seconds"]


@pytest.fixture
def result(models, manifest):
    return compare(models, manifest, protocol=QUICK, n_bootstrap=50)


def test_a_comparison_scores_every_model_per_lesion_and_image(result, models):
    assert result.models == list(models)
    assert result.metrics["unit"].tolist() == ["lesion"] * 2 + ["image"] * 2
    assert result.metrics["macro_auc"].iloc[0] > result.metrics["macro_auc"].iloc[1]


def test_the_same_seed_gives_the_same_bits(result, models, manifest):
    again = compare(models, manifest, protocol=QUICK, n_bootstrap=50)
    pd.testing.assert_frame_equal(
        again.metrics.drop(columns=SECONDS), result.metrics.drop(columns=SECONDS), check_exact=True
    )
    pd.testing.assert_frame_equal(again.predictions, result.predictions, check_exact=True)


def test_settings_say_how_to_do_it_again(result):
    settings = result.settings
    assert settings["seed"] == 0
    assert settings["grouping"] == ["lesion"]
    assert settings["miss_cost"] == 20
    assert settings["source_folds"] == []
    assert settings["left_out_of_training"] == 0
    assert not settings["synthetic"]
    assert settings["versions"]["numpy"] == np.__version__
    assert settings["hardware"]["cores"] >= 1
    assert settings["models"]["cnn"]["type"] == "ManifestClassifier"
    assert settings["models"]["cnn"]["kind"] == "end-to-end"
    assert settings["models"]["cnn"]["masks"] == "none"
    json.dumps(settings)


def test_a_search_splits_by_lesion(models, manifest):
    seen = []

    class Watching(StratifiedGroupKFold):
        def split(self, X, y=None, groups=None):
            seen.append((X, groups))
            return super().split(X, y, groups)

    model = GridSearchCV(
        models["cnn"], {"column": ["x0", "x1"]}, scoring="neg_log_loss", cv=Watching(2)
    )
    compare({"search": model}, manifest, protocol=QUICK, n_bootstrap=10)
    assert len(seen) == 3
    for rows, groups in seen:
        np.testing.assert_array_equal(groups, group_ids(manifest)[rows.index])


def test_a_plan_is_locked_only_in_a_folder(result, models, manifest, tmp_path):
    assert not result.settings["locked"]
    kept = compare(models, manifest, protocol=QUICK, n_bootstrap=5, directory=tmp_path)
    assert kept.settings["locked"]
    assert kept.settings["plan"]["positive"] == kept.settings["positive"] == "melanoma"
    with pytest.raises(ValueError, match="plan of another comparison: positive differ"):
        compare(models, manifest, protocol=QUICK, positive="nevus", directory=tmp_path)


def test_the_cost_of_a_missed_case_is_that_of_the_protocol(models, manifest):
    rules = Protocol(n_splits=3, inner_splits=2, miss_cost=7.5)
    result = compare(models, manifest, protocol=rules, n_bootstrap=5)
    assert result.settings["miss_cost"] == 7.5
    rules = result.tables["operating_points"]["rule"]
    assert rules.str.contains("a missed case costs 7.5 false alarms").any()


def test_report_writes_every_file(result, tmp_path):
    report = result.report(tmp_path / "run")
    assert report == tmp_path / "run" / "report.html"
    names = {path.name for path in report.parent.iterdir()}
    tables = {"metrics.csv", "differences.csv", "timings.csv", "predictions.parquet"}
    assert names >= tables | {"report.html", "report.md", "run.json", "figures", "tables"}
    pd.testing.assert_frame_equal(
        pd.read_csv(report.parent / "metrics.csv"), result.metrics, check_dtype=False
    )
    pd.testing.assert_frame_equal(
        pd.read_parquet(report.parent / "predictions.parquet"),
        result.predictions,
        check_dtype=False,
    )
    assert json.loads((report.parent / "run.json").read_text())["cohort"][0]["label"] == "keratosis"


@pytest.fixture
def choosing(models, manifest):
    """The stand-ins, and one that chooses among a planted column and noise."""
    manifest["noise"] = np.random.default_rng(1).normal(size=len(manifest))
    manifest["planted"] = (manifest["label"] == "melanoma") + 0.1 * manifest["noise"]
    steps = [
        ("features", type(models["fusion"].image_step)(("noise", "planted", "x1"))),
        ("select", BoltzmannSelector(k=1)),
        ("classify", LogisticRegression()),
    ]
    return models | {"chosen": LesionPipeline(steps)}


def test_stability_stands_beside_the_scores(choosing, manifest, tmp_path):
    result = compare(choosing, manifest, protocol=QUICK, n_bootstrap=20)
    assert set(result.selections["column"]) == {"planted"}
    assert result.metrics["model"].tolist() == [*choosing] * 2
    chosen = result.metrics.set_index("model").loc["chosen"]
    assert chosen["columns"].tolist() == [1, 1]
    assert chosen["columns_offered"].tolist() == [3, 3]
    assert chosen["stability"].tolist() == pytest.approx([1, 1])
    assert result.metrics.set_index("model").loc["fusion", "stability"].isna().all()
    result.report(tmp_path)
    pd.testing.assert_frame_equal(
        pd.read_csv(tmp_path / "selections.csv"), result.selections, check_dtype=False
    )
    assert pd.read_csv(tmp_path / "metrics.csv")["stability"].notna().sum() == 2


def test_without_a_selection_none_is_left_behind(result, choosing, manifest, tmp_path):
    compare(choosing, manifest, protocol=QUICK, n_bootstrap=20).report(tmp_path)
    result.report(tmp_path)
    assert not (tmp_path / "selections.csv").exists()
    assert "stability" not in result.metrics


def test_models_of_metadata_run_beside_their_control(lesions):
    ages = np.where(lesions["label"] == "melanoma", np.nan, 50.0)
    rows = lesions.assign(age=ages, site="arm")
    model = LesionPipeline([("f", PatientMetadata(["age"])), ("classify", LogisticRegression())])
    result = compare(
        {"ages": model}, rows, protocol=Protocol(n_splits=2, inner_splits=0), n_bootstrap=5
    )
    assert result.models == ["ages", "missingness"]
    assert set(result.settings["models"]) == set(result.metrics["model"]) == set(result.models)
    scores = result.metrics.set_index("model").loc["missingness", "auc_melanoma"]
    assert scores.tolist() == [1, 1], "the holes give the label away"


def test_metadata_that_are_not_there_are_told_before_images_are_read(models, manifest, monkeypatch):
    monkeypatch.setattr(comparison, "take_in", lambda *_, **__: pytest.fail("read images"))
    model = LesionPipeline([("f", PatientMetadata()), ("c", LogisticRegression())])
    with pytest.raises(ValueError, match="PatientMetadata needs a manifest with any of"):
        compare({"ages": model}, manifest, protocol=QUICK)


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
        compare(models, manifest, protocol=Protocol(n_splits=50, inner_splits=0))


def test_a_file_in_two_rows_stays_in_one_fold(models, manifest):
    twice = pd.concat([manifest, manifest.iloc[:8]], ignore_index=True).drop(columns="lesion")
    predictions = compare(models, twice, protocol=QUICK, n_bootstrap=10).predictions
    assert (predictions.groupby(["model", "image"])["fold"].nunique() == 1).all()


def test_an_unknown_reference_is_refused_before_images_are_read(models, manifest, monkeypatch):
    monkeypatch.setattr(comparison, "take_in", lambda *_, **__: pytest.fail("read images"))
    with pytest.raises(ValueError, match=r"`reference` must be one of .*, got 'fusoin'"):
        compare(models, manifest, protocol=Protocol(reference="fusoin"))


def test_skipped_rows_leave_every_model(models, manifest, monkeypatch):
    failures = [Failure(row, f"images/{row}.png", "torn") for row in (0, 5)]
    kept = [row for row in range(len(manifest)) if row not in (0, 5)]
    quality = pd.DataFrame({"mask_reliable": np.arange(len(kept)) % 4 > 0})
    found = Intake(np.array(kept), failures, {"fusion": 12.5}, quality)
    monkeypatch.setattr(comparison, "take_in", lambda *_, **__: found)
    result = compare(models, manifest, protocol=QUICK, n_bootstrap=10, on_error="skip")
    for _, table in result.predictions.groupby("model"):
        assert table["row"].tolist() == kept
        assert table["image"].tolist() == manifest["image"].iloc[kept].tolist()
    assert result.skipped == [failure._asdict() for failure in failures]
    assert result.settings["unreliable_masks"] == 1 - quality["mask_reliable"].mean()
    assert result.metrics.set_index("model")["extract_seconds"]["fusion"].tolist() == [12.5, 12.5]


def test_ungrouped_and_synthetic_manifests_are_told(models, manifest):
    drawn = manifest.drop(columns="lesion").assign(source="synthetic")
    settings = compare(models, drawn, protocol=QUICK, n_bootstrap=10).settings
    assert settings["synthetic"]
    assert settings["grouping"] == []


def test_what_loading_left_out_is_listed(models, manifest):
    manifest.attrs = {
        "dataset": "csv",
        "partial": True,
        "skipped": [{"row": 7, "file": "x.jpg", "reason": "no label"}],
    }
    result = compare(models, manifest, protocol=QUICK, n_bootstrap=10)
    assert result.skipped == [{"row": 7, "image": "x.jpg", "error": "x.jpg: no label"}]
    assert result.settings["dataset"] == "csv"
    assert result.settings["partial"]
