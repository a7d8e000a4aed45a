"""Figures under the name of their file, with their words."""

import re

from matplotlib.figure import Figure

from pipelines.reporting.content import Picture
from pipelines.reporting.drawing.svg import to_svg


def picture(name: str, figure: Figure, caption: str, label: str) -> Picture:
    """Render a figure.

    Parameters
    ----------
    name : str
        Of its file, unique in a report.
    figure : Figure
        Drawn without pyplot.
    caption : str
        What stands below it.
    label : str
        What it shows, for who cannot see it.

    Returns
    -------
    Picture
        For a section.
    """
    return Picture(name, to_svg(figure), caption, label)


def slug(name: str) -> str:
    """Make a name fit for files and anchors.

    Examples
    --------
    >>> slug("Late fusion (mean)"), slug("?")
    ('late-fusion-mean', 'x')
    """
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "x"
