"""A page that shows what an audit found, with the pictures of pairs in it."""

import base64
import io
from html import escape

import pandas as pd
from PIL import Image

from features.reading.files import ImageError, read_image

__all__ = ["render_page"]

_SIDE = 200

_HEAD = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Audit</title>
<meta name="viewport" content="width=device-width">
<style>
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem }
table { border-collapse: collapse; width: 100% }
th, td { border-bottom: 1px solid #ddd; padding: .3rem .6rem; text-align: left }
.leak { color: #a3131f; font-weight: 600 } .warning { color: #8a5300 } .note { color: #555 }
.pairs { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fill, minmax(26rem, 1fr)) }
figure { margin: 0 } figure img { width: 12.5rem } figcaption { color: #444; font-size: .85rem }
</style></head><body>
"""


def render_page(
    findings: pd.DataFrame,
    pairs: pd.DataFrame,
    columns: pd.DataFrame,
    n_images: int,
    max_pictures: int,
) -> str:
    """Write the page.

    Parameters
    ----------
    findings, pairs, columns : DataFrame
        As an `Audit` holds them.
    n_images : int
        Audited.
    max_pictures : int
        Pairs shown at most.

    Returns
    -------
    str
        HTML that needs no other file.
    """
    shown = _most_telling(pairs).head(max_pictures)
    parts = [_HEAD, f"<h1>Audit of {n_images:,} images</h1>", _findings(findings)]
    if len(columns):
        parts += ["<h2>How well the label can be guessed, pixels unseen</h2>", _columns(columns)]
    if len(shown):
        parts += [
            f"<h2>{len(shown):,} of {len(pairs):,} pairs</h2>",
            "<p>These are pictures of patients' skin: do not pass this page on.</p>",
            '<div class="pairs">',
            *(_pair(row) for row in shown.to_dict("records")),
            "</div>",
        ]
    return "\n".join([*parts, "</body></html>\n"])


def _most_telling(pairs: pd.DataFrame) -> pd.DataFrame:
    """Order pairs: two labels first, then two splits, two data sets, and two lesions."""
    worth = (
        8 * pairs["same_label"].eq(False).fillna(False).astype(int)
        + 4 * pairs["splits"].str.contains(" | ", regex=False, na=False).astype(int)
        + 2 * pairs["datasets"].str.contains(" | ", regex=False, na=False).astype(int)
        + pairs["same_lesion"].eq(False).fillna(False).astype(int)
    )
    return pairs.loc[worth.sort_values(ascending=False, kind="stable").index]


def _findings(findings: pd.DataFrame) -> str:
    if findings.empty:
        return "<p>Nothing was found.</p>"
    rows = [
        f'<tr><td class="{escape(row["severity"])}">{escape(row["severity"])}</td>'
        f"<td>{escape(row['kind'])}</td><td>{row['count']:,}</td>"
        f"<td>{escape(row['message'])}</td></tr>"
        for row in findings.to_dict("records")
    ]
    head = "<tr><th>Severity</th><th>What</th><th>Count</th><th>In words</th></tr>"
    return f"<table>{head}{''.join(rows)}</table>"


def _columns(columns: pd.DataFrame) -> str:
    rows = [
        f"<tr><td>{escape(row['column'])}</td><td>{escape(row['kind'])}</td>"
        f"<td>{row['auc']:.3f} ({row['auc_low']:.3f} to {row['auc_high']:.3f})</td>"
        f"<td>{'gives the label away' if row['flagged'] else ''}</td></tr>"
        for row in columns.to_dict("records")
    ]
    head = "<tr><th>Column</th><th>Kind</th><th>Area under the curve (99 %)</th><th></th></tr>"
    return f"<table>{head}{''.join(rows)}</table>"


def _pair(row: dict) -> str:
    facts = [f"rows {row['row_a']} and {row['row_b']}", row["how"]]
    if pd.notna(row["distance"]):
        facts.append(f"distance {row['distance']:.3f}")
    for name in ("splits", "datasets"):
        if pd.notna(row[name]):
            facts.append(row[name])
    for name in ("label", "lesion", "patient"):
        if pd.notna(row[f"same_{name}"]):
            facts.append(f"{'one' if row[f'same_{name}'] else 'another'} {name}")
    images = "".join(_picture(row[name]) for name in ("image_a", "image_b"))
    return f"<figure>{images}<figcaption>{escape('; '.join(facts))}</figcaption></figure>"


def _picture(path: str) -> str:
    """Embed a small picture; its name stands in for one that cannot be read."""
    name = escape(str(path))
    try:
        image = Image.fromarray(read_image(path))
    except ImageError:
        return f"<span>{name}</span>"
    image.thumbnail((_SIDE, _SIDE))
    content = io.BytesIO()
    image.save(content, "JPEG", quality=85)
    data = base64.b64encode(content.getvalue()).decode()
    return f'<img alt="{name}" title="{name}" src="data:image/jpeg;base64,{data}">'
