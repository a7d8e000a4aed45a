import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import brier_score_loss, log_loss

from pipelines.evaluation import draw_lesions
from pipelines.evaluation.scoring.calibration import (
    COLUMNS,
    RELIABILITY,
    calibration_table,
    reliability_table,
)
from pipelines.evaluation.scoring.probability_scores import calibration_gaps

CLASSES = ["bkl", "mel", "nv"]


def calibrated(n, power=1.0, seed=0):
    """Labels drawn from stated probabilities, which are then sharpened by a power."""
    rng = np.random.default_rng(seed)
    values = np.exp(1.5 * rng.normal(size=(n, 3)))
    values /= values.sum(axis=1, keepdims=True)
    truth = (rng.random(n)[:, None] > values.cumsum(axis=1)[:, :2]).sum(axis=1)
    values = values**power
    values /= values.sum(axis=1, keepdims=True)
    columns = {f"p_{name}": values[:, place] for place, name in enumerate(CLASSES)}
    label = np.array(CLASSES, dtype=object)[truth]
    return pd.DataFrame(
        {"model": "m", "repeat": 0, "lesion": np.arange(n), "label": label} | columns
    )


def ece(values, codes):
    return np.abs(calibration_gaps(values, codes, np.ones((len(codes), 1)))).sum()


def draws(table, n=100):
    return draw_lesions(table["label"].to_numpy(), n, 0)


def test_scores_are_those_of_scikit_learn(lesions, counts):
    table = calibration_table(lesions, counts)
    assert list(table) == COLUMNS
    for row in table.to_dict("records"):
        part = lesions[lesions["model"] == row["model"]]
        values = part[[f"p_{name}" for name in CLASSES]].to_numpy()
        assert row["log_loss"] == pytest.approx(log_loss(part["label"], values))
        assert row["brier"] == pytest.approx(
            brier_score_loss(part["label"], values, labels=CLASSES, scale_by_half=False)
        )
        codes = pd.Index(CLASSES).get_indexer(part["label"])
        assert row["ece"] == pytest.approx(ece(values, codes))
        for score in ("brier", "log_loss", "ece"):
            assert row[f"{score}_low"] < row[score] < row[f"{score}_high"]


def test_repeats_are_averaged(repeated, counts):
    together = calibration_table(repeated, counts).iloc[0]
    alone = [calibration_table(run, counts).iloc[0] for _, run in repeated.groupby("repeat")]
    for score in ("brier", "log_loss", "ece"):
        assert together[score] == pytest.approx(np.mean([row[score] for row in alone]))


def test_interval_of_the_calibration_error_covers():
    """Of a calibrated model, whose draws are all above its true error, and of an overconfident."""
    for power in (1.0, 1.5):
        many = calibrated(200_000, power, seed=1)
        values = many[[f"p_{name}" for name in CLASSES]].to_numpy()
        codes = pd.Index(CLASSES).get_indexer(many["label"])
        true = ece(values, codes)
        covered = []
        for seed in range(20):
            table = calibrated(400, power, seed=seed + 10)
            row = calibration_table(table, draws(table)).iloc[0]
            covered.append(row["ece_low"] <= true <= row["ece_high"])
        assert np.mean(covered) >= 0.9


def test_reliability_of_calibrated_probabilities():
    table = calibrated(5000)
    found = reliability_table(table, draws(table), "mel")
    assert list(found) == RELIABILITY
    assert found["bin"].tolist() == list(range(10))
    assert found["n"].tolist() == [500] * 10
    assert (found["predicted"].diff().dropna() > 0).all()
    inside = (found["observed_low"] <= found["predicted"]) & (
        found["predicted"] <= found["observed_high"]
    )
    assert inside.sum() >= 8
    mean = np.average(found["observed"], weights=found["n"])
    assert mean == pytest.approx((table["label"] == "mel").mean())


def test_overconfidence_shows():
    table = calibrated(5000, power=3)
    found = reliability_table(table, draws(table), "mel")
    assert found["observed"].iloc[0] > found["predicted"].iloc[0] + 0.01
    assert found["observed"].iloc[-1] < found["predicted"].iloc[-1] - 0.05


def test_bins_hold_the_shares_counted_by_hand():
    label = np.array(["nv", "mel", "nv", "nv", "mel", "mel"], dtype=object)
    scores = np.array([0.1, 0.2, 0.3, 0.6, 0.7, 0.8])
    table = pd.DataFrame({"model": "m", "repeat": 0, "lesion": np.arange(6), "label": label})
    table = table.assign(p_mel=scores, p_nv=1 - scores)
    found = reliability_table(table, draws(table), "mel", n_bins=2)
    np.testing.assert_allclose(found["predicted"], [0.2, 0.7])
    np.testing.assert_allclose(found["observed"], [1 / 3, 2 / 3])
    assert found["n"].tolist() == [3, 3]


def test_a_model_of_one_probability_has_one_bin(lesions, counts):
    flat = lesions.assign(p_bkl=0.2, p_mel=0.1, p_nv=0.7)
    found = reliability_table(flat, counts, "mel")
    assert found["bin"].tolist() == [0, 0]
    np.testing.assert_allclose(found["observed"], 40 / 300)
    assert found["n"].tolist() == [300, 300]


def test_repeats_are_pooled_and_their_lesions_counted_once(repeated, counts):
    found = reliability_table(repeated, counts, "mel")
    assert found["n"].sum() == pytest.approx(300, abs=5)
    mean = np.average(found["observed"], weights=found["n"])
    assert mean == pytest.approx(40 / 300, abs=0.005)


@pytest.mark.parametrize("positive", [None, "bcc"])
def test_without_a_class_of_concern_there_is_no_curve(lesions, counts, positive):
    assert reliability_table(lesions, counts, positive).empty
