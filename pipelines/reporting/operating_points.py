"""What each rule of decision achieves, on lesions that it was not set on."""

import pandas as pd

from pipelines.reporting.cells import join, model_cell, score_cell
from pipelines.reporting.content import Cell, Fold, Part, Prose, Table
from pipelines.reporting.results import Results

# Rules of every model, that need no threshold: their names in the analysis, and in words.
LABELS = {"argmax": "most probable class", "prior-corrected": "prior-corrected class"}


def operating_parts(results: Results, points: pd.DataFrame) -> list[Part]:
    """Thresholds that were set beforehand, then the labels that every model gives.

    Parameters
    ----------
    results : Results
        Of a comparison.
    points : DataFrame
        Analysis "operating_points".

    Returns
    -------
    list of Part
        Models without thresholds are named, and why they have none.
    """
    label = points["rule"].isin(list(LABELS))
    parts: list[Part] = []
    if not label.all():
        parts.append(_table(results, points[~label], "operating-points", _of_thresholds(results)))
    lacking = [name for name in results.models if name not in set(points.loc[~label, "model"])]
    if lacking:
        parts.append(Prose(_without(results, lacking)))
    if label.any():
        made = _table(results, points[label], "operating-labels", _of_labels(results))
        parts.append(Fold("Operating points of the labels", [made]))
    return parts


def _of_thresholds(results: Results) -> str:
    draws = (
        f" Of the first of {results.n_repeats} draws of the folds, which alone has inner folds."
        if results.n_repeats > 1
        else ""
    )
    return (
        f"What thresholds for {results.positive} that were set beforehand, on inner folds of the "
        f"training lesions, then achieved on the tested ones. {_stated(results)} Intervals hold "
        f"the chance in which lesions were tested, not that in where thresholds came to lie.{draws}"
    )


def _of_labels(results: Results) -> str:
    draws = f" Means over {results.n_repeats} draws of the folds." if results.n_repeats > 1 else ""
    return (
        f"What calling a lesion {results.positive} by its label achieves. {_stated(results)}{draws}"
    )


def _stated(results: Results) -> str:
    return (
        f"Biopsies for each case found, where {results.settings['prevalence']:.1%} of the lesions "
        f"are {results.positive}."
    )


def _without(results: Results, lacking: list[str]) -> str:
    if len(lacking) == len(results.models):
        return (
            "No threshold was set beforehand in this run, for no model was fitted on inner folds."
        )
    verb = "has" if len(lacking) == 1 else "have"
    return (
        f"{join(lacking)} {verb} no thresholds set beforehand: models that train networks are not "
        "trained again on inner folds."
    )


def _table(results: Results, points: pd.DataFrame, name: str, caption: str) -> Table:
    rows = [
        [
            model_cell(str(row["model"]), results.series),
            Cell(LABELS.get(str(row["rule"]), str(row["rule"]))),
            score_cell(row, "sensitivity"),
            score_cell(row, "specificity"),
            score_cell(row, "biopsies_per_case", digits=1),
        ]
        for _, row in points.iterrows()
    ]
    head = ["Model", "Rule", "Sensitivity", "Specificity", "Biopsies a case found"]
    return Table(name, caption, head, rows, words=2)
