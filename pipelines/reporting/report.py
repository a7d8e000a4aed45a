"""Write the report of a comparison: one HTML page, the same as Markdown, figures and tables."""

from collections.abc import Sequence
from pathlib import Path

from pipelines.evaluation import Record
from pipelines.reporting.answer import make_answer
from pipelines.reporting.cells import join
from pipelines.reporting.content import Part, Picture, Table, walk
from pipelines.reporting.pages.gallery import write_gallery
from pipelines.reporting.pages.html_page import render_html
from pipelines.reporting.pages.markdown_page import render_markdown
from pipelines.reporting.pages.print_tables import csv_table, latex_table
from pipelines.reporting.results import Results
from pipelines.reporting.sections import make_sections


def write_report(record: Record, directory: str | Path, *, gallery: bool = False) -> Path:
    """Write a comparison and its report.

    Parameters
    ----------
    record : Record
        A comparison.
    directory : str or Path
        Made if missing; files of an earlier report in it are overwritten.
    gallery : bool, default=False
        Whether to write gallery.html too: the surest mistakes and the hardest lesions, with their
        images. It is for local use alone.

    Returns
    -------
    Path
        The report, report.html. It loads nothing from elsewhere and holds no pixel of any image.
        Beside it: report.md, figures/*.svg, tables/*.tex and *.csv, and what the record saves.
    """
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    results = Results(record)
    answer, groups = make_answer(results), make_sections(results)
    sections = [section for made in groups.values() for section in made]
    shown: list[Part] = [answer.picture, *([] if answer.harder is None else [answer.harder])]
    parts = walk([*shown, *(part for section in sections for part in section.parts)])
    record.save(directory)
    _write_pictures([part for part in parts if isinstance(part, Picture)], directory / "figures")
    tables = [part for part in parts if isinstance(part, Table)]
    _write_tables(tables, directory / "tables", set(record.tables))
    (directory / "report.md").write_text(render_markdown(answer, groups), encoding="utf-8")
    if gallery:
        write_gallery(results, directory / "gallery.html")
    report = directory / "report.html"
    version = results.settings["versions"].get("dermfusion", "")
    title = f"Comparison of {join(record.models)}"
    report.write_text(render_html(title, answer, groups, version), encoding="utf-8")
    return report


def _write_pictures(pictures: Sequence[Picture], directory: Path) -> None:
    _clear(directory, "*.svg")
    for picture in pictures:
        (directory / f"{picture.name}.svg").write_text(picture.svg, encoding="utf-8")


def _write_tables(tables: Sequence[Table], directory: Path, saved: set[str]) -> None:
    """Write tables for print; a CSV only where the record has not saved one of that name."""
    _clear(directory, "*.tex")
    for table in tables:
        path = directory / f"{table.name}.tex"
        path.write_text(latex_table(table), encoding="utf-8")
        if table.name not in saved:
            path.with_suffix(".csv").write_text(csv_table(table), encoding="utf-8")


def _clear(directory: Path, pattern: str) -> None:
    """Make a folder; what an earlier report showed there may not be shown now."""
    directory.mkdir(exist_ok=True)
    for old in directory.glob(pattern):
        old.unlink()
