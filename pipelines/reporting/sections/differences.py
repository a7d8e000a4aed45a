"""Models against each other on the same lesions, with verdicts."""

import pandas as pd

from pipelines.reporting.cells import model_cell, p_cell, signed_cell
from pipelines.reporting.content import Cell, Fold, Part, Picture, Section, Table
from pipelines.reporting.drawing.dots import Dots, draw_dots
from pipelines.reporting.drawing.palette import SERIES
from pipelines.reporting.markdown import signed
from pipelines.reporting.pictures import picture
from pipelines.reporting.results import Results

_COLORS = {"better": SERIES[2], "worse": SERIES[1]}
_MOST_DRAWN = 16


def make_section(results: Results) -> Section | None:
    """Make the section; None where there is only one model."""
    table = results.record.differences
    if table.empty:
        return None
    parts: list[Part] = [_picture(results, _of_unit(table, "lesion"))]
    lesions, images = (_of_unit(table, unit) for unit in ("lesion", "image"))
    if lesions["declared"].any():
        planned = lesions["declared"].astype(bool)
        names = ("differences-planned", "Planned comparisons.")
        parts.append(_table(results, lesions[planned], images, *names))
        if not planned.all():
            names = ("differences-exploratory", "Exploratory comparisons.")
            made = _table(results, lesions[~planned], images, *names)
            parts.append(Fold("Exploratory comparisons, not declared before the run", [made]))
    else:
        parts.append(_table(results, lesions, images, "differences-all", "All pairs."))
    return Section("differences", "Differences", _lead(results, table), parts)


def _lead(results: Results, table: pd.DataFrame) -> str:
    words = (
        f"Models are compared on the same {results.unit}s, draw by draw, so a difference can be "
        f"certain even where two intervals overlap. {_rule(results, table)}"
    )
    if any(_has(table, name) for name in ("p_holm", "p_delong_holm")):
        words += " P values of planned comparisons are adjusted for their number (Holm)."
    later = results.plan.get("exploratory")
    if later:
        names = ", ".join(map(str, later))
        words += f" Added or changed after the plan was locked, so exploratory: {names}."
    return words


def _rule(results: Results, table: pd.DataFrame) -> str:
    """Word how a verdict is read, in the order in which its conditions are tried."""
    source = (
        "the interval that spans both that of the paired bootstrap and the corrected one, which "
        f"also holds the variation from training on other {results.unit}s (Nadeau-Bengio)"
        if _has(table, "corrected")
        else "the interval of the paired bootstrap"
    )
    return (
        f"The verdict is read from {source}: equivalent where all of it lies within "
        f"±{results.margin:g}, even if it excludes 0; otherwise better or worse where it excludes "
        "0; otherwise undecided."
    )


def _of_unit(table: pd.DataFrame, unit: str) -> pd.DataFrame:
    return table[table["unit"] == unit]


def _picture(results: Results, table: pd.DataFrame) -> Picture:
    if table["declared"].any():
        table = table[table["declared"].astype(bool)]
    table = table.head(_MOST_DRAWN)
    names = [
        f"{m} − {r}" if len(m) + len(r) < 20 else f"{m[:9]}… − {r[:9]}…"
        for m, r in zip(table["model"], table["reference"], strict=True)
    ]
    columns = ["difference", "verdict_low", "verdict_high"]
    scores = table[columns].set_axis(["value", "low", "high"], axis=1).astype(float)
    # Rows are numbered: two shortened pairs of names may read alike.
    scores.index = pd.Index([str(i) for i in range(len(table))])
    colors = [_COLORS.get(word, SERIES[7]) for word in table["verdict"]]
    margin = results.margin
    figure = draw_dots(
        list(scores.index),
        [Dots("difference", scores, SERIES[7], colors=colors)],
        f"Difference of macro AUC per {results.unit}, 95% interval",
        lines=[0.0],
        band=(-margin, margin),
    )
    figure.axes[0].set_yticklabels(names)
    return picture(
        "differences",
        figure,
        f"Difference of macro AUC per {results.unit}, with the interval that the verdict is read "
        f"from; the band is the equivalence margin of ±{margin:g}. Green is better, red worse, "
        "grey neither.",
        "Difference of macro AUC of each pair with its interval; the numbers are in the table.",
    )


def _table(
    results: Results, lesions: pd.DataFrame, images: pd.DataFrame, name: str, caption: str
) -> Table:
    heads = {
        "corrected": f"Per {results.unit}, corrected",
        "p_value": "P",
        "p_holm": "P, Holm",
        "p_delong": f"P, DeLong (AUC of {results.positive})",
        "p_delong_holm": "P, DeLong, Holm",
    }
    extra = [column for column in heads if _has(lesions, column)]
    beside = results.unit == "lesion"
    rows = []
    for _, row in lesions.iterrows():
        cells = [
            model_cell(row["model"], results.series),
            model_cell(row["reference"], results.series),
            _verdict(row, noted="corrected" in extra),
            signed_cell(row, "difference"),
            *(_extra(row, n) for n in extra),
        ]
        if beside:
            pair = (images["model"] == row["model"]) & (images["reference"] == row["reference"])
            cells += [signed_cell(each, "difference") for _, each in images[pair].iterrows()]
        rows.append(cells)
    head = ["Model", "Reference", "Verdict", f"Per {results.unit}", *(heads[n] for n in extra)]
    head += ["Per image"] * beside
    caption += (
        " Difference of macro AUC, model minus reference. Bold where the 95% interval excludes 0."
    )
    if "corrected" in extra:
        caption += " Below each verdict is the interval that it is read from."
    if "p_delong" in extra:
        caption += f" DeLong's test is of the AUC of {results.positive}, not of the macro AUC."
    return Table(name, caption, head, rows, words=3)


def _verdict(row: pd.Series, noted: bool) -> Cell:
    """Verdict, and the ends it is read from where these are no other column's."""
    ends = (signed(float(row["verdict_low"])), signed(float(row["verdict_high"])))
    return Cell(str(row["verdict"]), f"{ends[0]} to {ends[1]}" if noted else "")


def _has(table: pd.DataFrame, name: str) -> bool:
    column = "corrected_low" if name == "corrected" else name
    return bool(table[column].notna().any())


def _extra(row: pd.Series, name: str) -> Cell:
    if name == "corrected":
        return signed_cell(row, "difference", "corrected_low", "corrected_high")
    return p_cell(row[name])
