import numpy as np
import pandas as pd
import pytest

from pipelines.evaluation import draw_lesions
from pipelines.evaluation.decisions.decision_curve import COLUMNS, decision_curve_table


def by_hand(part, threshold):
    called = part["p_mel"] >= threshold
    hits = (called & (part["label"] == "mel")).sum()
    alarms = (called & (part["label"] != "mel")).sum()
    return (hits - alarms * threshold / (1 - threshold)) / len(part)


def test_net_benefit_is_that_of_the_formula(lesions, counts):
    table = decision_curve_table(lesions, counts, "mel")
    assert list(table) == COLUMNS
    assert table["model"].unique().tolist() == ["good", "poor", "treat all", "treat none"]
    for name in ("good", "poor"):
        part = lesions[lesions["model"] == name]
        curve = table[table["model"] == name]
        expected = [by_hand(part, threshold) for threshold in curve["threshold"]]
        np.testing.assert_allclose(curve["net_benefit"], expected, atol=1e-12)
        assert (curve["net_benefit_low"] <= curve["net_benefit"]).all()
        assert (curve["net_benefit"] <= curve["net_benefit_high"]).all()


def test_intervals_are_percentiles_of_redrawn_lesions(lesions, counts):
    part = lesions[lesions["model"] == "good"].reset_index(drop=True)
    row = decision_curve_table(part, counts, "mel", [0.1]).iloc[0]
    drawn = [by_hand(part.loc[np.repeat(part.index, times)], 0.1) for times in counts.T]
    expected = np.quantile(drawn, [0.025, 0.975])
    np.testing.assert_allclose(row[["net_benefit_low", "net_benefit_high"]].tolist(), expected)


def test_treating_all_or_none_needs_no_model(lesions, counts):
    table = decision_curve_table(lesions, counts, "mel", [0.05, 0.2]).set_index("model")
    share = 40 / 300
    expected = [share - (1 - share) * odds for odds in (0.05 / 0.95, 0.2 / 0.8)]
    np.testing.assert_allclose(table.loc["treat all", "net_benefit"], expected)
    assert (table.loc["treat none", "net_benefit"] == 0).all()


def test_a_rule_that_finds_all_and_only_cases_is_worth_their_share():
    label = np.array(["mel", "nv", "nv", "nv"], dtype=object)
    perfect = pd.DataFrame({"model": "m", "repeat": 0, "lesion": range(4), "label": label})
    perfect = perfect.assign(p_mel=[0.9, 0.0, 0.0, 0.0], p_nv=[0.1, 1.0, 1.0, 1.0])
    counts = draw_lesions(label, 20, 0)
    for prevalence, expected in ((None, 0.25), (0.02, 0.02)):
        table = decision_curve_table(perfect, counts, "mel", [0.01, 0.1], prevalence)
        np.testing.assert_allclose(table["net_benefit"][:2], expected)


def test_prevalence_moves_probabilities_and_shares():
    """Lesions drawn at 2 % and at 20 % give the same curve at 2 %, up to chance."""
    rng = np.random.default_rng(0)

    def sample(n, share):
        truth = np.arange(n) < n * share
        scores = rng.normal(size=n) + 1.5 * truth
        # The probability that is right for this share.
        odds = share / (1 - share) * np.exp(1.5 * scores - 1.5**2 / 2)
        values = odds / (1 + odds)
        label = np.where(truth, "mel", "nv").astype(object)
        table = pd.DataFrame({"model": "m", "repeat": 0, "lesion": range(n), "label": label})
        return table.assign(p_mel=values, p_nv=1 - values)

    curves = []
    for share in (0.02, 0.2):
        table = sample(40_000, share)
        counts = draw_lesions(table["label"].to_numpy(), 2, 0)
        curve = decision_curve_table(table, counts, "mel", [0.01, 0.03, 0.1], prevalence=0.02)
        curves.append(curve["net_benefit"][:3].to_numpy())
    np.testing.assert_allclose(*curves, atol=7e-4)
    assert curves[0][0] > 0.01


def test_repeats_are_averaged(repeated, counts):
    together = decision_curve_table(repeated, counts, "mel", [0.1, 0.3])
    alone = [
        decision_curve_table(run, counts, "mel", [0.1, 0.3])
        for _, run in repeated.groupby("repeat")
    ]
    expected = np.mean([table["net_benefit"] for table in alone], axis=0)
    np.testing.assert_allclose(together["net_benefit"], expected)


@pytest.mark.parametrize("positive", [None, "bcc"])
def test_without_a_class_of_concern_there_is_no_curve(lesions, counts, positive):
    assert decision_curve_table(lesions, counts, positive).empty


def test_bad_arguments(lesions, counts):
    with pytest.raises(ValueError, match=r"`thresholds` must be in \(0, 1\), got \[0.1, 1.0\]"):
        decision_curve_table(lesions, counts, "mel", [0.1, 1.0])
    with pytest.raises(ValueError, match=r"`prevalence` must be in \(0, 1\), got \[0\]"):
        decision_curve_table(lesions, counts, "mel", prevalence=0)
