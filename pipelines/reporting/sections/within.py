"""The headline scores within one source, and on histologically verified lesions."""

import pandas as pd

from pipelines.reporting.cells import count_cell, model_cell, score_cell
from pipelines.reporting.content import Cell, Fold, Part, Section, Table
from pipelines.reporting.results import Results
from pipelines.reporting.words.repeats import mean_of_draws

_WORDS = {
    "all sources": "all sources together",
    "within source": "within one source",
    "histo": "histology",
}
COLUMNS = {"source": "Source", "dx_type": "Verification"}


def make_section(results: Results) -> Section | None:
    """Make the section; None where the manifest has neither source nor verification."""
    table = results.table("within")
    if table is None:
        return None
    headline = table["value"].isin(list(_WORDS))
    parts: list[Part] = []
    if headline.any():
        caption = (
            "Scores between lesions of one source (mean over sources, weighted by cases), and on "
            "histologically verified lesions."
        )
        parts.append(_table(results, table[headline], "within-headline", caption))
    rest = table[~headline]
    if len(rest):
        made = _table(results, rest, "within-each", "Scores on each source and verification.")
        parts.append(Fold("Each source and kind of verification", [made]))
    return Section(
        "within",
        "Source and verification",
        "Devices and clinics differ in what they photograph: a model that recognises the device "
        "may seem to recognise the disease. Between lesions of one source it cannot. Lesions "
        "verified by histology were suspicious enough to be cut out, so they are harder, and "
        "their labels surer.",
        parts,
    )


def _table(results: Results, table: pd.DataFrame, name: str, caption: str) -> Table:
    scores = {"macro_auc": "Macro AUC", "positive_auc": f"AUC of {results.positive}"}
    keys = ["column", "value", "model"]
    rows = []
    for (column, value, model), part in table.groupby(keys, sort=False):
        of_score = {row["score"]: row for _, row in part.iterrows()}
        first = part.iloc[0]
        rows.append(
            [
                Cell(COLUMNS.get(str(column), str(column))),
                Cell(_words(str(value))),
                model_cell(str(model), results.series),
                *(_cell(of_score.get(score)) for score in scores if score in set(table["score"])),
                count_cell(first["n"]),
                *([count_cell(first["n_positive"])] if results.positive else []),
                Cell(str(first["classes"]), free=True),
            ]
        )
    shown = [words for score, words in scores.items() if score in set(table["score"])]
    concern = [f"Of them {results.positive}"] if results.positive else []
    head = ["Column", "Value", "Model", *shown, "Lesions", *concern, "Classes scored"]
    caption += " Where the classes scored differ, the macro AUC compares models and not rows."
    return Table(name, caption + mean_of_draws(results), head, rows, words=3)


def _words(value: str) -> str:
    return _WORDS.get(value, value)


def _cell(row: pd.Series | None) -> Cell:
    if row is None or pd.isna(row["auc"]):
        return Cell("–")
    return score_cell(row, "auc") if bool(row["enough"]) else Cell("too few")
