"""Pictures and tables of the ledger and the ablation, from tables made by hand."""

import numpy as np
import pandas as pd
import pytest

from pipelines.reporting.drawing.palette import SERIES
from pipelines.reporting.drawing.svg import to_svg
from pipelines.reporting.experiments.ablation_figures import draw_curve, draw_ladder
from pipelines.reporting.experiments.ledger import render_ledger, write_noise_ledger
from pipelines.reporting.experiments.ledger_figure import draw_ledger
from pipelines.reporting.markdown import markdown_table, score_or_dash, signed

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
    "partial": True,
    "command": "dermfusion ledger",
    "model": "Model()",
}


def make_entries(**scores):
    """One sin a keyword: honest, sinful, and half the width of the interval of their difference."""
    rows = []
    for sin, (honest, sinful, reach) in scores.items():
        row = {"sin": sin, "title": sin.title(), "practice": "P.", "remedy": "R."}
        row |= {"metric": "macro AUC", "seconds": 1.0}
        row |= {"honest": honest, "sinful": sinful, "difference": sinful - honest}
        for name in ("honest", "sinful", "difference"):
            row |= {f"{name}_low": row[name] - reach, f"{name}_high": row[name] + reach}
        rows.append(row)
    return pd.DataFrame(rows)


def make_ladder():
    rows = [
        ("majority", "", 0, 0.5, np.nan),
        ("abcd", "majority", 73, 0.8, 0.3),
        ("better", "abcd", 100, 0.9, 0.1),
        ("worse", "abcd", 100, 0.7, -0.1),
        ("unsure", "abcd", np.nan, 0.801, 0.001),
    ]
    table = pd.DataFrame(rows, columns=["step", "reference", "columns", "macro_auc", "gain"])
    for name in ("macro_auc", "gain"):
        table[f"{name}_low"], table[f"{name}_high"] = table[name] - 0.02, table[name] + 0.02
    return table.assign(seconds=12.0)


def colors_of_dots(axes):
    return [line.get_color() for line in axes.lines if line.get_marker() == "o"]


def test_ledger_shows_the_worst_sin_on_top_and_its_number():
    figure = draw_ledger(make_entries(small=(0.9, 0.91, 0.02), large=(0.9, 0.99, 0.02)))
    texts = {text.get_text(): text for text in figure.axes[0].texts}
    assert {"Small", "Large", "+0.010", "+0.090"} <= set(texts)
    assert texts["Large"].get_position()[1] > texts["Small"].get_position()[1]


def test_ledger_of_one_sin_that_adds_nothing_has_an_axis():
    low, high = draw_ledger(make_entries(only=(0.9, 0.9, 0.0))).axes[0].get_xlim()
    assert low < 0.9 < high


def test_headline_names_a_sin_only_if_it_is_sure():
    sure = render_ledger(make_entries(greed=(0.8, 0.9, 0.05)), {}, SETTINGS)
    assert "*greed*: it turns a macro AUC of 0.800 into 0.900" in sure
    unsure = render_ledger(make_entries(greed=(0.8, 0.9, 0.15)), {}, SETTINGS)
    assert "no sin adds more than the choice of lesions might" in unsure
    assert "1,234 images of 1,000 lesions" in sure
    assert "**Partial data:**" in sure


def test_ledger_without_entries_says_why():
    page = render_ledger(make_entries(), {"network": "no network was given"}, SETTINGS)
    assert "- network: no network was given" in page


def test_noise_of_one_draw_has_no_spread(tmp_path):
    draws = make_entries(greed=(0.5, 0.9, 0.0)).assign(draw=0)
    text = write_noise_ledger(draws, tmp_path).read_text(encoding="utf-8")
    assert "| Greed | macro AUC | 0.500" in text
    assert (tmp_path / "noise.svg").exists()


def test_ladder_colours_gains_by_their_interval():
    alone, gains = draw_ladder(make_ladder()).axes
    assert len(colors_of_dots(alone)) == 1
    assert colors_of_dots(gains) == [SERIES[2], SERIES[1], SERIES[7]]
    assert "vs abcd, 12 s" in [text.get_text() for text in gains.texts]


@pytest.mark.parametrize("n_rows", [1, 2])
def test_short_ladders_are_drawn(n_rows):
    assert to_svg(draw_ladder(make_ladder().iloc[:n_rows])).startswith("<?xml")


def test_curve_has_a_line_a_selector():
    curve = pd.DataFrame(
        [
            (name, share, 0.8 + share / 10)
            for name in ("boltzmann_gain", "random")
            for share in (0.01, 0.1, 1.0)
        ],
        columns=["selector", "share", "macro_auc"],
    )
    curve["macro_auc_low"], curve["macro_auc_high"] = curve["macro_auc"] - 0.01, 0.95
    figure = draw_curve(curve)
    assert [text.get_text() for text in figure.legends[0].get_texts()] == [
        "boltzmann gain",
        "random",
    ]
    labels = [label.get_text() for label in figure.axes[0].get_xticklabels()]
    assert labels == ["1%", "10%", "100%"]


def test_cells_of_tables():
    assert markdown_table(["a", "b"], [["x|y", "1"]]).splitlines()[-1] == "| x\\|y | 1 |"
    assert [signed(v) for v in (0.1, -0.1, -0.0004)] == ["+0.100", "−0.100", "0.000"]
    assert [score_or_dash(v) for v in (0.12345, np.nan)] == ["0.123", "–"]
