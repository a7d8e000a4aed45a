"""Write the report of a comparison: one HTML page, its figures and its tables."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from pipelines.evaluation import Record
from pipelines.reporting import sentences, tables
from pipelines.reporting.palette import SERIES, SERIES_DARK, series_index
from pipelines.reporting.pictures import Picture, draw_pictures

_MAIN_PARAMETERS = ("backbone", "image_size", "max_epochs", "score_func", "k", "rule")


def write_report(record: Record, directory: str | Path) -> Path:
    """Write report.html, figures/*.svg and the tables of a comparison.

    Parameters
    ----------
    record : Record
        A comparison.
    directory : str or Path
        Made if missing; files of an earlier report in it are overwritten.

    Returns
    -------
    Path
        The report. It loads nothing from elsewhere and holds no pixel of any image.
    """
    directory = Path(directory)
    (directory / "figures").mkdir(parents=True, exist_ok=True)
    pictures = draw_pictures(record)
    for picture in (p for group in pictures.values() for p in group):
        path = directory / "figures" / f"{picture.name}.svg"
        path.write_text(picture.svg, encoding="utf-8")
    record.save(directory)
    report = directory / "report.html"
    report.write_text(render(record, pictures), encoding="utf-8")
    return report


def render(record: Record, pictures: dict[str, list[Picture]]) -> str:
    """Render the page.

    Parameters
    ----------
    record : Record
        A comparison.
    pictures : dict of str to list of Picture
        From `draw_pictures`.

    Returns
    -------
    str
        A self-contained HTML document.
    """
    environment = Environment(
        loader=PackageLoader("pipelines.reporting"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html.j2").render(
        headline=sentences.headline(record),
        warnings=sentences.warnings(record),
        limits=sentences.LIMITS,
        title=f"Comparison of {_join(record.models)}",
        settings=record.settings,
        cohort=record.cohort,
        pictures=pictures,
        tables=_tables(record),
        series=list(enumerate(zip(SERIES, SERIES_DARK, strict=True))),
    )


def _tables(record: Record) -> dict[str, tables.Table]:
    series = series_index(record.models)
    found = {
        "lesion": tables.ranking_table(record, "lesion", series),
        "image": tables.ranking_table(record, "image", series),
        "cohort": tables.cohort_table(record),
        "classes": tables.class_table(record, series),
        "timing": tables.timing_table(record, series),
        "run": tables.facts_table(_run_facts(record), "Settings of this run."),
    }
    if len(record.models) > 1:
        found["differences"] = tables.difference_table(record, series)
    if record.skipped:
        found["skipped"] = tables.skipped_table(record)
    return found


def _run_facts(record: Record) -> dict[str, Any]:
    settings = record.settings
    unit = "patient and lesion groups" if settings["grouped"] else "single images, not grouped"
    facts = {
        "Seed": settings["seed"],
        "Folds": f"{settings['n_splits']}, stratified by class, of {unit}",
        "Bootstrap": f"{settings['n_bootstrap']:,} draws of lesions, stratified by class; "
        "percentile intervals, 95%",
        "Unreadable images": "stop the run" if settings["on_error"] == "raise" else "left out",
    }
    for name, model in settings["models"].items():
        masks = "" if model["masks"] == "none" else f", lesion masks {model['masks']}"
        chosen = _main_parameters(model["parameters"])
        facts[name] = f"{model['type']} ({model['kind']}{masks}){': ' if chosen else ''}{chosen}"
    facts["Software"] = ", ".join(f"{name} {of}" for name, of in settings["versions"].items())
    return facts | {key.capitalize(): value for key, value in settings["hardware"].items()}


def _main_parameters(parameters: dict[str, Any]) -> str:
    """Word those parameters that one would ask for first, whichever step has them."""
    found = [
        f"{name.replace('_', ' ')} {value}"
        for name in _MAIN_PARAMETERS
        for path, value in parameters.items()
        if path.split("__")[-1] == name and value is not None
    ]
    return ", ".join(dict.fromkeys(found))


def _join(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
