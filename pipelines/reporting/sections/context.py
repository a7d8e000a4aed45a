"""What others published, apart from our own numbers."""

from pipelines.reporting.content import Cell, Fold, Items, Part, Section, Table
from pipelines.reporting.published import Published, published_for
from pipelines.reporting.results import Results


def make_section(results: Results) -> Section | None:
    """Make the section; None where nothing published concerns the data."""
    settings = results.settings
    chosen = published_for(settings.get("dataset"), results.positive, settings["synthetic"])
    if not chosen:
        return None
    return Section(
        "context",
        "Published figures",
        "Context, measured by others on other images, with other splits and metrics. It cannot be "
        "compared with the numbers of this report, and is never drawn beside them.",
        [Fold(published.title, _parts(published)) for published in chosen],
    )


def _parts(published: Published) -> list[Part]:
    rows = [[Cell(text) for text in row] for row in published.rows]
    table = Table(
        f"published-{published.name}",
        f"Other data. {published.caption}",
        published.head,
        rows,
        words=published.words,
    )
    return [table, Items(published.notes)] if published.notes else [table]
