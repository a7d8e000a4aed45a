"""What the audit of the data found."""

from pipelines.reporting.cells import count_cell, join
from pipelines.reporting.content import Cell, Section, Table
from pipelines.reporting.results import Results
from pipelines.reporting.words.leaks import sort_findings


def make_section(results: Results) -> Section | None:
    """Make the section; None where the data were not audited or nothing was found."""
    table = results.table("leaks")
    if table is None:
        return None
    rows = [
        [
            Cell(str(row["kind"])),
            Cell(str(row["severity"])),
            Cell(str(row["message"]), free=True),
            count_cell(row["count"]),
        ]
        for _, row in table.iterrows()
    ]
    lead = (
        "Lesions, patients or copies of a photograph on both sides of a split let a model remember "
        "instead of recognise."
    )
    settled = sort_findings(results, table).settled
    if len(settled):
        lead += (
            " The splits of this run keep connected images on one side, so these findings are "
            f"dealt with here, whatever a published split does: {join(list(settled['kind']))}."
        )
    head = ["Finding", "Severity", "What it means", "Count"]
    return Section(
        "leaks",
        "Leak audit",
        lead,
        [Table("leaks", "Findings of the audit.", head, rows, words=3)],
    )
