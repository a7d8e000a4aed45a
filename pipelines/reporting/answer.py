"""The first screen: the answer, a picture of it, its harder versions and the cautions."""

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from pipelines.reporting.cells import DASH, join, score_cell
from pipelines.reporting.content import Cell, Picture, Table
from pipelines.reporting.drawing.dots import Dots, dots_of, draw_dots
from pipelines.reporting.drawing.palette import INK, SERIES
from pipelines.reporting.pictures import picture
from pipelines.reporting.results import Results
from pipelines.reporting.words.cautions import Caution, cautions
from pipelines.reporting.words.counts import data_set
from pipelines.reporting.words.protocol import protocol_of
from pipelines.reporting.words.repeats import several_folds
from pipelines.reporting.words.sentences import grounds, headline, headline_pair

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
        eyebrow=data_set(results),
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


def _ranking(results: Results, harder: pd.DataFrame | None) -> Picture:
    metrics = results.metrics()
    colors = [SERIES[results.series[model]] for model in metrics["model"]]
    everything = f"All {results.unit}s"
    series = [Dots(everything, dots_of(metrics, "model", "macro_auc"), INK, "o", colors)]
    caption = (
        f"Macro AUC per {results.unit}, the mean over classes of one class against the others."
    )
    if harder is not None:
        rows = harder[harder["score"] == "macro_auc"]
        for value, marker in zip(HARDER, ("s", "D"), strict=True):
            part = rows[rows["value"] == value]
            if len(part):
                own = [SERIES[results.series[model]] for model in part["model"]]
                scores = dots_of(part, "model", "auc")
                series.append(Dots(HARDER[value], scores, INK, marker, own, hollow=True))
        if len(series) > 1:
            caption += " Hollow marks are of the classes that the table of harder scores names."
    return picture(
        "ranking",
        draw_dots(results.ranked, series, "Macro one-vs-rest AUC, 95% interval"),
        caption,
        "Macro AUC of each model with its interval; the numbers are in the ranking table.",
    )


def _harder_table(results: Results, harder: pd.DataFrame) -> Table:
    pair = headline_pair(results)
    models = (
        [results.ranked[0]] if pair is None else list(dict.fromkeys([*pair, results.ranked[0]]))
    )
    scores = {"macro_auc": "macro AUC", "positive_auc": f"AUC of {results.positive}"}
    first, whole = _whole(results)
    rows = []
    for model in models:
        for score, words in scores.items():
            part, all_of_it = (
                table[(table["model"] == model) & (table["score"] == score)]
                for table in (harder, whole)
            )
            if len(part):
                name = Cell(model, note=words, series=results.series[model])
                rows.append([name, *_cells(all_of_it, [first]), *_cells(part, HARDER)])
    names = {first: first} | HARDER
    shown = [HARDER[value].lower() for value in HARDER if value in set(harder["value"])]
    folds = several_folds(results) and protocol_of(results) == "groups"
    pooled = ", pooled over folds" if folds else ""
    caption = f"Scores where they are harder to earn: {join(shown)}{pooled}."
    caption += _classes(results, pd.concat([whole, harder]), names)
    return _without_empty_columns(Table("harder", caption, ["Model", *names.values()], rows))


def _whole(results: Results) -> tuple[str, pd.DataFrame]:
    """Scores that the harder ones are set against, and their name.

    Over all sources where there are several: of the lesions and classes that are scored within
    sources too.
    """
    within = results.record.tables["within"]
    sources = within[within["value"] == "all sources"]
    if len(sources):
        return "All sources", sources.assign(value="All sources")
    name, classes, macro = f"All {results.unit}s", ", ".join(results.classes), "macro_auc_pooled"
    if protocol_of(results) == "source":
        # Models of different sources are not on one scale, so their lesions are not pooled.
        classes, macro = "the classes that both sides have, as the mean over sources", "macro_auc"
    rows = []
    for score, column in {"macro_auc": macro, "positive_auc": "positive_auc"}.items():
        for _, row in results.metrics().iterrows():
            if column in row:
                ends = {f"auc{end}": row[f"{column}{end}"] for end in ("", "_low", "_high")}
                rows.append({"model": row["model"], "value": name, "score": score} | ends)
    return name, pd.DataFrame(rows).assign(classes=classes)


def _classes(results: Results, table: pd.DataFrame, names: dict[str, str]) -> str:
    """Name the classes that macro AUCs are means of."""
    macro = table[table["score"] == "macro_auc"].drop_duplicates("value")
    columns: dict[str, list[str]] = {}
    for value, classes in zip(macro["value"], macro["classes"], strict=True):
        columns.setdefault(str(classes), []).append(names[value].lower())
    if set(columns) == {", ".join(results.classes)}:
        return " Macro AUC: of all classes."
    each = [f"{join(shown)}, of {classes}" for classes, shown in columns.items()]
    words = f" Macro AUC: {'; '.join(each)}."
    return words if len(each) == 1 else f"{words} Of other classes it is another score."


def _cells(part: pd.DataFrame, values: Iterable[str]) -> list[Cell]:
    found = {row["value"]: score_cell(row, "auc") for _, row in part.iterrows()}
    return [found.get(value, Cell(DASH)) for value in values]


def _without_empty_columns(table: Table) -> Table:
    kept = [
        place
        for place in range(len(table.head))
        if any(row[place].text != DASH for row in table.rows)
    ]
    head = [table.head[place] for place in kept]
    rows = [[row[place] for place in kept] for row in table.rows]
    return Table(table.name, table.caption, head, rows, words=table.words)
