import numpy as np
import pandas as pd
import pytest

from pipelines.evaluation import make_splits, out_of_fold, score_models
from pipelines.evaluation.significance.differences import Scored, difference_table, ordered_pairs
from pipelines.evaluation.significance.nadeau_bengio import corrected_t_test


def scored(value, spread=0.002, seed=0):
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=(2, 500))
    return Scored(value, value + spread * noise[0], value + spread * noise[1, :10])


def table(declared=(), **models):
    return difference_table({"lesion": models, "image": models}, 0.25, declared)


def test_differences_have_both_intervals():
    a, b = scored(0.95), scored(0.9, seed=1)
    row = table(a=a, b=b).iloc[0]
    assert row["difference"] == pytest.approx(0.05)
    low, high = np.quantile(a.draws - b.draws, [0.025, 0.975])
    assert (row["difference_low"], row["difference_high"]) == pytest.approx((low, high))
    test = corrected_t_test(a.folds - b.folds, 0.25)
    assert row["corrected_low"] == pytest.approx(test.low)
    assert row["p_value"] == pytest.approx(test.p_value)
    assert row["verdict"] == "better"


def test_the_verdict_is_that_of_the_wider_interval():
    a, b = scored(0.95), scored(0.949)
    assert table(a=a, b=b).iloc[0]["verdict"] == "equivalent"
    wild = a._replace(folds=a.folds + np.linspace(-0.2, 0.2, 10))
    assert table(a=wild, b=b).iloc[0]["verdict"] == "undecided"


def test_only_declared_comparisons_per_lesion_are_adjusted():
    models = {"a": scored(0.95), "b": scored(0.94, seed=1), "c": scored(0.94, seed=2)}
    found = table([("b", "a"), ("a", "c")], **models)
    assert found.loc[found["declared"], ["model", "reference"]].values.tolist() == [
        ["b", "a"],
        ["a", "c"],
    ]
    assert (found.loc[found["declared"], "unit"] == "lesion").all()
    assert found["p_holm"].notna().tolist() == found["declared"].tolist()
    assert (found["p_holm"].dropna() >= found.loc[found["declared"], "p_value"]).all()


def test_a_single_fold_has_no_corrected_test():
    one = scored(0.95)._replace(folds=np.array([0.95]))
    row = table(a=one, b=one._replace(value=0.9, draws=one.draws - 0.05)).iloc[0]
    assert np.isnan([row["corrected_low"], row["p_value"], row["p_holm"]]).all()
    assert row["verdict"] == "better"


def test_one_model_has_no_pairs():
    assert table(a=scored(0.9)).empty
    assert ordered_pairs(["a"]) == []


def test_primary_scores_are_means_over_folds_and_repeats(models, manifest):
    splits = make_splits(manifest, 3, 2)
    found = out_of_fold(models, manifest, splits)
    scores = score_models(*found[:2], training=found.training, positive="melanoma", n_bootstrap=50)
    folds = scores.folds.query("unit == 'lesion' and model == 'cnn'")
    assert folds[["repeat", "fold"]].values.tolist() == [[s.repeat, s.fold] for s in splits]
    metrics = scores.metrics.set_index(["unit", "model"]).loc[("lesion", "cnn")]
    assert metrics["macro_auc"] == pytest.approx(folds["macro_auc"].mean())
    gaps = scores.folds.query("unit == 'lesion'").pivot_table(
        index=["repeat", "fold"], columns="model", values="macro_auc"
    )
    row = scores.differences.query("unit == 'lesion'").iloc[0]
    share = np.mean([len(s.test) / len(s.train) for s in splits])
    test = corrected_t_test((gaps["fusion"] - gaps["cnn"]).to_numpy(), share)
    assert row["p_value"] == pytest.approx(test.p_value)


def test_a_class_that_training_lacked_is_not_scored(models, manifest):
    folds = np.where(manifest["label"] == "melanoma", 0, np.arange(len(manifest)) % 2)
    folds = pd.Series(folds).groupby(manifest["lesion"].to_numpy()).transform("first").to_numpy()
    found = out_of_fold({"cnn": models["cnn"]}, manifest, folds)
    scores = score_models(*found[:2], training=found.training, positive="melanoma", n_bootstrap=20)
    assert scores.folds["positive_auc"].isna().all()
    assert scores.metrics["macro_auc"].notna().all()
