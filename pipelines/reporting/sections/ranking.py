"""Every model by every score."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from pipelines.reporting.cells import model_cell, score_cell
from pipelines.reporting.content import Cell, Fold, Part, Section, Table
from pipelines.reporting.results import Results

SCORES = {
    "macro_auc": "Macro AUC",
    "positive_auc": "AUC of {positive}",
    "positive_partial_auc": "Partial AUC of {positive}",
    "average_precision": "Average precision",
    "balanced_accuracy": "Balanced accuracy",
    "balanced_accuracy_prior": "Balanced accuracy, prior-corrected",
}
MORE = {
    "macro_auc_pooled": "Macro AUC, pooled",
    "accuracy": "Accuracy",
    "f1": "F1, macro",
}


def make_section(results: Results) -> Section:
    """Make the section."""
    parts: list[Part] = [ranking_table(results, "lesion", SCORES)]
    more = ranking_table(results, "lesion", MORE, "-more")
    if len(more.head) > 1:
        parts.append(Fold("More scores per lesion", [more]))
    if "image" in set(results.record.metrics["unit"]):
        made = ranking_table(results, "image", SCORES | MORE)
        parts.append(Fold("Scores per image", [made]))
    return Section(
        "ranking",
        "Ranking",
        "A lesion is what is diagnosed, so its images count together: their probabilities are "
        "averaged. Scores per image are below, for comparison with other work." + _pooled(results),
        parts,
    )


def _pooled(results: Results) -> str:
    if "macro_auc_pooled" not in results.record.metrics:
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
    caption = (
        f"Scores per {unit} with 95% intervals, {int(rows['n'].iloc[0]):,} {unit}s. "
        "Best of each column bold."
    )
    head = ["Model", *(scores[name].format(positive=results.positive) for name in names)]
    if "positive_partial_auc" in names:
        caption += " Partial AUC: the area above 80% sensitivity, at most 0.2, 0.02 by chance."
    if scores is SCORES and "stability" in rows:
        head += ["Columns", "Stability"]
        body = [
            cells + _selection(row) for cells, (_, row) in zip(body, rows.iterrows(), strict=True)
        ]
        caption += (
            " Stability: Nogueira's index of the columns that folds keep, 1 where all keep the "
            "same, 0 as by chance."
        )
    return Table(f"ranking-{unit}{suffix}", caption, head, body)


def _selection(row: "pd.Series[Any]") -> list[Cell]:
    """Columns kept and the agreement of folds; empty where a model selects none."""
    if pd.isna(row["columns"]):
        return [Cell(""), Cell("")]
    columns = row["columns"]
    kept = Cell(f"{columns:,.0f}", f"of {row['columns_offered']:,.0f}", value=float(columns))
    if pd.isna(row["stability"]):
        # All folds kept all columns or none: there was nothing to agree on.
        return [kept, Cell("")]
    return [kept, score_cell(row, "stability")]
