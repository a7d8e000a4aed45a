import numpy as np
import pandas as pd
import pytest

from pipelines.evaluation import make_splits, out_of_fold, score_models
from pipelines.evaluation.significance.differences import (
    Scored,
    add_delong,
    difference_table,
    ordered_pairs,
)
from pipelines.evaluation.significance.multiplicity import holm
from pipelines.evaluation.significance.nadeau_bengio import corrected_t_test


def scored(value, spread=0.002, seed=0):
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=(2, 500))
    return Scored(value, value + spread * noise[0], value + spread * noise[1, :10])


def table(declared=(), test_to_train=0.25, **models):
    return difference_table({"lesion": models, "image": models}, test_to_train, declared)


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
    row = table(a=a, b=b).iloc[0]
    assert row["verdict"] == "equivalent"
    # Of equal draws the bootstrap knows the difference exactly, folds do not.
    assert (row["verdict_low"], row["verdict_high"]) == pytest.approx((0.001, 0.001))
    wild = a._replace(folds=a.folds + np.linspace(-0.2, 0.2, 10))
    row = table(a=wild, b=b).iloc[0]
    assert row["verdict"] == "undecided"
    assert (row["verdict_low"], row["verdict_high"]) == (
        row["corrected_low"],
        row["corrected_high"],
    )
    loose = a._replace(draws=a.draws + np.linspace(-0.1, 0.1, 500))
    row = table(a=loose, b=b).iloc[0]
    assert row["verdict_low"] == row["difference_low"] < row["corrected_low"]


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


def test_folds_that_are_not_alike_have_no_corrected_test():
    a, b = scored(0.95), scored(0.9, seed=1)
    row = table(test_to_train=None, a=a, b=b).iloc[0]
    assert np.isnan([row["corrected_low"], row["corrected_high"], row["p_value"]]).all()
    assert (row["verdict_low"], row["verdict_high"]) == (
        row["difference_low"],
        row["difference_high"],
    )


def test_delong_of_declared_comparisons_is_adjusted(lesions):
    parts = {name: part.reset_index(drop=True) for name, part in lesions.groupby("model")}
    mixed = (parts["good"]["p_mel"] + parts["poor"]["p_mel"]) / 2
    parts["mixed"] = parts["good"].assign(model="mixed", p_mel=mixed)
    tested = pd.concat(parts.values(), ignore_index=True)
    models = {name: scored(0.9, seed=seed) for seed, name in enumerate(parts)}
    declared = [("good", "poor"), ("mixed", "poor")]
    found = add_delong(table(declared, **models), tested, "mel")
    of_lesions = found[found["unit"] == "lesion"]
    assert of_lesions["p_delong"].notna().all()
    assert found.loc[found["unit"] == "image", ["p_delong", "p_delong_holm"]].isna().all(axis=None)
    family = of_lesions[of_lesions["declared"]]
    assert len(family) == 2
    assert family["p_delong_holm"].tolist() == holm(family["p_delong"]).tolist()
    assert (family["p_delong_holm"] > family["p_delong"]).any()
    assert of_lesions.loc[~of_lesions["declared"], "p_delong_holm"].isna().all()


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
