"""Figures as SVG: the same bytes each time, and a form that takes on the colours of a page."""

import html
import io
import re
from typing import Any

import matplotlib
from matplotlib.figure import Figure

from pipelines.reporting.drawing.palette import css_variables

_STYLE: dict[Any, str] = {
    # Text stays text: it can be selected, searched and read aloud, and takes the page's font.
    "svg.fonttype": "none",
    # Ids would otherwise be random.
    "svg.hashsalt": "dermfusion",
}
# A hundredth of a point is finer than any screen, and halves the file.
_GEOMETRY = re.compile(r'\b(?:d|x|y|width|height|transform)="[^"]*"')
_DIGITS = re.compile(r"(\d\.\d\d)\d+")
_METADATA = {"Date": None, "Creator": None, "Format": None, "Type": None}


def to_svg(figure: Figure) -> str:
    """Render a figure.

    Parameters
    ----------
    figure : Figure
        Drawn without pyplot.

    Returns
    -------
    str
        A standalone SVG document without a date, on a transparent ground.
    """
    text = io.StringIO()
    with matplotlib.rc_context(_STYLE):
        figure.savefig(text, format="svg", metadata=_METADATA, transparent=True)
    svg = re.sub(r"font: ([\d.]+px) [^;\"]*", r"font: \1 system-ui, sans-serif", text.getvalue())
    return _GEOMETRY.sub(lambda found: _DIGITS.sub(r"\1", found[0]), svg)


def to_inline(svg: str, name: str, label: str) -> str:
    """Prepare an SVG document for use inside an HTML page.

    Parameters
    ----------
    svg : str
        From `to_svg`.
    name : str
        Unique on the page; put before each id.
    label : str
        What the figure shows, for readers who do not see it.

    Returns
    -------
    str
        An `svg` element that scales with its container, names no address, and is coloured by the
        variables of the page.
    """
    body = svg[svg.index("<svg") :]
    body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
    body = re.sub(r"<style[^>]*>.*?</style>", "", body, flags=re.DOTALL)
    body = re.sub(r'\bid="', f'id="{name}-', body)
    body = re.sub(r'xlink:href="#', f'href="#{name}-', body)
    body = re.sub(r"url\(#", f"url(#{name}-", body)
    for color, variable in css_variables().items():
        body = body.replace(color, variable)
    box = re.search(r'viewBox="[^"]*"', body)
    if box is None:
        raise ValueError("Expected an SVG with a viewBox, as matplotlib writes it.")
    opening = f'<svg {box[0]} role="img" aria-label="{html.escape(label, quote=True)}">'
    return re.sub(r"<svg[^>]*>", lambda _: opening, body, count=1)
