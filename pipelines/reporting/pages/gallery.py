"""The surest mistakes and the hardest lesions, with their images: for local use alone."""

import base64
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from features.reading.files import ImageError, read_image
from pipelines.evaluation.predictions import encode, probabilities
from pipelines.reporting.pages.html_page import environment, series_colors
from pipelines.reporting.results import Results

SHOWN = 24
SIDE = 240
_QUALITY = 72


@dataclass(frozen=True)
class Lesion:
    """A lesion of the gallery: its image as a data URI, empty where it cannot be read."""

    name: str
    source: str
    lines: tuple[str, ...]
    label: str


def write_gallery(results: Results, path: Path) -> None:
    """Write the page of mistakes and hard lesions.

    Parameters
    ----------
    results : Results
        Of a comparison whose images are still where the manifest names them.
    path : Path
        Of the page.
    """
    best = results.ranked[0]
    groups = [
        (
            f"Surest mistakes of {best}",
            "Lesions of which it was most certain, and wrong.",
            _cards(results, surest_mistakes(results, best)),
        ),
        (
            "Hardest lesions",
            "Lesions to whose diagnosis all models together gave the least probability.",
            _cards(results, hardest_lesions(results)),
        ),
    ]
    template = environment().get_template("gallery.html.j2")
    page = template.render(groups=groups, series=series_colors())
    path.write_text(page, encoding="utf-8")


def surest_mistakes(results: Results, model: str, count: int = SHOWN) -> pd.DataFrame:
    """Lesions that a model is wrong about, the most certain first.

    Parameters
    ----------
    results : Results
        Of a comparison.
    model : str
        Its name.
    count : int
        At most so many.

    Returns
    -------
    DataFrame
        `lesion`, `label`, `said` (the most probable class) and `probability` of it, and `given`,
        the probability of the diagnosis; means over repeats.
    """
    table = _mean_probabilities(results, [model])
    wrong = table[table["said"] != table["label"]]
    return wrong.sort_values("probability", ascending=False, kind="stable").head(count)


def hardest_lesions(results: Results, count: int = SHOWN) -> pd.DataFrame:
    """Lesions to whose diagnosis all models together give the least probability.

    Parameters
    ----------
    results : Results
        Of a comparison.
    count : int
        At most so many.

    Returns
    -------
    DataFrame
        As `surest_mistakes`, means over models.
    """
    table = _mean_probabilities(results, results.models)
    return table.sort_values("given", kind="stable").head(count)


def _mean_probabilities(results: Results, models: list[str]) -> pd.DataFrame:
    rows = results.lesions[results.lesions["model"].isin(models)]
    columns = [name for name in rows if str(name).startswith("p_")]
    means = rows.groupby("lesion", sort=False)[columns].mean()
    labels = rows.drop_duplicates("lesion").set_index("lesion")["label"].reindex(means.index)
    values = probabilities(means)
    truth = encode(labels, results.classes)
    found = pd.DataFrame(
        {
            "lesion": means.index,
            "label": labels.to_numpy(),
            "said": np.array(results.classes, dtype=object)[values.argmax(axis=1)],
            "probability": values.max(axis=1),
            "given": values[np.arange(len(values)), truth],
        }
    )
    return found.reset_index(drop=True)


def _cards(results: Results, table: pd.DataFrame) -> list[Lesion]:
    images = results.record.predictions.drop_duplicates("lesion").set_index("lesion")["image"]
    return [
        Lesion(
            str(row["lesion"]),
            thumbnail(str(images[row["lesion"]])),
            (
                f"Diagnosis {row['label']}, given {row['given']:.0%}",
                f"Most probable {row['said']}, {row['probability']:.0%}",
            ),
            f"Lesion {row['lesion']}, diagnosis {row['label']}, taken for {row['said']}",
        )
        for _, row in table.iterrows()
    ]


def thumbnail(path: str) -> str:
    """Small JPEG of an image as a data URI; empty where it cannot be read.

    Parameters
    ----------
    path : str
        As the manifest names it.

    Returns
    -------
    str
        At most `SIDE` pixels a side.
    """
    try:
        pixels = read_image(path)
    except ImageError:
        return ""
    image = Image.fromarray(pixels)
    image.thumbnail((SIDE, SIDE))
    content = io.BytesIO()
    image.save(content, "JPEG", quality=_QUALITY)
    return "data:image/jpeg;base64," + base64.b64encode(content.getvalue()).decode()
