"""Who is in the data, and what was left out."""

from collections.abc import Sequence

import pandas as pd

from pipelines.reporting.cells import count_cell, share_cell
from pipelines.reporting.content import Cell, Fold, Part, Section, Table
from pipelines.reporting.results import Results

_MOST_LISTED = 200


def make_section(results: Results) -> Section:
    """Make the section."""
    parts: list[Part] = [_classes(results.record.cohort)]
    sources = results.table("sources")
    if sources is not None:
        parts.append(_sources(sources, results.classes))
    if results.record.skipped:
        parts.append(Fold("Images left out", [_skipped(results)]))
    return Section("cohort", "Cohort", _lead(results), parts)


def _lead(results: Results) -> str:
    skipped = len(results.record.skipped)
    cohort = results.record.cohort
    table = results.record.predictions
    images, lesions = table["row"].nunique(), table["lesion"].nunique()
    words = (
        f"{images:,} images of {lesions:,} lesions are scored, by models that had not seen them."
    )
    if images < cohort["images"].sum():
        words += " The others were only trained on; the table counts all."
    if skipped:
        words += f" {skipped:,} could not be used and {'is' if skipped == 1 else 'are'} left out."
    return words


def _classes(cohort: pd.DataFrame) -> Table:
    total = pd.DataFrame(
        {"label": ["All"], "images": cohort["images"].sum(), "lesions": cohort["lesions"].sum()}
    )
    counted = pd.concat([cohort, total])
    lesions = cohort["lesions"].sum()
    rows = [
        [
            Cell(str(row["label"])),
            count_cell(row["lesions"]),
            share_cell(row["lesions"] / lesions),
            count_cell(row["images"]),
            Cell(f"{row['images'] / row['lesions']:.2f}"),
        ]
        for _, row in counted.iterrows()
    ]
    head = ["Class", "Lesions", "Share of lesions", "Images", "Images a lesion"]
    return Table("cohort", "Lesions and images of each class.", head, rows, narrow=True)


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
    return Table("sources", "Lesions of each class by source.", head, rows)


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
