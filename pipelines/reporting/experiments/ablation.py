"""The page of an ablation: its figures, the ladder and the selection curve."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from pipelines.reporting.drawing.svg import to_svg
from pipelines.reporting.experiments.ablation_figures import draw_curve, draw_ladder
from pipelines.reporting.experiments.ablation_words import (
    in_percent,
    judge_boltzmann,
    kept_with_interval,
)
from pipelines.reporting.markdown import markdown_table, score_or_dash, signed
from pipelines.reporting.words.run import describe_run

_SELECTION_HEADS = (
    " Kept is the share of the macro AUC of all columns; over boltzmann is macro AUC minus that of "
    "boltzmann at the same share, paired too."
)


def write_ablation(
    ladder: pd.DataFrame,
    curve: pd.DataFrame,
    failed: Mapping[str, str],
    folds: pd.DataFrame,
    settings: Mapping[str, Any],
    directory: str | Path,
) -> Path:
    """Write ablation.md, ladder and curve as CSV and SVG, folds.csv and run.json.

    Parameters
    ----------
    ladder, curve, failed, folds, settings
        See `pipelines.experiments.Ablation`.
    directory : str or Path
        Made if missing; files of an earlier ablation in it are overwritten.

    Returns
    -------
    Path
        The page.
    """
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    for name, table in (("ladder", ladder), ("curve", curve), ("folds", folds)):
        table.to_csv(directory / f"{name}.csv", index=False)
    (directory / "ladder.svg").write_text(to_svg(draw_ladder(ladder)), encoding="utf-8")
    if len(curve):
        (directory / "curve.svg").write_text(to_svg(draw_curve(curve)), encoding="utf-8")
    facts = dict(settings) | {"failed": dict(failed)}
    (directory / "run.json").write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    page = directory / "ablation.md"
    page.write_text(render_ablation(ladder, curve, failed, settings), encoding="utf-8")
    return page


def render_ablation(
    ladder: pd.DataFrame,
    curve: pd.DataFrame,
    failed: Mapping[str, str],
    settings: Mapping[str, Any],
) -> str:
    """Word the page.

    Parameters
    ----------
    ladder, curve, failed, settings
        See `pipelines.experiments.Ablation`.

    Returns
    -------
    str
        Markdown.
    """
    parts = ["# Ablation\n", describe_run(settings)]
    if len(ladder):
        best = ladder.iloc[int(ladder["macro_auc"].argmax())]
        parts += [
            f"The best step is *{best['step']}*, with a macro AUC of {_score(best, 'macro_auc')}. "
            "Many steps were tried on the same folds, so the best of them is somewhat flattered."
            + _over_best_block(best)
            + "\n",
            "![What each step adds](ladder.svg)\n",
            _ladder_table(ladder),
            "Scores are per lesion, with 95% lesion-bootstrap intervals; a gain is that of macro "
            "AUC over the step named beside it, paired on the same draws. Balanced accuracy is "
            "that of probabilities divided by the training frequencies. Stability is Nogueira's "
            "index of the columns that the folds kept: 1 where all agree, 0 as by chance. Seconds "
            "are those of fitting and predicting, all folds together; extraction is spent once."
            + (_SELECTION_HEADS if _selects(ladder) else "")
            + "\n",
        ]
    parts += _selection_verdict(curve if len(curve) else ladder)
    if len(curve):
        parts += [
            "## How many columns\n",
            "![Macro AUC by share of columns](curve.svg)\n",
            *_curve_tables(curve),
        ]
    if failed:
        parts.append("## Failed\n")
        parts.append("\n".join(f"- {name}: {why}" for name, why in failed.items()) + "\n")
    parts.append(f"## Run\n\n```\n{settings['command']}\n```\n\nClassifier: {settings['model']}\n")
    return "\n".join(parts)


def _over_best_block(best: pd.Series) -> str:
    if best["best_block"] in ("", best["step"]):
        return ""
    return (
        f" Over *{best['best_block']}*, the best block alone, it gains "
        f"{_gain(best, 'over_best_block')}."
    )


def _selects(ladder: pd.DataFrame) -> bool:
    return bool((ladder["selector"] != "").any())


def _ladder_table(ladder: pd.DataFrame) -> str:
    head = ["Step", "Compared with", "Columns", "Macro AUC", "Gain"]
    if selects := _selects(ladder):
        head += ["Kept", "Over boltzmann"]
    rows = [
        [
            row["step"],
            row["reference"] or "–",
            "–" if pd.isna(row["columns"]) else f"{row['columns']:,.0f}",
            _score(row, "macro_auc"),
            _gain(row, "gain"),
            *((kept_with_interval(row), _gain(row, "over_boltzmann")) if selects else ()),
            score_or_dash(row["balanced_accuracy_prior"]),
            score_or_dash(row["stability"]),
            f"{row['seconds']:,.0f}",
        ]
        for _, row in ladder.iterrows()
    ]
    return markdown_table([*head, "Balanced accuracy", "Stability", "Seconds"], rows, words=2)


def _selection_verdict(selections: pd.DataFrame) -> list[str]:
    sentences = judge_boltzmann(selections) if len(selections) else []
    if not sentences:
        return []
    return [
        "## The Boltzmann gain and its rivals\n",
        "\n".join(f"- {sentence}" for sentence in sentences) + "\n",
        "A rival beats it if the 95% interval of the paired difference lies above 0. Each interval "
        "is for one comparison: among many rivals and shares some lie outside by chance.\n",
    ]


def _curve_tables(curve: pd.DataFrame) -> list[str]:
    """Lay out selectors in rows and shares in columns: score, share kept, and over Boltzmann."""
    best = curve.groupby("share")["macro_auc"].max().round(3).to_dict()

    def score(row: pd.Series) -> str:
        top = round(row["macro_auc"], 3) == best[row["share"]]
        return f"**{row['macro_auc']:.3f}**" if top else score_or_dash(row["macro_auc"])

    tables = [
        _by_share(curve, score),
        "Macro AUC, best of each share bold; intervals are in curve.csv.\n",
        _by_share(curve, lambda row: f"{100 * row['kept']:.1f}%"),
        "Share of the macro AUC of all columns that is kept.\n",
    ]
    if curve["over_boltzmann"].notna().any():
        tables += [
            _by_share(curve, _over_boltzmann),
            "Macro AUC minus that of boltzmann at the same share, bold where 0 lies outside the "
            "paired interval.\n",
        ]
    return tables


def _over_boltzmann(row: pd.Series) -> str:
    if pd.isna(row["over_boltzmann"]):
        return "–"
    sure = row["over_boltzmann_low"] > 0 or row["over_boltzmann_high"] < 0
    text = signed(row["over_boltzmann"])
    return f"**{text}**" if sure else text


def _by_share(curve: pd.DataFrame, cell: Callable[[pd.Series], str]) -> str:
    shares = sorted(set(curve["share"]))
    cells = {(row["selector"], row["share"]): cell(row) for _, row in curve.iterrows()}
    rows = [
        [name, *(cells.get((name, share), "–") for share in shares)]
        for name in dict.fromkeys(curve["selector"])
    ]
    return markdown_table(["Selector", *map(in_percent, shares)], rows)


def _score(row: pd.Series, name: str) -> str:
    return f"{row[name]:.3f} ({row[name + '_low']:.3f} to {row[name + '_high']:.3f})"


def _gain(row: pd.Series, name: str) -> str:
    if pd.isna(row[name]):
        return "–"
    low, high = signed(row[f"{name}_low"]), signed(row[f"{name}_high"])
    return f"{signed(row[name])} ({low} to {high})"
