"""The sections of a report, in their order under the headings of its navigation."""

from pipelines.reporting.content import Section
from pipelines.reporting.results import Results
from pipelines.reporting.sections import (
    calibration,
    classes,
    cohort,
    confusion,
    context,
    controls,
    costs,
    curves,
    decisions,
    differences,
    fairness,
    importance,
    leaks,
    learning,
    limits,
    methods,
    ranking,
    reproduce,
    sources_left_out,
    within,
)

__all__ = ["make_sections"]

_ORDER = {
    "Result": (ranking, differences, within, sources_left_out),
    "Data": (cohort,),
    "Quality": (curves, confusion, calibration, classes),
    "Use": (decisions, costs, learning),
    "Why": (importance,),
    "Trust": (controls, fairness, leaks),
    "Record": (context, methods, reproduce, limits),
}


def make_sections(results: Results) -> dict[str, list[Section]]:
    """Make every section that the record has something for.

    Parameters
    ----------
    results : Results
        Of a comparison.

    Returns
    -------
    dict of str to list of Section
        By the heading of the navigation; headings without a section are absent.
    """
    found = {
        heading: [made for module in modules if (made := module.make_section(results)) is not None]
        for heading, modules in _ORDER.items()
    }
    return {heading: made for heading, made in found.items() if made}
