"""The figures that a report shows, under the name of their file and with their words."""

import re
from typing import NamedTuple

from matplotlib.figure import Figure

from pipelines.evaluation import Record, aggregate_lesions
from pipelines.evaluation.predictions import class_names
from pipelines.reporting import figures
from pipelines.reporting.palette import SERIES, series_index
from pipelines.reporting.svg import to_inline, to_svg

RULES = {"argmax": "most probable class", "prior_corrected": "prior-corrected"}


class Picture(NamedTuple):
    """A figure under the name of its file, with a caption and a text for who cannot see it."""

    name: str
    svg: str
    caption: str
    label: str

    @property
    def inline(self) -> str:
        """SVG element for the page."""
        return to_inline(self.svg, self.name, self.label)


def draw_pictures(record: Record) -> dict[str, list[Picture]]:
    """Draw every figure of a report.

    Parameters
    ----------
    record : Record
        A comparison.

    Returns
    -------
    dict of str to list of Picture
        Under "ranking", "roc", "confusion" and "sensitivity", all per lesion.
    """
    metrics = record.metrics[record.metrics["unit"] == "lesion"]
    lesions = aggregate_lesions(record.predictions)
    classes = class_names(lesions)
    ranking = _picture(
        "ranking",
        figures.draw_ranking(metrics, record.models),
        "Macro AUC per lesion, the mean over classes of one class against the others.",
        "Macro AUC of each model with its interval; the numbers are in the ranking table.",
    )
    sensitivity = _picture(
        "sensitivity",
        figures.draw_sensitivity(metrics, classes, record.models),
        "Share of the lesions of each class that are recognised, by the most probable class.",
        "Sensitivity of each model to each class; the numbers are in the table by class.",
    )
    return {
        "ranking": [ranking],
        "roc": _roc(record, lesions),
        "confusion": _confusion(record, lesions),
        "sensitivity": [sensitivity],
    }


def _roc(record: Record, lesions) -> list[Picture]:
    positive = record.settings["positive"]
    curves = {None: ("roc-macro", "Mean ROC of all classes")}
    if positive is not None:
        curves = {
            positive: (f"roc-{_slug(positive)}", f"ROC of {positive} against all others")
        } | curves
    return [
        _picture(
            name,
            figures.draw_roc(lesions, record.models, target),
            f"{words}, per lesion.",
            f"{words}, a curve a model. The areas under them are in the tables.",
        )
        for target, (name, words) in curves.items()
    ]


def _confusion(record: Record, lesions) -> list[Picture]:
    pictures = []
    for place, (model, series) in enumerate(series_index(record.models).items(), start=1):
        table = lesions[lesions["model"] == model]
        for rule, words in RULES.items():
            pictures.append(
                _picture(
                    f"confusion-{place}-{_slug(model)}-{_slug(rule)}",
                    figures.draw_confusion(table, rule, SERIES[series]),
                    f"Confusion of {model}, {words}.",
                    f"Confusion matrix of {model} by the {words} rule: lesions by diagnosis in "
                    "rows, by prediction in columns.",
                )
            )
    return pictures


def _picture(name: str, figure: Figure, caption: str, label: str) -> Picture:
    return Picture(name, to_svg(figure), caption, label)


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "x"
