import logging
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
from joblib import parallel_config
from sklearn.base import clone
from sklearn.feature_selection import SelectKBest
from sklearn.linear_model import LogisticRegression

from fusion import DecisionRule
from pipelines.cnn import CNNClassifier
from pipelines.data import group_ids
from pipelines.evaluation import make_folds, make_splits, out_of_fold
from pipelines.evaluation.fitting.cross_validation import _prepared, _trains_networks, task_parts
from pipelines.evaluation.fitting.fold_run import fill_seeds


@pytest.fixture
def folds(manifest):
    return make_folds(manifest, n_splits=3)


def test_predictions_are_those_of_models_fitted_on_the_other_folds(models, manifest, folds):
    predictions = out_of_fold(models, manifest, folds).predictions
    for name, columns in {"fusion": ["x0", "x1"], "cnn": ["x0"]}.items():
        table = predictions[predictions["model"] == name].reset_index(drop=True)
        train, test = folds != 1, folds == 1
        model = clone(models[name]) if name == "cnn" else LogisticRegression(random_state=0)
        X = manifest if name == "cnn" else manifest[columns]
        expected = model.fit(X[train], manifest["label"][train]).predict_proba(X[test])
        found = table.loc[test, [f"p_{c}" for c in model.classes_]]
        np.testing.assert_allclose(found, expected)


def test_table_has_the_stated_columns_and_no_gaps(models, manifest, folds):
    predictions, timings = out_of_fold(models, manifest, folds)[:2]
    assert list(predictions) == [
        *("model", "repeat", "row", "image", "label", "lesion", "fold"),
        *("p_keratosis", "p_melanoma", "p_nevus", "argmax", "prior_corrected"),
    ]
    assert not predictions.isna().any(axis=None)
    assert len(predictions) == 2 * len(manifest)
    sums = predictions.filter(like="p_").filter(regex="^p_").sum(axis=1)
    np.testing.assert_allclose(sums, 1)
    assert timings[["model", "fold"]].values.tolist() == [
        [name, fold] for name in models for fold in range(3)
    ]
    assert (timings.filter(like="seconds") >= 0).all(axis=None)
    assert timings["train_macro_auc"].isna().all()


def test_features_are_taken_once_for_all_folds(models, manifest, folds, monkeypatch):
    step = type(models["fusion"].image_step)
    monkeypatch.setattr(step, "calls", 0)
    out_of_fold(models, manifest, folds)
    assert step.calls == 1


def test_inner_splits_get_the_groups_of_the_training_rows(models, manifest, folds, monkeypatch):
    seen = []
    pipeline = type(models["fusion"])
    fit = pipeline.fit

    def spy(self, X, y=None, groups=None):
        seen.append(groups)
        return fit(self, X, y, groups)

    monkeypatch.setattr(pipeline, "fit", spy)
    out_of_fold(models, manifest, folds)
    for fold, groups in enumerate(seen):
        np.testing.assert_array_equal(groups, group_ids(manifest)[folds != fold])


@pytest.mark.parametrize("backend", ["threading", "loky"])
def test_spread_folds_give_the_same_bits(models, manifest, folds, backend, by_value):
    models["fusion"].steps.insert(1, ("select", SelectKBest(k=1)))
    alone = out_of_fold(models, manifest, folds)
    with parallel_config(backend=backend):
        spread = out_of_fold(models, manifest, folds, n_jobs=2)
    pd.testing.assert_frame_equal(alone.predictions, spread.predictions, check_exact=True)
    pd.testing.assert_frame_equal(alone.selections, spread.selections, check_exact=True)


def test_columns_that_each_fold_keeps(models, manifest, folds):
    manifest["noise"] = np.random.default_rng(1).normal(size=len(manifest))
    steps = [
        ("features", models["fusion"].image_step.set_params(columns=("noise", "x0", "x1"))),
        ("select", SelectKBest(k=2)),
        ("classify", LogisticRegression()),
    ]
    chosen = models | {"chosen": type(models["fusion"])(steps)}
    found = out_of_fold(chosen, manifest, folds).selections
    assert found.values.tolist() == [
        ["chosen", 0, fold, 3, column] for fold in range(3) for column in ("x0", "x1")
    ]


def test_models_are_left_as_they_were(models, manifest, folds):
    out_of_fold(models, manifest, folds)
    assert models["cnn"].random_state is None
    assert not hasattr(models["cnn"], "classes_")


def test_progress_is_told_of_each_fold(models, manifest, folds):
    seen = []
    out_of_fold(models, manifest, folds, progress=lambda *step: seen.append(step))
    assert seen == [(name, fold) for name in models for fold in range(3)]


def test_a_failure_names_model_and_fold(models, manifest, folds):
    models["cnn"].set_params(column="absent")
    with pytest.raises(RuntimeError, match=r"Model 'cnn' failed on fold 0: .*absent"):
        out_of_fold(models, manifest, folds)


def test_a_class_absent_from_training_has_probability_0(models, manifest):
    folds = np.where(manifest["label"] == "melanoma", 0, np.arange(len(manifest)) % 2)
    predictions = out_of_fold({"cnn": models["cnn"]}, manifest, folds).predictions
    assert (predictions.loc[predictions["fold"] == 0, "p_melanoma"] == 0).all()
    assert not (predictions.loc[folds == 0, "prior_corrected"] == "melanoma").any()


def test_only_absent_seeds_are_filled():
    free, fixed = LogisticRegression(), LogisticRegression(random_state=7)
    fill_seeds(free, 0)
    fill_seeds(fixed, 0)
    assert isinstance(free.random_state, int)
    assert fixed.random_state == 7


def test_jobs_side_by_side_are_single_threaded():
    class Threaded(LogisticRegression):
        def __init__(self, n_jobs=4):
            self.n_jobs = n_jobs

    assert _prepared(Threaded(), single_threaded=True).n_jobs == 1
    assert _prepared(Threaded(), single_threaded=False).n_jobs == 4


def test_inner_predictions_are_of_training_rows_by_models_that_never_saw_them(
    models, manifest, folds
):
    found = out_of_fold(models, manifest, folds, inner_splits=2)
    assert set(found.inner["model"]) == {"fusion"}  # networks are not trained again
    groups = group_ids(manifest)
    for fold, part in found.inner.groupby("fold"):
        np.testing.assert_array_equal(part["row"], np.flatnonzero(folds != fold))
        assert not set(groups[part["row"]]) & set(groups[folds == fold])
        np.testing.assert_allclose(part.filter(regex="^p_").sum(axis=1), 1)
    train = out_of_fold(models, manifest, folds, train_scores=True)
    plain = clone(models["fusion"]).fit(manifest, manifest["label"]).predict_proba(manifest)
    one = found.inner.query("fold == 0").filter(regex="^p_").to_numpy()
    assert not np.isclose(one, plain[folds != 0]).all()
    assert train.timings["train_macro_auc"].between(0.5, 1).all()


def test_what_learns_and_trains_no_network_is_fitted_on_inner_folds_too(models, manifest, folds):
    class Learning(type(models["fusion"].image_step)):
        learns = True
        seen: ClassVar[list[set[str]]] = []

        def fit(self, X, y=None):
            self.seen.append(set(X["lesion"]))
            return super().fit(X, y)

    models["fusion"].steps[0] = ("features", Learning())
    found = out_of_fold({"fusion": models["fusion"]}, manifest, folds, inner_splits=2)
    n_folds = len(np.unique(folds))
    assert len(Learning.seen) == 3 * n_folds
    whole = set(manifest["lesion"])
    assert all(seen < whole for seen in Learning.seen)
    assert set(found.inner["fold"]) == set(folds)
    network = DecisionRule(CNNClassifier("lenet", None))
    assert _trains_networks(network)
    assert not _trains_networks(models["fusion"])


def test_inner_predictions_are_of_the_first_repeat(models, manifest):
    splits = make_splits(manifest, 3, n_repeats=2, random_state=0)
    found = out_of_fold({"fusion": models["fusion"]}, manifest, splits, inner_splits=2)
    assert found.predictions["repeat"].unique().tolist() == [0, 1]
    assert found.inner["repeat"].unique().tolist() == [0]
    assert sorted(found.inner["fold"].unique()) == [0, 1, 2]


def test_failures_are_listed_where_asked(models, manifest, folds):
    models["cnn"].set_params(column="absent")
    found = out_of_fold(models, manifest, folds, on_failure="report")
    assert found.predictions["model"].unique().tolist() == ["fusion"]
    assert [failure["model"] for failure in found.failures] == ["cnn"]


def test_folds_are_logged_as_fitted_and_as_found_again(models, manifest, folds, tmp_path, caplog):
    def run():
        caplog.clear()
        parts = task_parts(tmp_path, manifest, seed=0)
        with caplog.at_level(logging.INFO, logger="pipelines"):
            out_of_fold(models, manifest, folds, parts=parts)
        events = [record.msg for record in caplog.records]
        return [(event.name, event.facts) for event in events if "fold" in event.facts]

    first, again = run(), run()
    expected = [(name, 0, fold) for name in models for fold in range(3)]
    for told, event in ((first, "fold finished"), (again, "fold found again")):
        assert {name for name, _ in told} == {event}
        assert [(f["model"], f["repeat"], f["fold"]) for _, f in told] == expected
        assert all(f["seconds"] >= 0 for _, f in told)


def test_a_failing_model_is_logged(models, manifest, folds, caplog):
    models["cnn"].set_params(column="absent")
    out_of_fold(models, manifest, folds, on_failure="report")
    (record,) = caplog.records
    assert (record.levelname, record.msg.name) == ("WARNING", "model failed")
    assert record.msg.facts["model"] == "cnn"
    assert "failed on fold 0" in record.msg.facts["error"]
