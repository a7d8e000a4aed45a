"""Models against each other on the same lesions, with verdicts."""

import pandas as pd

from pipelines.reporting.cells import model_cell, p_cell, signed_cell
from pipelines.reporting.content import Cell, Fold, Part, Picture, Section, Table
from pipelines.reporting.dots import Dots, draw_dots
from pipelines.reporting.palette import SERIES
from pipelines.reporting.pictures import picture
from pipelines.reporting.results import Results

_COLORS = {"better": SERIES[2], "worse": SERIES[1]}
_MOST_DRAWN = 16


def make_section(results: Results) -> Section | None:
    """Make the section; None where there is only one model."""
    table = results.record.differences
    if table.empty:
        return None
    table = table[table["metric"] == "macro_auc"] if "metric" in table else table
    parts: list[Part] = [_picture(results, _of_unit(table, "lesion"))]
    lesions, images = (_of_unit(table, unit) for unit in ("lesion", "image"))
    if "declared" in table and table["declared"].any():
        planned = lesions["declared"].fillna(False).astype(bool)
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
        "Models are compared on the same lesions, draw by draw, so a difference can be certain "
        "even where two intervals overlap."
    )
    if "corrected_low" in table and table["corrected_low"].notna().any():
        words += (
            " The corrected interval also holds the variation from training on other lesions "
            "(Nadeau-Bengio), and the verdict is read from it: better or worse where it excludes "
            f"0, equivalent where it lies within ±{results.margin:g}, undecided otherwise."
        )
    if "p_holm" in table and table["p_holm"].notna().any():
        words += " P values of planned comparisons are adjusted for their number (Holm)."
    later = results.plan.get("exploratory")
    if later:
        words += f" Added after the plan was locked, so exploratory: {', '.join(map(str, later))}."
    return words


def _of_unit(table: pd.DataFrame, unit: str) -> pd.DataFrame:
    return table[table["unit"] == unit]


def _picture(results: Results, table: pd.DataFrame) -> Picture:
    if "declared" in table and table["declared"].any():
        table = table[table["declared"].fillna(False).astype(bool)]
    table = table.head(_MOST_DRAWN)
    corrected = "corrected_low" in table and table["corrected_low"].notna().any()
    ends = (
        ("corrected_low", "corrected_high") if corrected else ("difference_low", "difference_high")
    )
    names = [
        f"{m} − {r}" if len(m) + len(r) < 20 else f"{m[:9]}… − {r[:9]}…"
        for m, r in zip(table["model"], table["reference"], strict=True)
    ]
    scores = pd.DataFrame(
        {"value": table["difference"], "low": table[ends[0]], "high": table[ends[1]]}
    ).astype(float)
    # Rows are numbered: two shortened pairs of names may read alike.
    scores.index = pd.Index([str(i) for i in range(len(table))])
    colors = [_COLORS.get(word, SERIES[7]) for word in verdicts(table)]
    margin = results.margin
    figure = draw_dots(
        list(scores.index),
        [Dots("difference", scores, SERIES[7], colors=colors)],
        "Difference of macro AUC per lesion, 95% interval",
        lines=[0.0],
        band=(-margin, margin),
    )
    figure.axes[0].set_yticklabels(names)
    return picture(
        "differences",
        figure,
        f"Difference of macro AUC per lesion; the band is the equivalence margin of ±{margin:g}. "
        "Green is better, red worse, grey neither.",
        "Difference of macro AUC of each pair with its interval; the numbers are in the table.",
    )


def verdicts(table: pd.DataFrame) -> list[str]:
    """Verdict of each difference; from the bootstrap interval where none is stored."""
    if "verdict" in table:
        return [str(word) for word in table["verdict"]]
    ends = zip(table["difference_low"], table["difference_high"], strict=True)
    return ["better" if low > 0 else "worse" if high < 0 else "undecided" for low, high in ends]


def _table(
    results: Results, lesions: pd.DataFrame, images: pd.DataFrame, name: str, caption: str
) -> Table:
    extra = [n for n in ("corrected", "p_value", "p_holm", "p_delong") if _has(lesions, n)]
    heads = {
        "corrected": "Per lesion, corrected",
        "p_value": "P",
        "p_holm": "P, Holm",
        "p_delong": "P, DeLong",
    }
    rows = []
    for (_, row), verdict in zip(lesions.iterrows(), verdicts(lesions), strict=True):
        pair = (images["model"] == row["model"]) & (images["reference"] == row["reference"])
        per_image = images[pair]
        rows.append(
            [
                model_cell(row["model"], results.series),
                model_cell(row["reference"], results.series),
                Cell(verdict),
                signed_cell(row, "difference"),
                *(_extra(row, n) for n in extra),
                signed_cell(per_image.iloc[0], "difference") if len(per_image) else Cell("–"),
            ]
        )
    head = ["Model", "Reference", "Verdict", "Per lesion", *(heads[n] for n in extra), "Per image"]
    caption += (
        " Difference of macro AUC, model minus reference. Bold where the 95% interval excludes 0."
    )
    return Table(name, caption, head, rows, words=3)


def _has(table: pd.DataFrame, name: str) -> bool:
    column = "corrected_low" if name == "corrected" else name
    return column in table and bool(table[column].notna().any())


def _extra(row: pd.Series, name: str) -> Cell:
    if name == "corrected":
        return signed_cell(row, "difference", "corrected_low", "corrected_high")
    return p_cell(row[name])
