"""Controls that should fail, and artefacts that should not matter."""

import pandas as pd

from pipelines.reporting.cells import model_cell, score_cell, share_cell, signed_cell
from pipelines.reporting.content import Cell, Fold, Part, Picture, Pictures, Section, Table
from pipelines.reporting.drawing.dots import Dots, dots_of, draw_dots
from pipelines.reporting.drawing.palette import SERIES
from pipelines.reporting.pictures import picture
from pipelines.reporting.results import Results


def make_section(results: Results) -> Section | None:
    """Make the section; None where neither controls nor counterfactuals were run."""
    table, moved = results.table("controls"), results.table("counterfactuals")
    pictures: list[Picture] = []
    parts: list[Part] = []
    if table is not None:
        pictures.append(_picture(results, table))
        parts.append(_table(results, table))
    if moved is not None:
        pictures.append(_moved_picture(results, moved))
        parts.append(Fold("Each artefact and model", [_moved(results, moved)]))
    if not parts:
        return None
    return Section("controls", "Controls", _lead(table, moved), [Pictures(pictures), *parts])


def _lead(table: pd.DataFrame | None, moved: pd.DataFrame | None) -> str:
    words = []
    if table is not None:
        words.append(
            "A control is trained like a model, but on what should tell nothing: shuffled labels, "
            "the lesion blanked out, only the border of skin, only properties of the file. It is "
            "flagged where it reaches 90% of what a model has over 0.5, or where shuffled labels "
            "do better than chance."
        )
    if moved is not None:
        words.append(
            "A ruler, dark corners or hair pasted on a photograph do not change the lesion, and "
            "should not move its probability."
        )
    return " ".join(words)


def _picture(results: Results, table: pd.DataFrame) -> Picture:
    # A control that serves several models has a row for each, with the same score.
    flags = table.groupby(["control", "macro_auc"], sort=False)["flagged"].transform("any")
    table = table.assign(flagged=flags).drop_duplicates(["control", "macro_auc"])
    models = table["model"].fillna("").astype(str)
    again = table["control"].duplicated(keep=False)
    names = [
        f"{control}, {model}" if several and model else str(control)
        for control, model, several in zip(table["control"], models, again, strict=True)
    ]
    flagged = table["flagged"].astype(bool)
    colors = [SERIES[1] if flag else SERIES[7] for flag in flagged]
    scores = dots_of(table.assign(name=names), "name", "macro_auc")
    return picture(
        "controls",
        draw_dots(
            names,
            [Dots("control", scores, SERIES[7], colors=colors)],
            f"Macro AUC per {results.unit}, 95% interval",
            lines=[0.5],
        ),
        "Macro AUC of each control; the line is chance, red is flagged.",
        "Macro AUC of each control with its interval; the numbers are in the table.",
    )


def _table(results: Results, table: pd.DataFrame) -> Table:
    rows = [
        [
            Cell(str(row["control"])),
            model_cell(_model(row["model"]), results.series),
            Cell("flagged" if row["flagged"] else "passed", best=bool(row["flagged"])),
            score_cell(row, "macro_auc"),
            share_cell(row["share_of_excess"], 0),
            Cell(_reason(row), free=True),
        ]
        for _, row in table.iterrows()
    ]
    caption = f"Controls per {results.unit}. Share of excess: of what the model has over 0.5."
    head = ["Control", "Of model", "Verdict", "Macro AUC", "Share of excess", "Reason"]
    return Table("controls", caption, head, rows, words=3)


def _model(name: object) -> str:
    return name if isinstance(name, str) and name else "all"


def _reason(row: pd.Series) -> str:
    reason = row.get("reason")
    return reason if isinstance(reason, str) else ""


def _moved_picture(results: Results, table: pd.DataFrame) -> Picture:
    artefacts = list(dict.fromkeys(table["artefact"]))
    series = [
        Dots(model, dots_of(table[table["model"] == model], "artefact", "shift"), SERIES[place])
        for model, place in results.series.items()
        if (table["model"] == model).any()
    ]
    return picture(
        "counterfactuals",
        draw_dots(artefacts, series, f"Mean move of the probability of {results.positive}"),
        f"How far an artefact moves the probability of {results.positive}, up or down, mean over "
        "images with 95% interval.",
        "Mean absolute move of the probability for each artefact and model; see the table.",
    )


def _moved(results: Results, table: pd.DataFrame) -> Table:
    rows = [
        [
            Cell(str(row["artefact"])),
            model_cell(str(row["model"]), results.series),
            score_cell(row, "shift"),
            signed_cell(row, "moved_up"),
            share_cell(row["flipped"]),
            Cell(f"{row['n']:,.0f}", value=float(row["n"])),
        ]
        for _, row in table.iterrows()
    ]
    caption = (
        f"Move of the probability of {results.positive} in size, its mean with sign, and the share "
        "of labels that change."
    )
    head = ["Artefact", "Model", "Move", "Upwards", "Labels changed", "Images"]
    return Table("counterfactuals", caption, head, rows, words=2)
