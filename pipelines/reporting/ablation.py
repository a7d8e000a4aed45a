"""The page of an ablation: its figures, the ladder and the selection curve."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from pipelines.reporting.ablation_figures import draw_curve, draw_ladder
from pipelines.reporting.markdown import markdown_table, score_or_dash, signed
from pipelines.reporting.run_words import describe_run
from pipelines.reporting.svg import to_svg


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
            "are those of fitting and predicting, all folds together; extraction is spent once.\n",
        ]
    if len(curve):
        parts += [
            "## How many columns\n",
            "![Macro AUC by share of columns](curve.svg)\n",
            _curve_table(curve),
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


def _ladder_table(ladder: pd.DataFrame) -> str:
    rows = [
        [
            row["step"],
            row["reference"] or "–",
            "–" if pd.isna(row["columns"]) else f"{row['columns']:,.0f}",
            _score(row, "macro_auc"),
            _gain(row, "gain"),
            score_or_dash(row["balanced_accuracy_prior"]),
            score_or_dash(row["stability"]),
            f"{row['seconds']:,.0f}",
        ]
        for _, row in ladder.iterrows()
    ]
    head = [
        *("Step", "Compared with", "Columns", "Macro AUC", "Gain"),
        *("Balanced accuracy", "Stability", "Seconds"),
    ]
    return markdown_table(head, rows, words=2)


def _curve_table(curve: pd.DataFrame) -> str:
    """Lay out selectors in rows and shares in columns, best of each column bold."""
    scores = curve.pivot_table(index="selector", columns="share", values="macro_auc", sort=False)
    scores = scores[sorted(scores.columns)]
    best = scores.max().round(3).to_dict()
    rows = [
        [
            str(name),
            *(
                f"**{value:.3f}**" if round(value, 3) == best[share] else score_or_dash(value)
                for share, value in row.items()
            ),
        ]
        for name, row in scores.iterrows()
    ]
    head = ["Selector", *(f"{share:.0%}" for share in scores.columns)]
    return markdown_table(head, rows) + "\nMacro AUC; intervals are in curve.csv.\n"


def _score(row: pd.Series, name: str) -> str:
    return f"{row[name]:.3f} ({row[name + '_low']:.3f} to {row[name + '_high']:.3f})"


def _gain(row: pd.Series, name: str) -> str:
    if pd.isna(row[name]):
        return "–"
    low, high = signed(row[f"{name}_low"]), signed(row[f"{name}_high"])
    return f"{signed(row[name])} ({low} to {high})"
