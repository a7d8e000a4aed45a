"""Tables of the report, formatted for reading."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from pipelines.evaluation import Record
from pipelines.evaluation.predictions import class_names


@dataclass(frozen=True)
class Cell:
    """One entry: a text, a quieter note under it, and the colour of a model beside it.

    `free` text may be broken anywhere, as paths and messages must be on a narrow screen.
    """

    text: str
    note: str = ""
    series: int | None = None
    best: bool = False
    free: bool = False


@dataclass(frozen=True)
class Table:
    """A caption, a heading a column, and rows whose first cell heads the row.

    Columns from the second on are right-aligned numbers, save the first `words` columns.
    """

    caption: str
    head: list[str]
    rows: list[list[Cell]]
    words: int = 1


SCORES = {
    "macro_auc": "Macro AUC",
    "positive_auc": "AUC of {positive}",
    "balanced_accuracy": "Balanced accuracy",
    "balanced_accuracy_prior": "Balanced accuracy, prior-corrected",
    "accuracy": "Accuracy",
}


def ranking_table(record: Record, unit: str, series: dict[str, int]) -> Table:
    """Scores of every model for one unit, best macro AUC first."""
    rows = record.metrics[record.metrics["unit"] == unit]
    rows = rows.sort_values("macro_auc", ascending=False, kind="stable")
    names = [name for name in SCORES if name in rows]
    positive = record.settings["positive"]
    best = {name: rows[name].max() for name in names}
    body = [
        [_model(row["model"], series)]
        + [_score(row, name, best=len(rows) > 1 and row[name] == best[name]) for name in names]
        for _, row in rows.iterrows()
    ]
    total = int(rows["n"].iloc[0])
    caption = f"Scores per {unit} with 95% intervals, {total:,} {unit}s. Best of each column bold."
    head = ["Model", *(SCORES[n].format(positive=positive) for n in names)]
    if unit == "lesion" and "stability" in rows:
        head += ["Columns", "Stability"]
        body = [
            cells + _selection(row) for cells, (_, row) in zip(body, rows.iterrows(), strict=True)
        ]
        caption += (
            " Stability: Nogueira's index of the columns that folds keep, 1 where all keep the "
            "same, 0 as by chance."
        )
    return Table(caption, head, body)


def cohort_table(record: Record) -> Table:
    """Images and lesions of each class."""
    cohort = record.cohort
    total = pd.DataFrame(
        {"label": ["All"], "images": cohort["images"].sum(), "lesions": cohort["lesions"].sum()}
    )
    counted = pd.concat([cohort, total])
    shares = counted["lesions"] / cohort["lesions"].sum()
    columns = (counted["label"], counted["lesions"], shares, counted["images"])
    rows = [
        [Cell(label), Cell(f"{lesions:,}"), Cell(f"{share:.1%}"), Cell(f"{images:,}")]
        for label, lesions, share, images in zip(*columns, strict=True)
    ]
    head = ["Class", "Lesions", "Share of lesions", "Images"]
    return Table("Lesions and images of each class.", head, rows)


def class_table(record: Record, series: dict[str, int]) -> Table:
    """AUC, sensitivity and specificity of each class and model, per lesion."""
    metrics = record.metrics[record.metrics["unit"] == "lesion"]
    rows = [
        [
            Cell(label),
            _model(row["model"], series),
            *(_score(row, f"{name}_{label}") for name in ("auc", "sensitivity", "specificity")),
        ]
        for label in class_names(record.predictions)
        for _, row in metrics.iterrows()
    ]
    caption = "Each class against the others, per lesion; decisions by the most probable class."
    head = ["Class", "Model", "AUC", "Sensitivity", "Specificity"]
    return Table(caption, head, rows, words=2)


def difference_table(record: Record, series: dict[str, int]) -> Table:
    """Paired differences of macro AUC, a row a pair of models."""
    differences = record.differences
    by_unit = [differences[differences["unit"] == unit] for unit in ("lesion", "image")]
    rows = [
        [_model(model, series), _model(reference, series)]
        + [_signed(part[_is_pair(part, model, reference)].iloc[0]) for part in by_unit]
        for model, reference in zip(by_unit[0]["model"], by_unit[0]["reference"], strict=True)
    ]
    caption = (
        "Difference of macro AUC, model minus reference, on the same bootstrap draws. "
        "Bold where the 95% interval excludes 0."
    )
    return Table(caption, ["Model", "Reference", "Per lesion", "Per image"], rows, words=2)


def _is_pair(differences: pd.DataFrame, model: str, reference: str) -> pd.Series:
    return (differences["model"] == model) & (differences["reference"] == reference)


def _signed(row: pd.Series) -> Cell:
    value, low, high = (
        # A true minus sign is as wide as the plus above it; zero has no sign.
        f"{round(row[name], 3) + 0.0:+.3f}".replace("-", "−").replace("+0.000", "0.000")
        for name in ("difference", "difference_low", "difference_high")
    )
    excludes = row["difference_low"] > 0 or row["difference_high"] < 0
    return Cell(value, f"{low} to {high}", best=excludes)


def timing_table(record: Record, series: dict[str, int]) -> Table:
    """Seconds of fitting and predicting, all folds together."""
    rows = []
    for _, row in record.metrics[record.metrics["unit"] == "image"].iterrows():
        per_image = 1000 * row["predict_seconds"] / row["n"]
        seconds = ("extract_seconds", "fit_seconds", "predict_seconds")
        cells = [Cell(f"{row[name]:,.1f}") for name in seconds]
        rows.append([_model(row["model"], series), *cells, Cell(f"{per_image:,.2f}")])
    caption = "Time in seconds, all folds together."
    head = ["Model", "Extract", "Fit", "Predict", "Predict, ms an image"]
    return Table(caption, head, rows)


def skipped_table(record: Record) -> Table:
    """Images that were left out."""
    rows = [
        [
            Cell(str(entry["row"])),
            *(Cell(str(entry[name]), free=True) for name in ("image", "error")),
        ]
        for entry in record.skipped
    ]
    return Table("Images left out of the comparison.", ["Row", "Image", "Reason"], rows, words=3)


def facts_table(facts: Mapping[str, object], caption: str) -> Table:
    """Names and values as words."""
    rows = [[Cell(str(name)), Cell(str(value), free=True)] for name, value in facts.items()]
    return Table(caption, ["Name", "Value"], rows, words=2)


def _model(name: str, series: dict[str, int]) -> Cell:
    return Cell(name, series=series[name])


def _score(row: pd.Series, name: str, best: bool = False) -> Cell:
    return Cell(f"{row[name]:.3f}", _range(row, name), best=best)


def _selection(row: pd.Series) -> list[Cell]:
    """Columns kept and the agreement of folds; empty where a model selects none."""
    if pd.isna(row["columns"]):
        return [Cell(""), Cell("")]
    kept = Cell(f"{row['columns']:,.0f}", f"of {row['columns_offered']:,.0f}")
    if pd.isna(row["stability"]):
        # All folds kept all columns or none: there was nothing to agree on.
        return [kept, Cell("")]
    return [kept, _score(row, "stability")]


def _range(row: pd.Series, name: str) -> str:
    return f"{row[name + '_low']:.3f} to {row[name + '_high']:.3f}"
