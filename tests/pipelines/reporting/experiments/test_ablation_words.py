import numpy as np
import pandas as pd
import pytest

from pipelines.reporting.experiments.ablation import render_ablation
from pipelines.reporting.experiments.ablation_words import in_percent, judge_boltzmann

SETTINGS = {
    "dataset": "toy",
    "images": 1234,
    "lesions": 1000,
    "columns": 4020,
    "cohort": [{}, {}],
    "n_splits": 5,
    "seed": 0,
    "synthetic": False,
    "grouping": ["lesion"],
    "partial": False,
    "command": "dermfusion ablate",
    "model": "Model()",
}


def make_selections(*rows):
    """Rows of selector, share, part kept, and macro AUC over boltzmann; intervals of +- 0.004."""
    table = pd.DataFrame(rows, columns=["selector", "share", "kept", "over_boltzmann"])
    table["macro_auc"] = 0.95 * table["kept"]
    for name in ("kept", "over_boltzmann", "macro_auc"):
        table[f"{name}_low"], table[f"{name}_high"] = table[name] - 0.004, table[name] + 0.004
    return table


PLANTED = make_selections(
    ("boltzmann", 0.1, 0.994, 0.0),
    ("xgboost_gain", 0.1, 0.999, 0.005),
    ("anova_f", 0.1, 0.996, 0.002),
    ("random", 0.1, 0.98, -0.013),
    ("boltzmann", 0.01, 0.95, 0.0),
    ("anova_f", 0.01, 0.951, 0.001),
    ("anova_f", 0.5, 0.999, np.nan),
    ("boltzmann", 1.0, 1.0, 0.0),
    ("anova_f", 1.0, 1.0, 0.0),
)


@pytest.mark.parametrize(
    ("share", "name"),
    [(0.001, "0.1%"), (0.004, "0.4%"), (0.01, "1%"), (0.014, "1.4%"), (0.29, "29%"), (1.0, "100%")],
)
def test_shares_have_names_of_their_own(share, name):
    assert in_percent(share) == name


def test_verdict_of_each_share():
    assert judge_boltzmann(PLANTED) == [
        "At 1% of the columns boltzmann keeps 95.0% (94.6 to 95.4) of the macro AUC of all "
        "columns, and is beaten outside the interval by none of anova_f.",
        "At 10% of the columns boltzmann keeps 99.4% (99.0 to 99.8) of the macro AUC of all "
        "columns, and is beaten outside the interval by xgboost_gain, not by anova_f, random.",
    ]


def test_verdict_where_something_was_not_run():
    alone, unknown = PLANTED.iloc[:1], PLANTED.iloc[:2].copy()
    unknown[["kept", "kept_low", "kept_high"]] = np.nan
    assert judge_boltzmann(alone)[0].endswith("of all columns, and has no rival.")
    assert judge_boltzmann(unknown) == [
        "At 10% of the columns boltzmann is beaten outside the interval by xgboost_gain."
    ]
    assert judge_boltzmann(PLANTED[PLANTED["selector"] == "anova_f"]) == []


def test_page_shows_what_is_kept_and_who_is_ahead():
    page = render_ablation(pd.DataFrame(), PLANTED, {}, SETTINGS)
    assert "- At 10% of the columns boltzmann keeps 99.4% (99.0 to 99.8)" in page
    assert "| Selector | 1% | 10% | 50% | 100% |" in page
    assert "| xgboost_gain | – | 99.9% | – | – |" in page
    assert "| anova_f | +0.001 | +0.002 | – | 0.000 |" in page
    assert "| xgboost_gain | – | **+0.005** | – | – |" in page
    assert "| random | – | **−0.013** | – | – |" in page


def test_shares_that_round_alike_have_columns_of_their_own():
    curve = make_selections(("boltzmann", 0.001, 0.7, 0.0), ("boltzmann", 0.004, 0.8, 0.0))
    page = render_ablation(pd.DataFrame(), curve, {}, SETTINGS)
    assert "| Selector | 0.1% | 0.4% |" in page
    assert "| boltzmann | 70.0% | 80.0% |" in page
