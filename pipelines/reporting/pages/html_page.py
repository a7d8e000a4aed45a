"""A report as one HTML page that loads nothing from elsewhere."""

from collections.abc import Mapping, Sequence

from jinja2 import Environment, PackageLoader, StrictUndefined

from pipelines.reporting.answer import Answer
from pipelines.reporting.content import Section
from pipelines.reporting.drawing.palette import SERIES, SERIES_DARK


def render_html(
    title: str, answer: Answer, groups: Mapping[str, Sequence[Section]], version: str = ""
) -> str:
    """Render the page.

    Parameters
    ----------
    title : str
        Of the window.
    answer : Answer
        The first screen.
    groups : mapping of str to sequence of Section
        Sections under the headings of the navigation.
    version : str, default=""
        Of this package.

    Returns
    -------
    str
        A self-contained HTML document.
    """
    template = environment().get_template("report.html.j2")
    return template.render(
        title=title, answer=answer, groups=groups, version=version, series=series_colors()
    )


def environment() -> Environment:
    """Templates of this package; what they are given is escaped, and must be there."""
    return Environment(
        loader=PackageLoader("pipelines.reporting"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def series_colors() -> list[tuple[int, tuple[str, str]]]:
    """Place of each colour of a model, with the light and the dark one."""
    return list(enumerate(zip(SERIES, SERIES_DARK, strict=True)))
