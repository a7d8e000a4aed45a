"""A run that is killed goes on where it was, and ends as one that was not."""

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.feature_selection import SelectKBest

from features import CNNEmbedding, ColorMoments, ImageError, ImageFeatures, Preparation
from fusion import BoostedTrees
from pipelines import LesionPipeline
from pipelines.cli import main
from pipelines.comparison import Comparison, compare
from pipelines.evaluation import Protocol
from pipelines.evaluation.design.plan import FILE

PROTOCOL = Protocol(n_splits=3, n_repeats=2, inner_splits=2)


class Kill(BaseException):
    """As an interrupt, which no `except Exception` may hold up."""


class Dying(ClassifierMixin, BaseEstimator):
    """A classifier of manifests whose process is killed in its n-th fit."""

    fits = 0
    dies_at = None

    def __init__(self, estimator):
        self.estimator = estimator

    def fit(self, X, y):
        type(self).fits += 1
        if type(self).fits == type(self).dies_at:
            raise Kill
        self.model_ = clone(self.estimator).fit(X, y)
        self.classes_ = self.model_.classes_
        return self

    def predict_proba(self, X):
        return self.model_.predict_proba(X)


class Failing(Dying):
    """One that always fails."""

    def fit(self, X, y):
        raise ValueError("out of memory")


@pytest.fixture
def three(models, monkeypatch):
    monkeypatch.setattr(Dying, "fits", 0)
    monkeypatch.setattr(Dying, "dies_at", None)
    models["fusion"].steps.insert(1, ("select", SelectKBest(k=1)))
    return models | {"third": Dying(models["cnn"])}


def run(models, manifest, folder=None):
    return compare(models, manifest, protocol=PROTOCOL, n_bootstrap=30, directory=folder)


def scores(path):
    table = pd.read_csv(path / "metrics.csv")
    return table.drop(columns=[name for name in table if name.endswith("_seconds")])


def test_a_run_killed_in_its_third_model_resumes(three, manifest, tmp_path, monkeypatch):
    run(three, manifest, tmp_path / "whole").report(tmp_path / "whole")
    Dying.fits = 0
    monkeypatch.setattr(Dying, "dies_at", 3)
    with pytest.raises(Kill):
        run(three, manifest, tmp_path / "killed")
    assert (tmp_path / "killed" / FILE).is_file()
    Dying.dies_at = None
    Dying.fits = 0
    run(three, manifest, tmp_path / "killed").report(tmp_path / "killed")
    assert Dying.fits == 4  # two of six splits were finished
    pd.testing.assert_frame_equal(
        scores(tmp_path / "killed"), scores(tmp_path / "whole"), check_exact=True
    )


def test_a_finished_run_fits_and_reads_nothing(three, manifest, tmp_path):
    first = run(three, manifest, tmp_path)
    fits, calls = Dying.fits, type(three["fusion"].image_step).calls
    again = run(three, manifest, tmp_path)
    assert (Dying.fits, type(three["fusion"].image_step).calls) == (fits, calls)
    pd.testing.assert_frame_equal(again.predictions, first.predictions, check_exact=True)
    pd.testing.assert_frame_equal(again.inner, first.inner, check_exact=True)
    pd.testing.assert_frame_equal(again.selections, first.selections, check_exact=True)


def test_changed_settings_are_fitted_again_and_marked(three, manifest, tmp_path):
    run(three, manifest, tmp_path)
    Dying.fits = 0
    three["third"] = Dying(three["cnn"].set_params(column="x1"))
    again = run(three, manifest, tmp_path)
    assert Dying.fits == 6
    assert again.settings["plan"]["exploratory"] == ["cnn", "third"]
    other = again.predictions.query("model == 'third'")["p_nevus"]
    assert (other.to_numpy() != run(three, manifest).predictions["p_nevus"].iloc[0]).any()


def test_extras_outlast_a_run_without_them(three, manifest, tmp_path, monkeypatch):
    asked = {"protocol": PROTOCOL, "n_bootstrap": 30, "directory": tmp_path}
    curves = {"extras": ["learning_curve"]}
    first = compare(three, manifest, **asked, **curves)
    first.report(tmp_path)
    compare(three, manifest, **asked).report(tmp_path)
    assert Comparison.load(tmp_path).measured == {}
    Dying.fits = 0
    again = compare(three, manifest, **asked, **curves)
    assert Dying.fits == 0
    assert len(again.measured["learning_curve"]) == len(first.measured["learning_curve"])


def seeing(part, size=48):
    """A model of one part: lesions where it is a descriptor, frames where it is a network."""
    features = ImageFeatures([("part", part)], preparation=Preparation(size=size))
    return LesionPipeline([("features", features), ("classify", BoostedTrees(2))])


def seeing_frames():
    return seeing(CNNEmbedding("lenet", None, image_size=32, engine="eager", random_state=0))


def test_a_model_that_is_added_tells_of_its_masks(lesions, tmp_path):
    asked = {"protocol": Protocol(n_splits=2, inner_splits=0), "n_bootstrap": 10}
    models = {"frames": seeing_frames()}
    first = compare(models, lesions, directory=tmp_path, **asked)
    assert first.settings["unreliable_masks"] is None
    models["color"] = seeing(ColorMoments())
    again = compare(models, lesions, directory=tmp_path, **asked)
    assert again.settings["unreliable_masks"] == 0.0
    # Where nothing is left to do, the folder tells.
    assert compare(models, lesions, directory=tmp_path, **asked).settings["unreliable_masks"] == 0.0


def test_a_row_that_an_added_model_cannot_use_is_named(lesions, tmp_path):
    rows = lesions.copy()
    rows.iloc[2, rows.columns.get_loc("image")] = str(tmp_path / "lost.png")
    rows.iloc[7, rows.columns.get_loc("mask")] = str(tmp_path / "lost-mask.png")
    asked = {"protocol": Protocol(n_splits=2, inner_splits=0), "n_bootstrap": 10}
    asked |= {"on_error": "skip", "directory": tmp_path / "run"}
    models = {"frames": seeing_frames()}
    assert [fault["row"] for fault in compare(models, rows, **asked).skipped] == [2]
    models["color"] = seeing(ColorMoments())
    with pytest.raises(ImageError, match=r"row 7, .*lost-mask.*counts on this row: mend the file"):
        compare(models, rows, **asked)


def test_a_failing_model_is_listed_and_the_others_go_on(models, manifest):
    result = run({"bad": Failing(models["cnn"])} | models, manifest)
    assert result.models == list(models)
    (failure,) = result.settings["failed"]
    assert failure["model"] == "bad"
    assert "failed on fold 0: out of memory" in failure["error"]


def test_if_all_fail_there_is_nothing_to_report(models, manifest):
    with pytest.raises(RuntimeError, match="'bad' failed on fold 0: out of memory"):
        run({"bad": Failing(models["cnn"])}, manifest)


def test_a_report_is_made_again_without_fits(three, manifest, tmp_path):
    result = run(three, manifest, tmp_path)
    result.report(tmp_path)
    first = (tmp_path / "metrics.csv").read_text()
    Dying.fits = 0
    again = Comparison.load(tmp_path)
    again.report(tmp_path / "again")
    assert Dying.fits == 0
    assert (tmp_path / "again" / "metrics.csv").read_text() == first
    assert json.loads((tmp_path / "again" / "run.json").read_text())["plan"]["hash"]


def test_the_command_makes_it_for_another_use(models, manifest, tmp_path, capsys):
    run({"fusion": models["fusion"]}, manifest, tmp_path).report(tmp_path)
    asked = ["--prevalence", "0.2", "--target-sensitivity", "0.8", "--miss-cost", "5"]
    assert main(["report", str(tmp_path), *asked, "--out", str(tmp_path / "again")]) == 0
    assert "fusion" in capsys.readouterr().out
    settings = json.loads((tmp_path / "again" / "run.json").read_text())
    assert (settings["prevalence"], settings["target_sensitivity"]) == (0.2, 0.8)
    rules = pd.read_csv(tmp_path / "again" / "tables" / "operating_points.csv")["rule"]
    assert {rule.split(",")[0] for rule in rules} > {
        "80 % sensitivity",
        "a missed case costs 5 false alarms",
    }


def test_a_folder_without_a_run_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="holds no run"):
        Comparison.load(tmp_path)


def test_another_data_set_is_tested_by_models_of_the_whole_first(models, manifest):
    test = manifest.iloc[:40].assign(image=[f"other/{i}.png" for i in range(40)])
    result = compare(models, manifest, test_manifest=test, n_bootstrap=30)
    assert result.predictions.groupby("model").size().tolist() == [40, 40]
    assert result.training.filter(like="n_").to_numpy().sum() == len(manifest)
    assert result.differences["p_delong"].notna().sum() == 1
    assert result.differences["p_value"].isna().all()


def test_classes_that_training_lacks_are_refused(models, manifest):
    test = manifest.iloc[:9].assign(label="wart")
    with pytest.raises(ValueError, match="cannot be learned from the other: \\['wart'\\]"):
        compare(models, manifest, test_manifest=test)


def test_sources_left_out_are_reported(models, manifest, tmp_path):
    sources = pd.factorize(manifest["lesion"])[0] % 2
    marked = manifest.assign(source=pd.Series(sources).map({0: "first clinic", 1: "second clinic"}))
    result = compare(models, marked, protocol=Protocol(by="source", inner_splits=0), n_bootstrap=30)
    table = result.tables["leave_source_out"]
    assert table.groupby("source")["model"].nunique().to_dict() == {
        "first clinic": 2,
        "second clinic": 2,
    }
    page = result.report(tmp_path).read_text()
    assert "Sources left out" in page
    assert "second clinic" in page


def test_one_source_of_several_can_be_tested_alone(models, manifest):
    names = np.array(["a", "b", "c"])[pd.factorize(manifest["lesion"])[0] % 3]
    rules = Protocol(by="source", test_folds=[1], inner_splits=0)
    result = compare(models, manifest.assign(source=names), protocol=rules, n_bootstrap=10)
    classes = ["keratosis", "melanoma", "nevus"]
    assert result.settings["source_folds"] == [{"fold": 1, "source": "b", "classes": classes}]
    table = result.tables["leave_source_out"]
    assert set(table["source"]) == {"b"}
    assert (table["n"] == manifest["lesion"][names == "b"].nunique()).all()
    assert table["macro_auc"].notna().all()
