"""Every model by every score."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from pipelines.reporting.cells import model_cell, score_cell
from pipelines.reporting.content import Cell, Fold, Part, Section, Table
from pipelines.reporting.results import Results
from pipelines.reporting.words.repeats import several_folds

SCORES = {
    "macro_auc": "Macro AUC",
    "positive_auc": "AUC of {positive}",
    "positive_partial_auc": "Partial AUC of {positive}",
    "average_precision": "Average precision",
    "balanced_accuracy": "Balanced accuracy",
    "balanced_accuracy_prior": "Balanced accuracy, prior-corrected",
}
POOLED = {"macro_auc_pooled": "Macro AUC, pooled"}
MORE = {
    "accuracy": "Accuracy",
    "f1": "F1, macro",
}


def make_section(results: Results) -> Section:
    """Make the section."""
    parts: list[Part] = [ranking_table(results, "lesion", SCORES)]
    # With one fold the pool is the fold, and its score the same number again.
    others = POOLED | MORE if several_folds(results) else MORE
    more = ranking_table(results, "lesion", others, "-more")
    if len(more.head) > 1:
        parts.append(Fold(f"More scores per {results.unit}", [more]))
    if results.unit == "lesion":
        made = ranking_table(results, "image", SCORES | others)
        parts.append(Fold("Scores per image", [made]))
    return Section(
        "ranking",
        "Ranking",
        _counted(results) + _pooled(results),
        parts,
    )


def _counted(results: Results) -> str:
    if results.unit == "image":
        return "No image names its lesion, so each counts as one."
    return (
        "A lesion is what is diagnosed, so its images count together: their probabilities are "
        "averaged. Scores per image are below, for comparison with other work."
    )


def _pooled(results: Results) -> str:
    if not several_folds(results):
        return ""
    return (
        " Macro AUC is the mean over folds and is what models are ranked by; pooled is that of all "
        "predictions in one heap, which also asks folds to agree on the level of their scores."
    )


def ranking_table(
    results: Results, unit: str, scores: Mapping[str, str], suffix: str = ""
) -> Table:
    """Scores of every model for one unit, best macro AUC first.

    Parameters
    ----------
    results : Results
        Of a comparison.
    unit : {"lesion", "image"}
        What is counted.
    scores : mapping of str to str
        Columns of the metrics and their headings.
    suffix : str, default=""
        Behind the name of the table.

    Returns
    -------
    Table
        A column a score that was computed; the best of each is bold.
    """
    rows = results.metrics(unit)
    names = [name for name in scores if name in rows and rows[name].notna().any()]
    best = {name: rows[name].max() for name in names}
    body = [
        [model_cell(row["model"], results.series)]
        + [score_cell(row, name, best=len(rows) > 1 and row[name] == best[name]) for name in names]
        for _, row in rows.iterrows()
    ]
    noun = unit if results.unit == "lesion" else "image"
    caption = (
        f"Scores per {noun} with 95% intervals, {int(rows['n'].iloc[0]):,} {noun}s. "
        "Best of each column bold."
    )
    head = ["Model", *(scores[name].format(positive=results.positive) for name in names)]
    if "positive_partial_auc" in names:
        caption += " Partial AUC: the area above 80% sensitivity, at most 0.2, 0.02 by chance."
    for name, cells in (_selection(rows) if scores is SCORES else {}).items():
        head.append(name)
        body = [[*row, cell] for row, cell in zip(body, cells, strict=True)]
    if "Stability" in head:
        caption += (
            " Stability: Nogueira's index of the columns that folds keep, 1 where all keep the "
            "same, 0 as by chance."
        )
    return Table(f"ranking-{unit}{suffix}", caption, head, body)


def _selection(rows: pd.DataFrame) -> dict[str, list[Cell]]:
    """Columns that models kept, and the agreement of folds, where there is any to show."""
    if "columns" not in rows:
        return {}
    each = [row for _, row in rows.iterrows()]
    found = {"Columns": [_kept(row) for row in each]}
    if rows["stability"].notna().any():
        found["Stability"] = [_agreed(row) for row in each]
    return found


def _kept(row: "pd.Series[Any]") -> Cell:
    """Columns that a model kept; empty where it selects none."""
    columns = row["columns"]
    if pd.isna(columns):
        return Cell("")
    return Cell(f"{columns:,.0f}", f"of {row['columns_offered']:,.0f}", value=float(columns))


def _agreed(row: "pd.Series[Any]") -> Cell:
    """Agreement of folds; empty where all kept all columns or none, with nothing to agree on."""
    return Cell("") if pd.isna(row["stability"]) else score_cell(row, "stability")
