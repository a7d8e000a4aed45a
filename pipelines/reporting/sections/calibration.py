"""Whether probabilities mean what they say."""

import pandas as pd

from pipelines.reporting.cells import model_cell, score_cell
from pipelines.reporting.content import Beside, Part, Picture, Section, Table
from pipelines.reporting.drawing.lines import Frame, Line, draw_lines
from pipelines.reporting.pictures import picture
from pipelines.reporting.results import Results
from pipelines.reporting.words.repeats import mean_of_draws

SCORES = {"brier": "Brier score", "log_loss": "Log loss", "ece": "Calibration error"}


def make_section(results: Results) -> Section | None:
    """Make the section; None where no calibration was computed."""
    table, curve = results.table("calibration"), results.table("reliability")
    unit = f"{results.unit}s"
    parts: list[Part] = []
    if curve is not None:
        parts.append(_reliability(results, curve))
    if table is not None:
        parts.append(_table(results, table))
    if not parts:
        return None
    return Section(
        "calibration",
        "Calibration",
        f"Of the {unit} given a probability of 20%, a fifth should have the disease. The Brier "
        "score (summed over classes, so of two classes twice the binary one) and the log loss "
        f"reward both telling {unit} apart and meaning what is said; the expected calibration "
        "error counts the second alone, and is too large by nature in small samples. Lower is "
        "better.",
        [Beside(parts)],
    )


def _table(results: Results, table: pd.DataFrame) -> Table:
    names = [name for name in SCORES if name in table and table[name].notna().any()]
    best = {name: table[name].min() for name in names}
    rows = [
        [
            model_cell(str(row["model"]), results.series),
            *(score_cell(row, n, best=len(table) > 1 and row[n] == best[n]) for n in names),
        ]
        for _, row in table.sort_values(names[0], kind="stable").iterrows()
    ]
    caption = (
        f"Errors of the probabilities per {results.unit} with 95% intervals. Best of each column "
        "bold." + mean_of_draws(results)
    )
    head = ["Model", *(SCORES[name] for name in names)]
    return Table("calibration", caption, head, rows, narrow=True)


def _reliability(results: Results, curve: pd.DataFrame) -> Picture:
    lines = []
    for model, place in results.series.items():
        rows = curve[(curve["model"] == model) & (curve["n"] > 0)].sort_values("predicted")
        if rows.empty:
            continue
        x, y, low, high = (
            rows[name].to_numpy(float)
            for name in ("predicted", "observed", "observed_low", "observed_high")
        )
        lines.append(Line(model, x, y, place, low, high, marked=True, bars=True))
    frame = Frame(
        f"Predicted probability of {results.positive}",
        "Observed share",
        (-0.02, 1.02),
        (-0.02, 1.02),
        square=True,
        diagonal=True,
    )
    return picture(
        "reliability",
        draw_lines(lines, frame),
        f"Reliability for {results.positive}, per {results.unit}: on the line, probabilities are "
        "shares. Bars are 95% intervals.",
        f"Observed share of {results.positive} against its predicted probability, a curve a model.",
    )
