"""What each model would change in practice: biopsies, missed cases, thresholds."""

import pandas as pd

from pipelines.reporting.cells import model_cell, plain_cell, score_cell
from pipelines.reporting.content import Cell, Part, Picture, Pictures, Section, Table
from pipelines.reporting.drawing.dots import Dots, dots_of, draw_dots
from pipelines.reporting.drawing.lines import Frame, Line, draw_lines
from pipelines.reporting.drawing.palette import SERIES
from pipelines.reporting.operating_points import operating_parts
from pipelines.reporting.pictures import picture
from pipelines.reporting.results import Results
from pipelines.reporting.words.repeats import mean_of_draws
from pipelines.reporting.words.sentences import headline_pair


def make_section(results: Results) -> Section | None:
    """Make the section; None without a class of concern."""
    biopsies = results.table("biopsies")
    curve, points = results.table("decision_curve"), results.table("operating_points")
    pictures: list[Picture] = []
    parts: list[Part] = []
    if biopsies is not None:
        pictures += _saved_picture(results, biopsies)
        parts.append(_biopsies(results, biopsies))
    if curve is not None:
        pictures.append(_net_benefit(results, curve))
    if points is not None:
        parts += operating_parts(results, points)
    if pictures:
        parts.insert(0, Pictures(pictures))
    if not parts:
        return None
    return Section("decisions", "Decisions", _lead(results, biopsies, curve), parts)


def _lead(results: Results, biopsies: pd.DataFrame | None, curve: pd.DataFrame | None) -> str:
    words = f"What changes for the patient when {results.positive} must not be missed."
    if biopsies is not None:
        first = biopsies.iloc[0]
        words += (
            f" At a sensitivity of {first['target_sensitivity']:.0%}, and with {results.positive} "
            f"in {first['prevalence']:.1%} of the lesions, every lesion above the threshold is "
            "taken to be cut out. To compare models at equal sensitivity, each one's threshold is "
            "set on the tested lesions themselves, which nobody can do beforehand."
        )
    if curve is not None:
        words += (
            " Net benefit counts a case found as 1, and a needless biopsy as the odds of the "
            "threshold: who would cut out ten lesions to find one case reads it at 10%."
        )
    return words


def reference_of(results: Results, biopsies: pd.DataFrame) -> str | None:
    """Model that biopsies are saved against: the reference of the answer, where it was compared.

    Parameters
    ----------
    results : Results
        Of a comparison.
    biopsies : DataFrame
        Analysis of that name.

    Returns
    -------
    str or None
        None where no two models were compared.
    """
    known = [str(name) for name in biopsies["reference"].dropna().unique() if str(name)]
    pair = headline_pair(results)
    if pair is not None and pair[1] in known:
        return pair[1]
    return known[0] if known else None


def _against(biopsies: pd.DataFrame, reference: str | None) -> pd.DataFrame:
    """Comparison of each model with the reference, by model."""
    return biopsies[biopsies["reference"] == reference].set_index("model")


def _saved_picture(results: Results, table: pd.DataFrame) -> list[Picture]:
    reference = reference_of(results, table)
    compared = _against(table, reference)
    if compared.empty:
        return []
    colors = [SERIES[results.series[model]] for model in compared.index]
    scores = dots_of(compared.reset_index(), "model", "saved_per_1000")
    figure = draw_dots(
        list(compared.index),
        [Dots("saved", scores, SERIES[7], colors=colors)],
        f"Biopsies saved per 1,000 lesions, against {reference}",
        lines=[0.0],
    )
    caption = (
        f"Biopsies saved per 1,000 lesions at equal sensitivity for {results.positive}, against "
        f"{reference}, with 95% intervals and thresholds set on the tested lesions. Right of the "
        "line fewer are needed."
    )
    label = f"Biopsies that each model saves against {reference}; the numbers are in the table."
    return [picture("biopsies-saved", figure, caption, label)]


def _biopsies(results: Results, table: pd.DataFrame) -> Table:
    positive, reference = results.positive, reference_of(results, table)
    compared = _against(table, reference)
    rows = [
        [
            model_cell(str(row["model"]), results.series),
            score_cell(row, "sensitivity"),
            score_cell(row, "specificity"),
            score_cell(row, "biopsies_per_case", digits=1),
            score_cell(row, "biopsies_per_1000", digits=0),
            *([] if reference is None else _change(compared, str(row["model"]))),
        ]
        for _, row in table.drop_duplicates("model").iterrows()
    ]
    head = ["Model", "Sensitivity", "Specificity", "Biopsies a case found", "Biopsies per 1,000"]
    caption = f"Biopsies at equal sensitivity for {positive}, with 95% intervals."
    if reference is not None:
        head += [f"Saved per 1,000 against {reference}", f"{positive} only it finds"]
        head.append(f"{positive} only {reference} finds")
        caption = (
            f"At equal sensitivity for {positive}: biopsies, and the {positive} lesions that "
            f"change sides against {reference}. Bold where the 95% interval excludes 0."
        )
    caption += " Thresholds are set on these very lesions."
    return Table("biopsies", caption + mean_of_draws(results), head, rows)


def _change(compared: pd.DataFrame, model: str) -> list[Cell]:
    """List what a model saves, and the cases that change sides; of the reference nothing."""
    if model not in compared.index:
        return [Cell("reference"), Cell(""), Cell("")]
    row = compared[compared.index == model].iloc[0]
    sides = [plain_cell(float(row[name]), 0) for name in ("only_model", "only_reference")]
    value, low, high = (float(row[f"saved_per_1000{end}"]) for end in ("", "_low", "_high"))
    if pd.isna(value):
        return [Cell("–"), *sides]
    text, low_text, high_text = (f"{v:+,.0f}".replace("-", "−") for v in (value, low, high))
    excludes = bool(low > 0 or high < 0)
    saved = Cell(text, f"{low_text} to {high_text}", best=excludes, value=float(value))
    return [saved, *sides]


def _net_benefit(results: Results, curve: pd.DataFrame) -> Picture:
    lines, muted = [], 0
    for model, rows in curve.groupby("model", sort=False):
        name = str(model)
        x, y = rows["threshold"].to_numpy(float), rows["net_benefit"].to_numpy(float)
        if name not in results.series:
            muted += 1
            lines.append(Line(name, x, y, muted, muted=True))
            continue
        low, high = (rows[f"net_benefit_{end}"].to_numpy(float) for end in ("low", "high"))
        lines.append(Line(name, x, y, results.series[name], low, high))
    observed = float((results.lesions["label"] == results.positive).mean())
    stated = float(results.settings["prevalence"])
    limits = benefit_limits(results, curve, most=stated)
    return picture(
        "decision-curve",
        draw_lines(lines, Frame("Threshold probability", "Net benefit", None, limits)),
        f"Net benefit for {results.positive} by the probability at which one would cut out, with "
        f"95% bands, where {stated:.1%} of the lesions are {results.positive}: probabilities are "
        f"moved there from the share among the tested lesions, {observed:.1%}.",
        "Net benefit of each model, of treating all and of treating none, by threshold.",
    )


def benefit_limits(results: Results, curve: pd.DataFrame, most: float) -> tuple[float, float]:
    """Choose the ends of the axis of the net benefit.

    Treating all falls far below 0 at high thresholds, where nobody reads it; models are followed
    as far down as they could have risen.

    Parameters
    ----------
    results : Results
        Of a comparison.
    curve : DataFrame
        Analysis "decision_curve".
    most : float
        Share of cases, above which no net benefit can be.

    Returns
    -------
    tuple of float
        The lower one is below 0, the upper one above.
    """
    models = curve[curve["model"].isin(results.series)]
    lowest = float(models["net_benefit"].min())
    return max(min(lowest, -0.12 * most), -most), 1.08 * most
