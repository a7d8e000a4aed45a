"""What a model costs beside what it scores."""

import numpy as np
import pandas as pd

from pipelines.evaluation.scores import KEPT
from pipelines.evaluation.weighing import CRITERIA, SCENARIOS, scenario
from pipelines.reporting.cells import count_cell, join, model_cell, number, plain_cell
from pipelines.reporting.content import Cell, Fold, Part, Picture, Pictures, Prose, Section, Table
from pipelines.reporting.drawing.figures import draw_cells
from pipelines.reporting.drawing.palette import SERIES
from pipelines.reporting.drawing.scatter import draw_front
from pipelines.reporting.pictures import picture
from pipelines.reporting.results import Results

# The gap moves as the test score does.
_DRAWN = (*KEPT, "gap")
_LABELS = {criterion.name: criterion.label for criterion in CRITERIA}


def make_section(results: Results) -> Section:
    """Make the section; the seconds of the run are always known."""
    costs, pareto = results.table("costs"), results.table("pareto")
    stability = results.table("rank_stability")
    pictures: list[Picture] = []
    if costs is not None:
        pictures += _front(results, costs, pareto)
    if stability is not None:
        pictures.append(_stability(results, stability))
    parts: list[Part] = [Pictures(pictures)] if pictures else []
    if pareto is not None:
        parts.append(_pareto(results, pareto))
    weighted = results.table("weighted")
    if weighted is not None:
        parts.append(_weighted(results, weighted))
    left_out = results.table("not_weighed")
    if left_out is not None:
        reasons = zip(left_out["criterion"], left_out["reason"], strict=True)
        words = "; ".join(f"{_label(results, str(name))} ({reason})" for name, reason in reasons)
        parts.append(Prose(f"Not weighed: {words}."))
    if costs is not None:
        parts.append(Fold("Each cost measured apart", [_costs(results, costs)]))
    run = _run_seconds(results)
    parts.append(Fold("Seconds of this run", [run]) if parts else run)
    return Section("costs", "Cost and quality", _lead(results, pareto), parts)


def _lead(results: Results, pareto: pd.DataFrame | None) -> str:
    if pareto is None:
        return (
            "Images are read once for all models together, before the folds. Extract is what the "
            "features of a model, or the frames of an end-to-end network, cost by themselves, in "
            "thread-seconds: work added up over threads. Fit and Predict are seconds on the clock."
        )
    return (
        "No model can be best in reliability, time and error at once. First, which models no "
        "other beats; then what a clinic or a phone would choose, by weights that "
        "are stated; then how often each model keeps its rank when weights are drawn at random."
    )


def _front(results: Results, costs: pd.DataFrame, pareto: pd.DataFrame | None) -> list[Picture]:
    # From file to label; preparation and extraction are parts of it.
    whole = costs[costs["item"] == "predict"]
    per_image = whole.set_index("model")["ms_per_image"].dropna()
    metrics = results.metrics().set_index("model")
    points = metrics[["macro_auc"]].join(per_image, how="inner").reset_index()
    points = points[points["ms_per_image"] > 0]
    if points.empty:
        return []
    beaten: set[str] = set()
    if pareto is not None:
        named = pareto["dominated_by"].fillna("").astype(str)
        beaten = set(pareto.loc[named != "", "model"])
    points["dominated"] = points["model"].isin(beaten)
    caption = f"Macro AUC per {results.unit} against milliseconds an image, from file to label."
    if pareto is not None:
        caption += " Hollow: another model beats it, by the rule of the table of criteria."
    return [
        picture(
            "cost-quality",
            draw_front(
                points,
                results.series,
                ("ms_per_image", "Milliseconds an image, logarithmic"),
                ("macro_auc", f"Macro AUC per {results.unit}"),
            ),
            caption,
            "Macro AUC of each model by its cost; the numbers are in the tables.",
        )
    ]


def _stability(results: Results, table: pd.DataFrame) -> Picture:
    wide = table.pivot_table(index="model", columns="rank", values="share", fill_value=0.0)
    wide = wide.reindex([model for model in results.ranked if model in wide.index])
    shares = wide.to_numpy(float)
    texts = np.vectorize(lambda share: f"{share:.0%}", otypes=[object])(shares)
    ranks = [f"{rank:.0f}" for rank in wide.columns]
    return picture(
        "rank-stability",
        draw_cells(shares, texts, list(wide.index), ranks, SERIES[0], ("Rank", "")),
        "How often each model takes each rank when the weights of the criteria are drawn at "
        "random, and the scores from their bootstrap draws.",
        "Share of random weightings by model and rank.",
    )


def _pareto(results: Results, table: pd.DataFrame) -> Table:
    criteria = [str(name) for name in table if name not in ("model", "dominated_by")]
    rows = [
        [
            model_cell(str(row["model"]), results.series),
            *(_criterion(row[name]) for name in criteria),
            Cell(_beaten_by(row["dominated_by"]), free=True),
        ]
        for _, row in table.iterrows()
    ]
    head = ["Model", *(_head(results, name) for name in criteria), "Beaten by"]
    return Table("pareto", _rule(results, criteria), head, rows)


def _rule(results: Results, criteria: list[str]) -> str:
    """Say when a model beats another, and what is known with an interval."""
    words = (
        "Criteria of each model, and which others beat it: better beyond the margin by some "
        "criterion, not worse beyond it by any, and better by more than worse in all."
    )
    drawn = [_label(results, name) for name in criteria if name in _DRAWN]
    if drawn:
        words += (
            f" Differences of {join(drawn)} must pass the margin with the lower end of their 95% "
            "interval; other scores have no interval and count only against a model, times and "
            "sizes as they stand."
        )
    if "train_seconds" in criteria:
        words += (
            " Seconds of training are the fits of all folds, on the clock, and the work of reading "
            "and describing all images once, added up over threads."
        )
    return words


def _label(results: Results, name: str) -> str:
    return _LABELS[name].replace("the class of concern", str(results.positive))


def _head(results: Results, name: str) -> str:
    label = _label(results, name)
    # A unit keeps its small letter.
    return label if label.startswith("ms ") else label[0].upper() + label[1:]


def _beaten_by(names: object) -> str:
    return names if isinstance(names, str) and names else "none"


def _criterion(value: object) -> Cell:
    if not isinstance(value, int | float) or pd.isna(value):
        return Cell("–")
    digits = 3 if abs(value) < 10 else 1 if abs(value) < 1000 else 0
    return Cell(number(value, digits), value=float(value))


def _weighted(results: Results, table: pd.DataFrame) -> Table:
    topsis = "topsis" in table
    rows = [
        [
            Cell(str(row["scenario"])),
            model_cell(str(row["model"]), results.series),
            Cell(number(row["score"]), value=float(row["score"])),
            count_cell(row["rank"]),
            *([plain_cell(row["topsis"], 3), count_cell(row["topsis_rank"])] if topsis else []),
        ]
        for _, row in table.sort_values(["scenario", "rank"], kind="stable").iterrows()
    ]
    caption = (
        f"Weights of {_weights(results)}. Weighted score: criteria scaled from 0 (worst of these "
        "models) to 1, so it depends on which models take part."
    )
    head = ["Scenario", "Model", "Score", "Rank"]
    if topsis:
        head += ["TOPSIS", "Rank by TOPSIS"]
        caption += " TOPSIS: closeness to the best of every criterion."
    return Table("weighted", caption, head, rows, words=2, narrow=True)


def _weights(results: Results) -> str:
    texts = results.settings.get("scenarios") or []
    scenarios = [scenario(text) for text in texts] or list(SCENARIOS)
    return "; ".join(
        f"{each.name}: reliability {each.reliability:g}, time {each.time:g}, error {each.error:g}"
        for each in scenarios
    )


def _costs(results: Results, table: pd.DataFrame) -> Table:
    names = {
        "ms_per_image": ("ms an image", 2),
        "seconds": ("Seconds", 1),
        "memory_mb": ("Memory, MB", 0),
        "size_mb": ("Size, MB", 1),
    }
    shown = [name for name in names if name in table and table[name].notna().any()]
    rows = [
        [
            model_cell(str(row["model"]), results.series),
            Cell(str(row["item"])),
            *(plain_cell(row[name], names[name][1]) for name in shown),
        ]
        for _, row in table.iterrows()
    ]
    caption = "Costs measured apart and warm, on the hardware named under Reproduce."
    head = ["Model", "Step", *(names[name][0] for name in shown)]
    return Table("costs", caption, head, rows, words=2)


def _run_seconds(results: Results) -> Table:
    rows = []
    metrics = results.record.metrics
    unit = "image" if "image" in set(metrics["unit"]) else "lesion"
    for _, row in metrics[metrics["unit"] == unit].iterrows():
        seconds = ("extract_seconds", "fit_seconds", "predict_seconds")
        cells = [plain_cell(row[name]) for name in seconds if name in row]
        rows.append([model_cell(row["model"], results.series), *cells])
    known = {"extract_seconds": "Extract", "fit_seconds": "Fit", "predict_seconds": "Predict"}
    head = ["Model", *(text for name, text in known.items() if name in metrics)]
    caption = "Seconds, all folds together; extraction is thread-seconds, once for all folds."
    return Table("seconds", caption, head, rows, narrow=True)
