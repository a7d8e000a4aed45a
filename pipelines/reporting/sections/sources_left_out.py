"""Scores on each source by models of all others, where sources were left out in turn."""

from pipelines.reporting.cells import count_cell, model_cell, score_cell
from pipelines.reporting.content import Cell, Section, Table
from pipelines.reporting.results import Results


def make_section(results: Results) -> Section | None:
    """Make the section; None where no source was left out."""
    table = results.table("leave_source_out")
    if table is None:
        return None
    scores = {"macro_auc": "Macro AUC", "positive_auc": f"AUC of {results.positive}"}
    shown = [score for score in scores if score in table]
    rows = [
        [
            Cell(str(row["source"])),
            model_cell(str(row["model"]), results.series),
            *(score_cell(row, score) if row["enough"] else Cell("too few") for score in shown),
            count_cell(row["n"]),
            Cell(str(row["classes"]), free=True),
        ]
        for _, row in table.iterrows()
    ]
    head = ["Source", "Model", *(scores[score] for score in shown), "Lesions", "Classes scored"]
    caption = "Each source tested by models of all others; only classes that both sides have."
    made = Table("sources-left-out", caption, head, rows, words=2)
    return Section(
        "sources-left-out",
        "Sources left out",
        "A clinic or a device that took no part in training is the nearest that one data set "
        "comes to another one.",
        [made],
    )
