import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import balanced_accuracy_score, roc_auc_score

from pipelines.evaluation import aggregate_lesions, make_folds, out_of_fold, score_models
from pipelines.evaluation.predictions import trained_on_others

SCORES = [
    *("macro_auc", "macro_auc_pooled", "balanced_accuracy", "balanced_accuracy_prior"),
    *("accuracy", "f1", "average_precision", "brier", "log_loss"),
    *("positive_auc", "positive_partial_auc"),
]
CLASSES = ["keratosis", "melanoma", "nevus"]


@pytest.fixture
def results(models, manifest):
    return out_of_fold(models, manifest, make_folds(manifest, 3))


@pytest.fixture
def scores(results):
    return score_models(*results[:2], positive="melanoma", n_bootstrap=100)


def test_columns_and_rows_are_as_stated(scores):
    per_class = [f"{s}_{c}" for s in ("sensitivity", "specificity", "auc") for c in CLASSES]
    scored = [name + end for name in SCORES + per_class for end in ("", "_low", "_high")]
    seconds = ["fit_seconds", "predict_seconds", "extract_seconds"]
    assert list(scores.metrics) == ["model", "unit", *scored, *seconds, "n"]
    assert scores.metrics["unit"].tolist() == ["lesion"] * 2 + ["image"] * 2
    assert scores.metrics["model"].tolist() == ["fusion", "cnn"] * 2
    assert not scores.metrics.isna().any(axis=None)


def test_point_scores_are_those_of_scikit_learn(results, scores):
    tables = {"lesion": aggregate_lesions(results.predictions), "image": results.predictions}
    for row in scores.metrics.to_dict(orient="records"):
        table = tables[row["unit"]][tables[row["unit"]]["model"] == row["model"]]
        values = table[[f"p_{c}" for c in CLASSES]].to_numpy()
        assert row["n"] == len(table)
        assert row["macro_auc_pooled"] == pytest.approx(
            roc_auc_score(table["label"], values, multi_class="ovr")
        )
        assert row["macro_auc"] == pytest.approx(
            np.mean(
                [
                    roc_auc_score(
                        part["label"], part[[f"p_{c}" for c in CLASSES]], multi_class="ovr"
                    )
                    for _, part in table.groupby("fold")
                ]
            )
        )
        assert row["positive_auc"] == pytest.approx(
            roc_auc_score(table["label"] == "melanoma", table["p_melanoma"])
        )
        for name, rule in {"": "argmax", "_prior": "prior_corrected"}.items():
            expected = balanced_accuracy_score(table["label"], table[rule])
            assert row["balanced_accuracy" + name] == pytest.approx(expected)


def test_intervals_enclose_their_score(scores):
    for name in SCORES:
        low, value, high = (scores.metrics[name + end] for end in ("_low", "", "_high"))
        assert ((low <= value) & (value <= high)).all()
        assert (low < high).all()


def test_differences_are_paired(results, scores):
    assert scores.differences[["unit", "model", "reference", "metric"]].values.tolist() == [
        ["lesion", "fusion", "cnn", "macro_auc"],
        ["image", "fusion", "cnn", "macro_auc"],
    ]
    metrics = scores.metrics
    gaps = metrics.groupby("unit", sort=False)["macro_auc"].agg(lambda s: s.iloc[0] - s.iloc[1])
    np.testing.assert_allclose(scores.differences["difference"], gaps)


def test_a_model_does_not_differ_from_itself(results):
    twin = results.predictions[results.predictions["model"] == "cnn"].assign(model="twin")
    timings = results.timings[results.timings["model"] == "cnn"]
    both = score_models(
        pd.concat([results.predictions, twin], ignore_index=True),
        pd.concat([results.timings, timings.assign(model="twin")]),
        n_bootstrap=20,
    ).differences
    same = both[(both["model"] == "cnn") & (both["reference"] == "twin")]
    assert (same[["difference", "difference_low", "difference_high"]] == 0).all(axis=None)


def test_same_seed_same_bits(results, scores):
    again = score_models(*results[:2], positive="melanoma", n_bootstrap=100)
    pd.testing.assert_frame_equal(again.metrics, scores.metrics, check_exact=True)
    other = score_models(*results[:2], positive="melanoma", n_bootstrap=100, random_state=1)
    assert (other.metrics["macro_auc_low"] != scores.metrics["macro_auc_low"]).any()


def test_draws_that_models_are_weighed_by_are_those_of_the_intervals(scores):
    lesions = scores.metrics[scores.metrics["unit"] == "lesion"]
    assert list(scores.draws) == [
        *("macro_auc", "balanced_accuracy_prior", "positive_auc", "brier"),
    ]
    for name, drawn in scores.draws.items():
        assert drawn.shape == (2, 100)
        low, high = np.quantile(drawn, [0.025, 0.975], axis=1)
        np.testing.assert_allclose(lesions[f"{name}_low"], low)
        np.testing.assert_allclose(lesions[f"{name}_high"], high)


def test_draws_leave_out_what_is_never_defined(results):
    # No fold was taught melanoma, which the pooled score does not mind.
    training = trained_on_others(results.predictions).assign(n_melanoma=0)
    found = score_models(*results[:2], training=training, positive="melanoma", n_bootstrap=20)
    assert found.draws["macro_auc"].shape == (2, 20)
    none = score_models(*results[:2], training=training.assign(n_nevus=0), n_bootstrap=20)
    assert "macro_auc" not in none.draws
    assert none.draws["brier"].shape == (2, 20)


def test_without_a_class_of_concern_its_score_is_absent(results):
    assert "positive_auc" not in score_models(*results[:2], n_bootstrap=10).metrics


def test_seconds_unknown_in_one_fold_are_unknown_in_all(results):
    timings = results.timings.copy()
    timings.loc[timings.index[timings["model"] == "cnn"][0], "fit_seconds"] = np.nan
    metrics = score_models(results.predictions, timings, n_bootstrap=10).metrics
    unknown = metrics.groupby("model")["fit_seconds"].agg(lambda seconds: seconds.isna().all())
    assert unknown["cnn"]
    assert not unknown.drop("cnn").any()


def test_images_of_a_lesion_are_resampled_together(results):
    """Twice the same image is no more evidence than once: the interval must not shrink."""
    single = results.predictions.drop_duplicates(["model", "lesion"])
    double = pd.concat([single, single]).sort_values(["model", "row"], ascending=[False, True])
    rows = [
        score_models(table.reset_index(drop=True), results.timings, n_bootstrap=100).metrics
        for table in (single, double)
    ]
    images = [row[row["unit"] == "image"].set_index("model").loc["cnn"] for row in rows]
    assert images[0]["macro_auc_low"] == images[1]["macro_auc_low"]
