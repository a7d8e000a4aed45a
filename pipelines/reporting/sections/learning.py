"""Error against data, and the gap between training and test."""

import pandas as pd

from pipelines.reporting.cells import model_cell, plain_cell, signed_cell
from pipelines.reporting.content import Beside, Part, Picture, Section, Table
from pipelines.reporting.drawing.lines import Frame, Line, draw_lines
from pipelines.reporting.pictures import picture
from pipelines.reporting.results import Results
from pipelines.reporting.words.repeats import several_folds


def make_section(results: Results) -> Section | None:
    """Make the section; None where neither was computed."""
    curve, gap = results.table("learning_curve"), results.table("gap")
    parts: list[Part] = []
    if curve is not None:
        parts.append(_picture(results, curve))
    if gap is not None:
        parts.append(_gap(results, gap))
    if not parts:
        return None
    return Section(
        "learning",
        "Data and overfitting",
        "A curve that still rises asks for more data; a wide gap between training and test asks "
        "for less model. Training sets are whole lesions, smaller ones inside larger ones.",
        [Beside(parts)],
    )


def _picture(results: Results, curve: pd.DataFrame) -> Picture:
    lines, unit = [], results.unit
    for model, place in results.series.items():
        rows = curve[curve["model"] == model].sort_values("lesions")
        if rows.empty:
            continue
        x, y, low, high = (
            rows[name].to_numpy(float)
            for name in ("lesions", "macro_auc", "macro_auc_low", "macro_auc_high")
        )
        lines.append(Line(model, x, y, place, low, high, marked=True))
    return picture(
        "learning-curve",
        draw_lines(
            lines,
            Frame(f"{unit.capitalize()}s trained on", f"Macro AUC per {unit}", log=True),
        ),
        f"Macro AUC on test {unit}s by the number of training {unit}s, with 95% bands.",
        f"Macro AUC by the number of training {unit}s, a curve a model.",
    )


def _gap(results: Results, gap: pd.DataFrame) -> Table:
    rows = [
        [
            model_cell(str(row["model"]), results.series),
            *(plain_cell(row[name], 3) for name in ("train_macro_auc", "macro_auc")),
            signed_cell(row, "gap"),
        ]
        for _, row in gap.iterrows()
    ]
    head = ["Model", "Training", "Test", "Gap"]
    over = ", mean over folds" if several_folds(results) else ""
    caption = (
        f"Macro AUC on training lesions and on test lesions{over}. The interval of the gap is that "
        "of the test score; the training score is taken as it is."
    )
    return Table("gap", caption, head, rows, narrow=True)
