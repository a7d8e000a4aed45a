import numpy as np
import pandas as pd
import pytest

from pipelines.evaluation.analysis import analyse
from pipelines.evaluation.evidence import Evidence
from pipelines.evaluation.predictions import trained_on_others
from pipelines.evaluation.weighing import weigh

SETTINGS = {
    "seed": 0,
    "n_bootstrap": 60,
    "positive": "mel",
    "prevalence": 0.02,
    "target_sensitivity": 0.95,
    "miss_cost": 20.0,
    "source_folds": [],
    "plan": {"comparisons": [("good", "poor")], "margin": 0.01, "protocol": {"by": "groups"}},
}


def evidence_of(lesions, **settings):
    """What a run of these predictions leaves behind, one image a lesion, of two sources."""
    names = lesions["lesion"].unique()
    rows = pd.Index(names).get_indexer(lesions["lesion"])
    predictions = lesions.assign(row=rows, image=lesions["lesion"]).reset_index(drop=True)
    one = predictions.drop_duplicates("row")
    facts = one[["row", "image", "label", "lesion"]].assign(source="x")
    facts.loc[facts["row"] % 2 == 1, "source"] = "y"
    timings = lesions[["model", "repeat", "fold"]].drop_duplicates()
    seconds = dict.fromkeys(("fit_seconds", "predict_seconds", "extract_seconds"), 1.0)
    empty = pd.DataFrame()
    return Evidence(
        predictions=predictions,
        timings=timings.assign(**seconds, train_macro_auc=0.99),
        selections=empty,
        training=trained_on_others(predictions),
        inner=empty,
        contributions=empty,
        facts=facts,
        cohort=empty,
        skipped=[],
        settings=SETTINGS | settings,
    )


@pytest.fixture
def alike(cases):
    """Two models of the same strength, whose mistakes have nothing in common."""
    classes = np.array(["bkl", "mel", "nv"], dtype=object)
    truth = pd.Index(classes).get_indexer(cases["label"])
    rng = np.random.default_rng(3)
    parts = []
    for model in ("good", "other"):
        values = np.exp(np.eye(3)[truth] + rng.normal(size=(len(cases), 3)))
        columns = dict(
            zip(["p_bkl", "p_mel", "p_nv"], (values.T / values.sum(axis=1)), strict=True)
        )
        called = classes[values.argmax(axis=1)]
        decided = {"argmax": called, "prior_corrected": called}
        parts.append(cases.assign(model=model, repeat=0, **columns, **decided))
    return pd.concat(parts, ignore_index=True)


def test_models_are_weighed_by_intervals_not_by_values_alone(alike):
    found = analyse(evidence_of(alike))
    values = found["pareto"].set_index("model")
    assert (values["dominated_by"] == "").all()
    # By their values alone one of the two would be superfluous, and surer of its rank.
    plain = weigh(found)
    assert (plain.pareto["dominated_by"] != "").any()
    chances = [
        table.query("rank == 1")["share"].max()
        for table in (found["rank_stability"], plain.rank_stability)
    ]
    assert chances[0] < chances[1] - 0.01


def test_a_model_that_is_surely_worse_is_off_the_front(lesions):
    found = analyse(evidence_of(lesions))
    assert found["pareto"].set_index("model")["dominated_by"].tolist() == ["", "good"]


def test_decisions_are_judged_at_the_stated_prevalence(lesions):
    found = analyse(evidence_of(lesions))
    curve = found["decision_curve"]
    everyone = curve[(curve["model"] == "treat all") & (curve["threshold"] == 0.01)].iloc[0]
    assert everyone["net_benefit"] == pytest.approx(0.02 - 0.98 * 0.01 / 0.99)
    row = found["operating_points"].iloc[0]
    cases, alarms = 0.02 * row["sensitivity"], 0.98 * (1 - row["specificity"])
    assert row["biopsies_per_case"] == pytest.approx((cases + alarms) / cases)


def test_sources_are_no_random_folds(lesions):
    """Models of different sources are neither pooled nor taken for repetitions of one test."""
    fold = pd.Index(lesions["lesion"].unique()).get_indexer(lesions["lesion"]) % 2
    lesions = lesions.assign(fold=fold)
    random = analyse(evidence_of(lesions))
    assert np.isfinite(random["differences"]["p_value"]).all()
    assert len(random["source_gap"]) == 2
    classes = ["bkl", "mel", "nv"]
    folds = [{"fold": i, "source": name, "classes": classes} for i, name in enumerate("xy")]
    found = analyse(evidence_of(lesions, source_folds=folds))
    differences = found["differences"]
    assert differences[["p_value", "p_holm", "corrected_low"]].isna().all(axis=None)
    assert (differences["verdict_low"] == differences["difference_low"]).all()
    assert "source_gap" not in found
    assert set(found["within"]["value"]) == {"within source", "x", "y"}
    # The headline is the mean of the rows by source.
    of_models = found["leave_source_out"].groupby("model", sort=False)["macro_auc"].mean()
    metrics = found["metrics"].query("unit == 'lesion'").set_index("model")["macro_auc"]
    pd.testing.assert_series_equal(of_models, metrics)
