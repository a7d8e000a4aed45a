"""Scores of steps whose predictions are planted."""

import numpy as np
import pandas as pd
import pytest

from pipelines.experiments.gains import score_curve, score_ladder
from pipelines.experiments.ladder import Step
from pipelines.experiments.saved_steps import Finished

N = 20
KNOWN = np.full(N, 0.9)
UNKNOWN = np.full(N, 0.5)
# Half of the melanomas are told apart, and the other half is a coin's throw: an AUC of 3/4.
FIRST_HALF = np.repeat([0.9, 0.5], N // 2)


def predict(p_mel):
    """Predictions of as many melanomas as there are probabilities, and of as many naevi at 1/2."""
    p_mel = np.r_[p_mel, np.full(N, 0.5)]
    names = [f"L{i}" for i in range(2 * N)]
    table = pd.DataFrame({"model": "m", "repeat": 0, "row": range(2 * N), "image": names})
    table["label"] = np.repeat(np.array(["mel", "nv"], dtype=object), N)
    table = table.assign(lesion=names, fold=np.arange(2 * N) % 2)
    return table.assign(p_mel=p_mel, p_nv=1 - p_mel)


@pytest.fixture
def planted():
    """At 10% a rival that is better than boltzmann, two that are as good, and a worse one."""
    chosen = {
        "boltzmann": FIRST_HALF,
        "anova_f": KNOWN,
        "mutual_information": FIRST_HALF[::-1],
        "l1": FIRST_HALF,
        "random": UNKNOWN,
    }
    steps = [Step("fused", "majority", None, 4)]
    steps += [Step(f"{name} 10%", "fused", None, None, name, 0.1) for name in chosen]
    steps.append(Step("anova_f 50%", "fused", None, None, "anova_f", 0.5))
    finished = {f"{name} 10%": Finished(predict(p), 1.0, 1) for name, p in chosen.items()}
    finished["fused"] = Finished(predict(KNOWN), 1.0, 4)
    finished["anova_f 50%"] = Finished(predict(KNOWN), 1.0, 2)
    return steps, finished


def test_ladder_tells_what_selections_keep(planted):
    table = score_ladder(*planted, 4, n_bootstrap=200).set_index("step")
    own = table.loc["boltzmann 10%"]
    assert (own["macro_auc"], own["kept"]) == (0.75, 0.75)
    # All columns give 1 on every draw, so what is kept varies as the score itself does.
    assert own["kept_low"] == own["macro_auc_low"] < 0.75 < own["kept_high"]
    assert table.loc["anova_f 10%", "kept"] == 1
    assert table.loc["fused", ["selector", "share"]].tolist() == [
        "",
        pytest.approx(np.nan, nan_ok=True),
    ]
    assert table.loc["fused", ["kept", "kept_low", "over_boltzmann"]].isna().all()


def test_rivals_are_paired_with_boltzmann_at_the_same_share(planted):
    table = score_ladder(*planted, 4, n_bootstrap=200).set_index("step")
    low, high = table["over_boltzmann_low"], table["over_boltzmann_high"]
    assert table.loc["anova_f 10%", "over_boltzmann"] == 0.25
    assert low["anova_f 10%"] > 0
    assert table.loc["random 10%", "over_boltzmann"] == -0.25
    assert high["random 10%"] < 0
    # Right on other lesions: no better on the whole, but on many a draw.
    assert table.loc["mutual_information 10%", "over_boltzmann"] == 0
    assert low["mutual_information 10%"] < 0 < high["mutual_information 10%"]
    # Right on the same lesions: no draw parts them.
    for name in ("l1 10%", "boltzmann 10%"):
        assert table.loc[name, "over_boltzmann"] == low[name] == high[name] == 0
    # At this share boltzmann was not run.
    assert np.isnan(table.loc["anova_f 50%", "over_boltzmann"])


def test_curve_ends_where_all_columns_are_kept(planted):
    curve = score_curve(*planted, "fused", 4, n_bootstrap=50).set_index(["selector", "share"])
    assert curve.loc[("anova_f", 0.1), "over_boltzmann"] == 0.25
    assert np.isnan(curve.loc[("anova_f", 0.5), "over_boltzmann"])
    for end in ("", "_low", "_high"):
        assert (curve.xs(1.0, level="share")[f"kept{end}"] == 1).all()
        assert (curve.xs(1.0, level="share")[f"over_boltzmann{end}"] == 0).all()


def test_without_boltzmann_nothing_is_compared_with_it(planted):
    steps, finished = planted
    others = [s for s in steps if s.selector != "boltzmann"]
    curve = score_curve(others, finished, "fused", 4, n_bootstrap=10)
    assert curve["over_boltzmann"].isna().all()
    assert curve["kept"].notna().all()
    # Nor if it failed.
    del finished["boltzmann 10%"]
    assert score_ladder(steps, finished, 4, n_bootstrap=10)["over_boltzmann"].isna().all()
