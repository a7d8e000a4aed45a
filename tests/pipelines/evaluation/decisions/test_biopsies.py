import numpy as np
import pandas as pd
import pytest

from pipelines.evaluation import draw_lesions
from pipelines.evaluation.decisions.biopsies import COLUMNS, biopsies_table


def at_sensitivity(part, times=None, target=0.95):
    """Sensitivity and specificity at the highest threshold that reaches the target."""
    times = np.ones(len(part)) if times is None else times
    truth, scores = (part["label"] == "mel").to_numpy(), part["p_mel"].to_numpy()
    for threshold in np.sort(scores)[::-1]:
        called = scores >= threshold
        found = times[truth & called].sum() / times[truth].sum()
        if found >= target - 1e-12:
            return found, times[~truth & ~called].sum() / times[~truth].sum()
    raise AssertionError


def test_worked_example():
    # Ten cases and ten others; at 90 % the model has 2 false alarms, the reference 5.
    label = np.repeat(["mel", "nv"], 10).astype(object)
    ours = np.r_[0.1, np.full(9, 0.8), 0.9, 0.85, np.full(8, 0.2)]
    theirs = np.r_[np.full(9, 0.8), 0.1, np.full(5, 0.9), np.full(5, 0.2)]
    one = pd.DataFrame({"repeat": 0, "lesion": range(20), "label": label, "fold": 0})
    lesions = pd.concat(
        [one.assign(model=name, p_mel=p, p_nv=1 - p) for name, p in (("a", ours), ("b", theirs))]
    )
    counts = draw_lesions(label, 50, 0)
    table = biopsies_table(lesions, counts, "mel", 0.9, prevalence=0.1)
    assert list(table) == COLUMNS
    assert table[["model", "reference"]].values.tolist() == [
        ["a", ""],
        ["b", ""],
        ["a", "b"],
        ["b", "a"],
    ]
    first = table.iloc[0]
    assert (first["sensitivity"], first["specificity"]) == pytest.approx((0.9, 0.8))
    # Of 1,000 lesions 100 are cases: 90 found, and 180 of the 900 others taken out.
    assert first["biopsies_per_1000"] == pytest.approx(270)
    assert first["biopsies_per_case"] == pytest.approx(3)
    assert table["saved_per_1000"][2:].tolist() == pytest.approx([270, -270])
    assert table[["only_model", "only_reference"]][2:].values.tolist() == [[1, 1], [1, 1]]
    assert table[["saved_per_1000", "only_model"]][:2].isna().all(axis=None)


def test_thresholds_are_read_off_the_curve(lesions, counts):
    table = biopsies_table(lesions, counts, "mel").set_index(["model", "reference"])
    for name, part in lesions.groupby("model"):
        row = table.loc[(name, "")]
        assert (row["sensitivity"], row["specificity"]) == pytest.approx(at_sensitivity(part))
        assert row["sensitivity"] == 38 / 40


def test_intervals_are_paired_percentiles_of_redrawn_lesions(lesions, counts):
    counts = counts[:, :60]
    table = biopsies_table(lesions, counts, "mel").set_index(["model", "reference"])
    parts = {name: part.reset_index(drop=True) for name, part in lesions.groupby("model")}
    drawn = np.array(
        [[at_sensitivity(parts[name], times) for name in ("good", "poor")] for times in counts.T]
    )
    spared = drawn[..., 1]
    row = table.loc[("good", "poor")]
    expected = np.quantile(spared[:, 0], [0.025, 0.975])
    np.testing.assert_allclose(row[["specificity_low", "specificity_high"]].tolist(), expected)
    saved = 950 * (spared[:, 0] - spared[:, 1])
    expected = np.quantile(saved, [0.025, 0.975])
    np.testing.assert_allclose(
        row[["saved_per_1000_low", "saved_per_1000_high"]].tolist(), expected
    )
    assert row["saved_per_1000_low"] > 0


def test_biopsies_add_up(lesions, counts):
    for prevalence in (0.01, 0.2):
        table = biopsies_table(lesions, counts, "mel", prevalence=prevalence)
        cases = 1000 * prevalence * table["sensitivity"]
        np.testing.assert_allclose(table["biopsies_per_case"] * cases, table["biopsies_per_1000"])
        others = 1000 * (1 - prevalence) * (1 - table["specificity"])
        np.testing.assert_allclose(table["biopsies_per_1000"], cases + others)


def test_cases_that_change_sides_balance_at_equal_sensitivity(lesions, counts):
    pairs = biopsies_table(lesions, counts, "mel").iloc[2:]
    assert (pairs["only_model"] == pairs["only_reference"]).all()
    assert pairs["only_model"].iloc[0] == pairs["only_reference"].iloc[1]


def test_a_model_does_not_differ_from_its_twin(lesions, counts):
    good = lesions[lesions["model"] == "good"]
    # In another order of rows.
    twin = good.assign(model="twin").iloc[::-1]
    row = biopsies_table(pd.concat([good, twin]), counts, "mel").iloc[2]
    ends = ["saved_per_1000", "saved_per_1000_low", "saved_per_1000_high"]
    assert row[[*ends, "only_model", "only_reference"]].tolist() == [0] * 5


def test_repeats_are_averaged(repeated, counts):
    together = biopsies_table(repeated, counts, "mel").iloc[0]
    alone = [biopsies_table(run, counts, "mel").iloc[0] for _, run in repeated.groupby("repeat")]
    for score in ("sensitivity", "specificity"):
        assert together[score] == pytest.approx(np.mean([row[score] for row in alone]))


@pytest.mark.parametrize("positive", [None, "bcc"])
def test_without_a_class_of_concern_there_is_no_table(lesions, counts, positive):
    assert biopsies_table(lesions, counts, positive).empty


def test_bad_arguments(lesions, counts):
    with pytest.raises(ValueError, match=r"`sensitivity` must be in \(0, 1\], got 1.2"):
        biopsies_table(lesions, counts, "mel", 1.2)
    with pytest.raises(ValueError, match=r"`prevalence` must be in \(0, 1\), got 0"):
        biopsies_table(lesions, counts, "mel", prevalence=0)
