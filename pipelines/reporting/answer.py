"""The first screen: the answer, a picture of it, its harder versions and the cautions."""

from dataclasses import dataclass

import pandas as pd

from pipelines.reporting.cautions import Caution, cautions
from pipelines.reporting.cells import DASH, join, score_cell
from pipelines.reporting.content import Cell, Picture, Table
from pipelines.reporting.dots import Dots, dots_of, draw_dots
from pipelines.reporting.palette import INK, SERIES
from pipelines.reporting.pictures import picture
from pipelines.reporting.results import Results
from pipelines.reporting.sentences import grounds, headline, headline_pair

# Values of the analysis `within` that have a place on the first screen.
HARDER = {"within source": "Within source", "histo": "Histologically verified"}


@dataclass(frozen=True)
class Answer:
    """What the report shows before any heading."""

    eyebrow: str
    sentence: str
    grounds: str
    picture: Picture
    harder: Table | None
    cautions: list[Caution]


def make_answer(results: Results) -> Answer:
    """Make the first screen of a report.

    Parameters
    ----------
    results : Results
        Of a comparison.

    Returns
    -------
    Answer
        `harder` is None where nothing was scored within source or on verified lesions.
    """
    harder = harder_scores(results)
    return Answer(
        eyebrow=_eyebrow(results),
        sentence=headline(results),
        grounds=grounds(results),
        picture=_ranking(results, harder),
        harder=None if harder is None else _harder_table(results, harder),
        cautions=cautions(results),
    )


def harder_scores(results: Results) -> pd.DataFrame | None:
    """Rows of `within` that a headline score is repeated on; None where there are none."""
    table = results.table("within")
    if table is None:
        return None
    enough = table["enough"].astype(bool) & table["model"].isin(results.models)
    rows = table[enough & table["value"].isin(HARDER)]
    return None if rows.empty else rows


def _eyebrow(results: Results) -> str:
    settings, cohort = results.settings, results.record.cohort
    name = "Synthetic data" if settings["synthetic"] else settings.get("dataset")
    counts = (
        f"{cohort['lesions'].sum():,} lesions, {cohort['images'].sum():,} images, "
        f"{len(cohort)} classes"
    )
    return f"{name}: {counts}" if name else counts


def _ranking(results: Results, harder: pd.DataFrame | None) -> Picture:
    metrics = results.metrics()
    colors = [SERIES[results.series[model]] for model in metrics["model"]]
    series = [Dots("All lesions", dots_of(metrics, "model", "macro_auc"), INK, "o", colors)]
    if harder is not None:
        rows = harder[harder["score"] == "macro_auc"]
        for value, marker in zip(HARDER, ("s", "D"), strict=True):
            part = rows[rows["value"] == value]
            if len(part):
                own = [SERIES[results.series[model]] for model in part["model"]]
                scores = dots_of(part, "model", "auc")
                series.append(Dots(HARDER[value], scores, INK, marker, own, hollow=True))
    return picture(
        "ranking",
        draw_dots(results.ranked, series, "Macro one-vs-rest AUC, 95% interval"),
        "Macro AUC per lesion, the mean over classes of one class against the others.",
        "Macro AUC of each model with its interval; the numbers are in the ranking table.",
    )


def _harder_table(results: Results, harder: pd.DataFrame) -> Table:
    pair = headline_pair(results)
    models = (
        [results.ranked[0]] if pair is None else list(dict.fromkeys([*pair, results.ranked[0]]))
    )
    scores = {"macro_auc": "macro AUC", "positive_auc": f"AUC of {results.positive}"}
    rows = []
    for model in models:
        for score, words in scores.items():
            part = harder[(harder["model"] == model) & (harder["score"] == score)]
            if part.empty or score not in results.record.metrics:
                continue
            whole = score_cell(results.score_of(model, score), score)
            name = Cell(model, note=words, series=results.series[model])
            rows.append([name, whole, *_cells(part)])
    shown = [HARDER[value] for value in HARDER if value in set(harder["value"])]
    caption = f"The same scores where they are harder to earn: {join([s.lower() for s in shown])}."
    head = ["Model", "All lesions", *HARDER.values()]
    table = Table("harder", caption, head, rows)
    return _without_empty_columns(table)


def _cells(part: pd.DataFrame) -> list[Cell]:
    found = {row["value"]: score_cell(row, "auc") for _, row in part.iterrows()}
    return [found.get(value, Cell(DASH)) for value in HARDER]


def _without_empty_columns(table: Table) -> Table:
    kept = [
        place
        for place in range(len(table.head))
        if any(row[place].text != DASH for row in table.rows)
    ]
    head = [table.head[place] for place in kept]
    rows = [[row[place] for place in kept] for row in table.rows]
    return Table(table.name, table.caption, head, rows, words=table.words)
