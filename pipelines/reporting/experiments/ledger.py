"""The page of an inflation ledger: its picture, its table, and each sin in words."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from pipelines.reporting.drawing.svg import to_svg
from pipelines.reporting.experiments.ledger_figure import draw_ledger
from pipelines.reporting.markdown import markdown_table, signed
from pipelines.reporting.words.run import describe_run

_SCORES = ["honest", "sinful", "difference"]


def write_ledger(
    entries: pd.DataFrame,
    left_out: Mapping[str, str],
    settings: Mapping[str, Any],
    directory: str | Path,
) -> Path:
    """Write ledger.md, ledger.svg, ledger.csv and run.json.

    Parameters
    ----------
    entries : DataFrame
        One row a sin, see `pipelines.experiments.Ledger`.
    left_out : mapping of str to str
        Sins that could not be committed, and why.
    settings : mapping
        JSON values: data, seed, command, versions and hardware.
    directory : str or Path
        Made if missing; files of an earlier ledger in it are overwritten.

    Returns
    -------
    Path
        The page.
    """
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    entries.to_csv(directory / "ledger.csv", index=False)
    if len(entries):
        (directory / "ledger.svg").write_text(to_svg(draw_ledger(entries)), encoding="utf-8")
    facts = dict(settings) | {"left_out": dict(left_out)}
    (directory / "run.json").write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    page = directory / "ledger.md"
    page.write_text(render_ledger(entries, left_out, settings), encoding="utf-8")
    return page


def render_ledger(
    entries: pd.DataFrame, left_out: Mapping[str, str], settings: Mapping[str, Any]
) -> str:
    """Word the page.

    Parameters
    ----------
    entries, left_out, settings
        As in `write_ledger`.

    Returns
    -------
    str
        Markdown.
    """
    parts = ["# Inflation ledger\n", describe_run(settings)]
    if len(entries):
        parts += [
            _headline(entries) + "\n",
            "![What each sin would have added](ledger.svg)\n",
            _table(entries),
            "Scores are per lesion, with 95% lesion-bootstrap intervals; a difference is paired "
            "on the same draws. Balanced accuracy is that of the class against all others at a "
            "threshold of its own, or its mean over classes. Each sin has an honest twin that "
            "differs from it in nothing else, so honest scores differ from sin to sin.\n",
            "## What was done\n",
            *(_words(row) for _, row in entries.iterrows()),
        ]
    if left_out:
        parts.append("## Left out\n")
        parts.append("\n".join(f"- {name}: {why}" for name, why in left_out.items()) + "\n")
    parts.append(f"## Run\n\n```\n{settings['command']}\n```\n\n{settings['model']}\n")
    return "\n".join(parts)


def write_noise_ledger(draws: pd.DataFrame, directory: str | Path) -> Path:
    """Write what the sins added to noise: noise.md, noise.svg and noise.csv.

    Parameters
    ----------
    draws : DataFrame
        From `pipelines.experiments.noise_ledger`.
    directory : str or Path
        Made if missing; files of an earlier run in it are overwritten.

    Returns
    -------
    Path
        The page.
    """
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    draws.to_csv(directory / "noise.csv", index=False)
    grouped = draws.groupby(["sin", "title", "metric"], sort=False)
    means, spreads = (getattr(grouped[_SCORES], name)().reset_index() for name in ("mean", "std"))
    reach = 1.96 * spreads["difference"].fillna(0.0)
    entries = means.assign(
        difference_low=means["difference"] - reach, difference_high=means["difference"] + reach
    )
    (directory / "noise.svg").write_text(to_svg(draw_ledger(entries)), encoding="utf-8")
    rows = [
        [
            row["title"],
            row["metric"],
            *(f"{row[s]:.3f} ± {spread[s]:.3f}" for s in _SCORES[:2]),
            f"{signed(row['difference'])} ± {spread['difference']:.3f}",
        ]
        for (_, row), (_, spread) in zip(means.iterrows(), spreads.iterrows(), strict=True)
    ]
    head = ["Sin", "Metric", "Honest", "Under the sin", "Added"]
    n_draws = draws["draw"].nunique()
    page = directory / "noise.md"
    page.write_text(
        f"# Inflation ledger of pure noise\n\nMean ± standard deviation over {n_draws} tables. "
        "Every honest score is 0.5 but for chance. In the picture a thin line is where 95% of the "
        "tables are.\n\n![What each sin adds to noise](noise.svg)"
        f"\n\n{markdown_table(head, rows, words=2)}",
        encoding="utf-8",
    )
    return page


def _headline(entries: pd.DataFrame) -> str:
    worst = entries.iloc[int(entries["difference"].argmax())]
    if worst["difference_low"] <= 0:
        return (
            "On these data no sin adds more than the choice of lesions might: every interval of a "
            "difference reaches 0."
        )
    return (
        f"The costliest sin here is *{worst['title'].lower()}*: it turns a {worst['metric']} of "
        f"{worst['honest']:.3f} into {worst['sinful']:.3f}."
    )


def _table(entries: pd.DataFrame) -> str:
    rows = [
        [
            row["title"],
            row["metric"],
            _score(row, "honest"),
            _score(row, "sinful"),
            f"{signed(row['difference'])} ({signed(row['difference_low'])} to "
            f"{signed(row['difference_high'])})",
            f"{row['seconds']:.0f}",
        ]
        for _, row in entries.sort_values("difference", ascending=False).iterrows()
    ]
    head = ["Sin", "Metric", "Honest", "Under the sin", "Added", "Seconds"]
    return markdown_table(head, rows, words=2)


def _score(row: pd.Series, name: str) -> str:
    return f"{row[name]:.3f} ({row[name + '_low']:.3f} to {row[name + '_high']:.3f})"


def _words(row: pd.Series) -> str:
    return f"**{row['title']}.** {row['practice']} *Instead:* {row['remedy']}\n"
