"""Each class against all others."""

import pandas as pd

from pipelines.reporting.cells import count_cell, model_cell, score_cell
from pipelines.reporting.content import Cell, Fold, Picture, Pictures, Section, Table
from pipelines.reporting.drawing.dots import Dots, dots_of, draw_dots
from pipelines.reporting.drawing.palette import SERIES
from pipelines.reporting.pictures import picture
from pipelines.reporting.results import Results
from pipelines.reporting.words.repeats import mean_of_draws

SCORES = {
    "auc": "AUC",
    "average_precision": "Average precision",
    "sensitivity": "Sensitivity",
    "specificity": "Specificity",
    "f1": "F1",
}
_WIDE = ("auc", "sensitivity", "specificity")


def make_section(results: Results) -> Section | None:
    """Make the section; None where no score of a class was computed."""
    table = per_class(results)
    if table.empty:
        return None
    pictures = [
        _picture(results, table, "auc", "AUC of each class against all others."),
        _picture(
            results,
            table,
            "sensitivity",
            f"Share of the {results.unit}s of each class that are recognised, by the most "
            "probable class.",
        ),
    ]
    return Section(
        "classes",
        "By class",
        "A macro average hides which class a model lives on. Decisions are by the most probable "
        "class.",
        [Pictures(pictures), Fold("Scores of every class and model", [_table(results, table)])],
    )


def per_class(results: Results) -> pd.DataFrame:
    """Scores of each class and model per lesion.

    Parameters
    ----------
    results : Results
        Of a comparison.

    Returns
    -------
    DataFrame
        `model`, `class`, scores with their ends, and `n_positive`: the analysis `per_class`, or
        else what the table of metrics holds of it.
    """
    table = results.table("per_class")
    if table is not None:
        return table[table["unit"] == "lesion"] if "unit" in table else table
    lesions = dict(
        zip(results.record.cohort["label"], results.record.cohort["lesions"], strict=True)
    )
    rows = [
        {"model": row["model"], "class": label, "n_positive": lesions.get(label, 0)}
        | {
            f"{name}{end}": row[f"{name}_{label}{end}"]
            for name in _WIDE
            for end in ("", "_low", "_high")
        }
        for _, row in results.metrics().iterrows()
        for label in results.classes
        if f"auc_{label}" in row
    ]
    return pd.DataFrame(rows)


def _picture(results: Results, table: pd.DataFrame, score: str, caption: str) -> Picture:
    series = [
        Dots(model, dots_of(table[table["model"] == model], "class", score), SERIES[place])
        for model, place in results.series.items()
    ]
    name = SCORES[score]
    return picture(
        f"class-{score}",
        draw_dots(results.classes, series, f"{name} per {results.unit}, 95% interval"),
        caption,
        f"{name} of each model for each class; the numbers are in the table by class.",
    )


def _table(results: Results, table: pd.DataFrame) -> Table:
    names = [name for name in SCORES if name in table and table[name].notna().any()]
    order = {label: place for place, label in enumerate(results.classes)}
    table = table.sort_values("class", key=lambda labels: labels.map(order), kind="stable")
    rows = [
        [
            Cell(str(row["class"])),
            model_cell(str(row["model"]), results.series),
            *(score_cell(row, name) for name in names),
            count_cell(row["n_positive"]),
        ]
        for _, row in table.iterrows()
    ]
    head = ["Class", "Model", *(SCORES[name] for name in names), "Lesions"]
    caption = f"Each class against the others, per {results.unit}.{mean_of_draws(results)}"
    return Table("classes", caption, head, rows, words=2)
