"""Which blocks and columns matter."""

import pandas as pd

from pipelines.reporting.cells import model_cell, share_cell
from pipelines.reporting.content import Cell, Fold, Section, Table
from pipelines.reporting.drawing.dots import Dots, draw_dots
from pipelines.reporting.drawing.palette import SERIES
from pipelines.reporting.pictures import picture
from pipelines.reporting.results import Results

_MOST_COLUMNS = 15


def make_section(results: Results) -> Section | None:
    """Make the section; None where no model told the share of its columns."""
    table = results.table("importance")
    if table is None:
        return None
    blocks = table.groupby(["model", "block"], sort=False)["share"].sum().reset_index()
    order = blocks.groupby("block")["share"].max().sort_values(ascending=False, kind="stable")
    series = [
        Dots(model, _dots(blocks[blocks["model"] == model]), SERIES[place])
        for model, place in results.series.items()
        if (blocks["model"] == model).any()
    ]
    drawn = picture(
        "importance",
        draw_dots(list(order.index), series, "Share of the mean absolute contribution"),
        "Share of each block in what moves the predictions, mean over folds.",
        "Share of each block for each model; the numbers are in the table.",
    )
    tables = [_blocks(results, blocks), _columns(results, table)]
    return Section(
        "importance",
        "What matters",
        "How far each column moves the score of a test lesion, in size and added up over its "
        "block. It says what a model uses, not what causes a disease, and columns that say the "
        "same share their credit by chance.",
        [drawn, Fold("Shares of blocks and of the first columns", tables)],
    )


def _dots(blocks: pd.DataFrame) -> pd.DataFrame:
    scores = blocks.set_index("block")[["share"]].set_axis(["value"], axis=1)
    return scores.reindex(columns=["value", "low", "high"]).astype(float)


def _blocks(results: Results, blocks: pd.DataFrame) -> Table:
    rows = [
        [
            model_cell(str(row["model"]), results.series),
            Cell(str(row["block"])),
            share_cell(row["share"]),
        ]
        for _, row in blocks.sort_values(
            ["model", "share"], ascending=[True, False], kind="stable"
        ).iterrows()
    ]
    return Table(
        "importance-blocks",
        "Share of each block.",
        ["Model", "Block", "Share"],
        rows,
        words=2,
        narrow=True,
    )


def _columns(results: Results, table: pd.DataFrame) -> Table:
    ordered = table.sort_values("share", ascending=False, kind="stable")
    first = ordered.groupby("model", sort=False).head(_MOST_COLUMNS)
    rows = [
        [
            model_cell(str(row["model"]), results.series),
            Cell(str(row["column"]), free=True),
            share_cell(row["share"], 2),
        ]
        for model in results.models
        for _, row in first[first["model"] == model].iterrows()
    ]
    caption = f"The {_MOST_COLUMNS} columns of each model with the largest share."
    head = ["Model", "Column", "Share"]
    return Table("importance-columns", caption, head, rows, words=2, narrow=True)
