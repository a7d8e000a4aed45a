"""Who is in the data, and what was left out."""

from collections.abc import Sequence

import pandas as pd

from pipelines.reporting.cells import count_cell, join, share_cell
from pipelines.reporting.content import Cell, Fold, Part, Section, Table
from pipelines.reporting.results import Results
from pipelines.reporting.words.counts import amount
from pipelines.reporting.words.protocol import protocol_of

_MOST_LISTED = 200


def make_section(results: Results) -> Section:
    """Make the section."""
    parts: list[Part] = [_classes(results)]
    sources = results.table("sources")
    if sources is not None:
        parts.append(_sources(sources, results.classes))
    if results.record.skipped:
        parts.append(Fold("Images left out", [_skipped(results)]))
    return Section("cohort", "Cohort", _lead(results), parts)


def _lead(results: Results) -> str:
    skipped = len(results.record.skipped)
    words = f"{amount(results, results.tested)} were tested, by models that had not seen them."
    if _in_part(results):
        words += " The others were not tested; the table counts all, and those tested."
    if skipped:
        words += f" {skipped:,} could not be used and {'is' if skipped == 1 else 'are'} left out."
    return words


def _in_part(results: Results) -> bool:
    return bool(results.tested["images"].sum() < results.record.cohort["images"].sum())


def _classes(results: Results) -> Table:
    tested = results.tested.set_index("label").add_prefix("tested_")
    counted = results.record.cohort.join(tested, on="label")
    totals = counted.drop(columns="label").sum()
    counted = pd.concat([counted, pd.DataFrame([{"label": "All"} | totals.to_dict()])]).fillna(0)
    units = ["lesions", "images"] if results.unit == "lesion" else ["images"]
    head, rows = ["Class"], [[Cell(str(label))] for label in counted["label"]]

    def add(name: str, cells: list[Cell]) -> None:
        head.append(name)
        for row, cell in zip(rows, cells, strict=True):
            row.append(cell)

    add(units[0].capitalize(), [count_cell(n) for n in counted[units[0]]])
    add(f"Share of {units[0]}", [share_cell(n / totals[units[0]]) for n in counted[units[0]]])
    if len(units) > 1:
        add("Images", [count_cell(n) for n in counted["images"]])
        each = counted["images"] / counted["lesions"]
        add("Images a lesion", [Cell(f"{mean:.2f}") for mean in each])
    if _in_part(results):
        for unit in units:
            add(f"Tested {unit}", [count_cell(n) for n in counted[f"tested_{unit}"]])
    caption = f"{join(units).capitalize()} of each class."
    if protocol_of(results) == "external":
        caption += " All are those of both data sets; tested are those of the external one."
    return Table("cohort", caption, head, rows, narrow=True)


def _sources(sources: pd.DataFrame, classes: Sequence[str]) -> Table:
    labels = [label for label in classes if (sources["label"] == label).any()]
    rows = []
    for source, part in sources.groupby("source", sort=False):
        counts = part.groupby("label")[["lesions", "images"]].sum()
        cells = [
            Cell(
                f"{counts['lesions'].get(label, 0):,.0f}",
                value=float(counts["lesions"].get(label, 0)),
            )
            for label in labels
        ]
        totals = [count_cell(counts[name].sum()) for name in ("lesions", "images")]
        rows.append([Cell(str(source), free=True), *cells, *totals])
    head = ["Source", *map(str, labels), "All lesions", "All images"]
    return Table("sources", "Tested lesions of each class by source.", head, rows)


def _skipped(results: Results) -> Table:
    rows = [
        [
            Cell(str(entry["row"])),
            *(Cell(str(entry[name]), free=True) for name in ("image", "error")),
        ]
        for entry in results.record.skipped[:_MOST_LISTED]
    ]
    more = len(results.record.skipped) - len(rows)
    caption = "Images left out of the comparison."
    if more > 0:
        caption += f" {more:,} more are in run.json."
    return Table("skipped", caption, ["Row", "Image", "Reason"], rows, words=3)
