from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from pipelines.evaluation import score_models
from pipelines.evaluation.learning_curve import gap_table, learning_curve_table, nested_shares
from pipelines.evaluation.predictions import add_decisions, trained_on_others

SHARES = [0.1, 0.25, 0.5, 1.0]
CLASSES = ["bcc", "mel", "nv"]


@pytest.fixture
def cohort():
    """Labels and groups of 300 images of 100 lesions; 20 mel, 20 bcc, 60 nv."""
    labels = np.repeat(np.array(["mel", "bcc", "nv"], dtype=object), [20, 20, 60])
    lesion = np.random.default_rng(0).permutation(np.repeat(np.arange(100), 3))
    return labels[lesion], lesion


class TestNestedShares:
    def test_smaller_shares_are_in_larger_ones(self, cohort):
        train = np.flatnonzero(cohort[1] % 5 != 0)
        taken = nested_shares(*cohort, train, SHARES, 0)
        for small, large in pairwise(taken):
            assert set(small) < set(large)
        np.testing.assert_array_equal(taken[-1], train)

    def test_groups_are_whole_and_classes_keep_their_shares(self, cohort):
        labels, groups = cohort
        train = np.flatnonzero(groups % 5 != 0)
        for share, rows in zip(
            SHARES, nested_shares(labels, groups, train, SHARES, 0), strict=True
        ):
            inside = np.isin(groups[train], groups[rows])
            np.testing.assert_array_equal(train[inside], rows)
            for label, n_groups in {"mel": 16, "bcc": 16, "nv": 48}.items():
                found = len(np.unique(groups[rows][labels[rows] == label]))
                assert found == max(2, round(share * n_groups))

    def test_order_of_shares_is_that_asked_for(self, cohort):
        train = np.arange(300)
        large, small = nested_shares(*cohort, train, [0.5, 0.2], 3)
        again = nested_shares(*cohort, train, [0.2, 0.5], 3)
        np.testing.assert_array_equal(small, again[0])
        np.testing.assert_array_equal(large, again[1])

    def test_seeds_decide(self, cohort):
        train = np.arange(300)
        first, same, other = (
            nested_shares(*cohort, train, [0.5], seed)[0].tolist() for seed in (0, 0, 1)
        )
        assert first == same != other

    def test_rare_classes_keep_some_groups(self):
        labels = np.array(["mel"] + ["df"] * 3 + ["nv"] * 96, dtype=object)
        rows = nested_shares(labels, np.arange(100), np.arange(100), [0.05], 0, min_groups=2)[0]
        names, counts = np.unique(labels[rows], return_counts=True)
        assert dict(zip(names, counts, strict=True)) == {"mel": 1, "df": 2, "nv": 5}

    def test_group_of_two_classes_counts_for_the_rarer(self):
        # Patient 0 has the only melanoma and a nevus; without the rule it might not be taken.
        labels = np.array(["mel", "nv"] + ["nv"] * 20, dtype=object)
        groups = np.array([0, 0, *range(1, 21)])
        for seed in range(5):
            rows = nested_shares(labels, groups, np.arange(22), [0.1], seed, min_groups=1)[0]
            assert {0, 1} < set(rows)
            assert len(np.unique(groups[rows])) == 3

    @pytest.mark.parametrize("share", [0, -0.1, 1.5, np.nan])
    def test_impossible_shares_are_refused(self, cohort, share):
        with pytest.raises(ValueError, match=r"must be in \(0, 1\], got"):
            nested_shares(*cohort, np.arange(300), [0.5, share], 0)


def make_predictions(model="fusion", share=1.0, signal=2.0, seed=0, repeats=1):
    """Predictions of 240 images of 120 lesions in 3 folds, better where there is more signal."""
    rng = np.random.default_rng(seed)
    lesion = np.repeat(np.arange(120), 2)
    truth = lesion % 3
    parts = []
    for repeat in range(repeats):
        logits = rng.normal(size=(240, 3)) + signal * np.eye(3)[truth]
        values = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        table = pd.DataFrame(values, columns=[f"p_{name}" for name in CLASSES])
        fold = (lesion // 3 + repeat) % 3
        table = table.assign(model=model, share=share, repeat=repeat, lesion=lesion, fold=fold)
        parts.append(table.assign(label=np.array(CLASSES, dtype=object)[truth]))
    return pd.concat(parts, ignore_index=True)


def make_train_scores(model="fusion", share=1.0, scores=(0.97, 0.98, 0.99)):
    return pd.DataFrame(
        {
            "model": model,
            "share": share,
            "fold": [0, 1, 2],
            "lesions": [round(80 * share)] * 3,
            "train_macro_auc": scores,
        }
    )


class TestLearningCurveTable:
    def test_scores_are_means_over_folds_and_repeats(self):
        predictions = make_predictions(repeats=2)
        table = learning_curve_table(predictions, make_train_scores(), n_bootstrap=20)
        expected = []
        for _, fold in predictions.groupby(["repeat", "fold"]):
            means = fold.groupby(["lesion", "label"]).mean(numeric_only=True).reset_index()
            values = means[[f"p_{name}" for name in CLASSES]].to_numpy()
            values = values / values.sum(axis=1, keepdims=True)
            expected.append(roc_auc_score(means["label"], values, multi_class="ovr"))
        assert len(expected) == 6
        assert table.loc[0, "macro_auc"] == pytest.approx(np.mean(expected), abs=1e-12)

    def test_the_whole_share_scores_as_the_metrics_table_does(self):
        predictions = make_predictions(repeats=2).assign(image="", row=0)
        training = trained_on_others(predictions)
        decided = add_decisions(predictions, training)
        seconds = {"fit_seconds": 1.0, "predict_seconds": 1.0, "extract_seconds": 1.0}
        timings = pd.DataFrame({"model": ["fusion"]} | {k: [v] for k, v in seconds.items()})
        metrics = score_models(decided, timings, n_bootstrap=40, random_state=3).metrics
        table = learning_curve_table(
            predictions, make_train_scores(), n_bootstrap=40, random_state=3
        )
        ends = ["macro_auc", "macro_auc_low", "macro_auc_high"]
        np.testing.assert_allclose(table.loc[0, ends].to_list(), metrics.loc[0, ends].to_list())

    def test_classes_that_were_not_trained_on_are_not_scored(self):
        predictions = make_predictions()
        splits = pd.DataFrame({"repeat": 0, "fold": [0, 1, 2], "n_bcc": 9, "n_mel": 0, "n_nv": 9})
        table = learning_curve_table(
            predictions, make_train_scores(), training=splits, n_bootstrap=5
        )
        expected = [
            roc_auc_score(fold["label"] == name, fold[f"p_{name}"])
            # Nor are they negatives of the others.
            for _, fold in predictions[predictions["label"] != "mel"]
            .groupby(["fold", "lesion", "label"])
            .mean(numeric_only=True)
            .reset_index()
            .groupby("fold")
            for name in ("bcc", "nv")
        ]
        assert table.loc[0, "macro_auc"] == pytest.approx(np.mean(expected), abs=1e-12)

    def test_rows_rise_and_models_keep_their_order(self):
        pairs = [("z", 1.0), ("z", 0.5), ("a", 0.5), ("a", 1.0)]
        predictions = pd.concat([make_predictions(*pair) for pair in pairs])
        scores = pd.concat([make_train_scores(*pair) for pair in pairs])
        table = learning_curve_table(predictions, scores, n_bootstrap=10)
        assert table[["model", "share"]].values.tolist() == [
            ["z", 0.5],
            ["z", 1.0],
            ["a", 0.5],
            ["a", 1.0],
        ]
        assert table["lesions"].tolist() == [40, 80, 40, 80]
        assert table["train_macro_auc"].tolist() == pytest.approx([0.98] * 4)

    def test_better_models_score_higher_inside_intervals(self):
        weak, strong = make_predictions(share=0.2, signal=0.5), make_predictions(signal=2.0)
        scores = pd.concat([make_train_scores(share=0.2), make_train_scores()])
        table = learning_curve_table(pd.concat([weak, strong]), scores, n_bootstrap=200)
        assert table.loc[0, "macro_auc_high"] < table.loc[1, "macro_auc_low"]
        assert (table["macro_auc_low"] < table["macro_auc"]).all()
        assert (table["macro_auc"] < table["macro_auc_high"]).all()

    def test_draws_without_a_class_in_a_fold_do_count(self):
        predictions = make_predictions()
        few = predictions[(predictions["label"] != "mel") | (predictions["lesion"] < 6)]
        table = learning_curve_table(few, make_train_scores(), n_bootstrap=50)
        assert np.isfinite(table[["macro_auc", "macro_auc_low", "macro_auc_high"]]).all(axis=None)

    def test_columns_are_as_stated(self):
        table = learning_curve_table(make_predictions(), make_train_scores(), n_bootstrap=5)
        ends = ["macro_auc", "macro_auc_low", "macro_auc_high"]
        assert list(table) == ["model", "share", "lesions", *ends, "train_macro_auc"]


class TestGapTable:
    @pytest.fixture
    def metrics(self):
        table = pd.DataFrame(
            {"model": ["cnn", "fusion"] * 2, "unit": ["lesion"] * 2 + ["image"] * 2}
        )
        values = np.array([0.90, 0.93, 0.5, 0.5])
        return table.assign(
            macro_auc=values, macro_auc_low=values - 0.01, macro_auc_high=values + 0.02
        )

    def test_worked_example(self, metrics):
        train = pd.concat(
            [make_train_scores("fusion", scores=(0.95, 0.96, 0.97)), make_train_scores("cnn")]
        )
        table = gap_table(train, metrics)
        assert list(table) == [
            "model",
            "train_macro_auc",
            "macro_auc",
            "gap",
            "gap_low",
            "gap_high",
        ]
        assert table["model"].tolist() == ["cnn", "fusion"]
        expected = [[0.98, 0.90, 0.08, 0.06, 0.09], [0.96, 0.93, 0.03, 0.01, 0.04]]
        np.testing.assert_allclose(table.iloc[:, 1:].to_numpy(float), expected, atol=1e-12)

    def test_only_the_largest_share_counts(self, metrics):
        small = make_train_scores("cnn", share=0.1, scores=(1.0, 1.0, 1.0))
        table = gap_table(pd.concat([small, make_train_scores("cnn")]), metrics)
        assert table["train_macro_auc"].tolist() == pytest.approx([0.98])

    def test_models_without_training_scores_are_absent(self, metrics):
        train = make_train_scores("fusion", scores=(np.nan, np.nan, np.nan))
        assert gap_table(pd.concat([train, make_train_scores("cnn")]), metrics)[
            "model"
        ].tolist() == ["cnn"]
        assert gap_table(train, metrics).empty
