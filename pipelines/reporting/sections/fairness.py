"""Scores by group of patients."""

import pandas as pd

from pipelines.evaluation.subgroups.fairness import TYPOLOGY, TYPOLOGY_NOTE
from pipelines.reporting.cells import count_cell, model_cell, score_cell
from pipelines.reporting.content import Cell, Fold, Part, Prose, Section, Table
from pipelines.reporting.drawing.dots import Dots, dots_of, draw_dots
from pipelines.reporting.drawing.palette import SERIES
from pipelines.reporting.pictures import picture
from pipelines.reporting.results import Results
from pipelines.reporting.words.repeats import mean_of_draws

ATTRIBUTES = {
    "fitzpatrick": "Fitzpatrick skin type",
    "age": "Age",
    "sex": "Sex",
    "site": "Site on the body",
    "source": "Source",
    TYPOLOGY: "Typology angle of the skin (a colour, not a skin tone)",
}


def make_section(results: Results) -> Section | None:
    """Make the section; None where no group was scored."""
    table = results.table("fairness")
    if table is None:
        return None
    best = next((m for m in results.ranked if (table["model"] == m).any()), None)
    parts: list[Part] = []
    enough = table[(table["model"] == best) & table["enough"].astype(bool) & table["auc"].notna()]
    if best is not None and len(enough):
        names = [f"{_name(row['attribute'])}: {row['group']}" for _, row in enough.iterrows()]
        scores = dots_of(enough.assign(name=names), "name", "auc")
        figure = draw_dots(
            names,
            [Dots(best, scores, SERIES[results.series[best]])],
            f"AUC of {results.positive} per {results.unit}, 95% interval",
        )
        parts.append(
            picture(
                "fairness",
                figure,
                f"AUC of {results.positive} of {best} in each group with enough lesions.",
                f"AUC of {best} for each group with its interval; the numbers are in the table.",
            )
        )
    parts.append(Fold("Every group and model", [_table(results, table)]))
    if (table["attribute"] == TYPOLOGY).any():
        parts.append(Prose(TYPOLOGY_NOTE))
    return Section(
        "fairness",
        "Groups of patients",
        f"Scores for {results.positive} in each group. Groups differ in how hard their lesions are "
        "and in how they were chosen, so a lower score is a question, not yet a verdict; a group "
        "with too few lesions gets none.",
        parts,
    )


def _name(attribute: object) -> str:
    return ATTRIBUTES.get(str(attribute), str(attribute).capitalize())


def _table(results: Results, table: pd.DataFrame) -> Table:
    scores = {"auc": "AUC", "sensitivity": "Sensitivity", "specificity": "Specificity"}
    judged = "verdict" in table
    rows = [
        [
            Cell(_name(row["attribute"])),
            Cell(str(row["group"])),
            model_cell(str(row["model"]), results.series),
            *([Cell(str(row["verdict"]))] if judged else []),
            *(score_cell(row, n) if row["enough"] else Cell("too few") for n in scores),
            count_cell(row["n"]),
            count_cell(row["n_positive"]),
        ]
        for _, row in table.iterrows()
    ]
    head = [
        "Attribute",
        "Group",
        "Model",
        *(["Verdict"] if judged else []),
        *scores.values(),
        "Lesions",
        f"Of them {results.positive}",
    ]
    caption = f"Each group per {results.unit} with 95% intervals.{mean_of_draws(results)}"
    return Table("fairness", caption, head, rows, words=4 if judged else 3)
