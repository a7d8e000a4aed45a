"""Compare models on the same folds of the same images, and write the report."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import pandas as pd
from sklearn.base import clone
from tqdm import tqdm

from fusion.selection import OneStandardError
from pipelines.data import has_groups, lesion_ids, validate_manifest
from pipelines.evaluation import (
    Record,
    make_folds,
    out_of_fold,
    score_models,
    summarise_cohort,
)
from pipelines.evaluation.provenance import command, hardware, versions
from pipelines.evaluation.selections import summarise_selections
from pipelines.intake import image_side, take_in
from pipelines.recipes.controls import add_controls
from pipelines.recipes.selection import ONE_STANDARD_ERROR
from pipelines.reporting import write_report

# Names under which data sets file the class that a screening must not miss.
CLASSES_OF_CONCERN = ("melanoma", "mel")


class Comparison(Record):
    """Results of `compare`; see `pipelines.evaluation.Record` for its tables."""

    def report(self, directory: str | Path) -> Path:
        """Write the report, its figures and the tables behind them.

        Parameters
        ----------
        directory : str or Path
            Made if missing; files of an earlier report in it are overwritten.

        Returns
        -------
        Path
            The report, `report.html`. Beside it: metrics.csv, differences.csv, timings.csv,
            predictions.parquet, run.json and figures/*.svg; selections.csv where a model selects
            columns.
        """
        return write_report(self, directory)


def compare(
    models: Mapping[str, Any],
    manifest: pd.DataFrame,
    *,
    n_splits: int = 5,
    random_state: int = 0,
    positive: str | None = None,
    n_jobs: int | None = None,
    n_bootstrap: int = 1000,
    on_error: Literal["raise", "skip"] = "raise",
    progress: bool = False,
) -> Comparison:
    """Cross-validate models on the same lesion-grouped folds and score them.

    Parameters
    ----------
    models : mapping of str to estimator
        Unfitted classifiers that take a manifest; they are cloned, not changed. Beside each that
        uses a `PatientMetadata` runs a missingness control of the same columns.
    manifest : DataFrame
        One row an image, with `image`, `label` and, where known, `lesion` and `patient`.
    n_splits : int, default=5
        Number of folds.
    random_state : int, default=0
        Seed of the folds, of the bootstrap, and of models that have none of their own.
    positive : str or None, default=None
        Class of concern. None means melanoma where the labels have it (`melanoma` or `mel`), else
        the second of two classes in sorted order, else no class.
    n_jobs : int or None, default=None
        Folds fitted at a time, through joblib. Networks run one after the other.
    n_bootstrap : int, default=1000
        Draws of the lesion bootstrap behind each interval.
    on_error : {"raise", "skip"}, default="raise"
        What an unreadable image does: stop, or be left out for every model and listed.
    progress : bool, default=False
        Show a bar over models and folds.

    Returns
    -------
    Comparison
        Predictions, scores and settings. The same seed gives the same scores, bit for bit, on the
        same machine, threads and device.

    Raises
    ------
    ValueError
        When the labels do not allow the comparison asked for, or metadata are not there.
    RuntimeError
        When a model fails; names the model and the fold.
    """
    _check(models, manifest, n_splits, positive, on_error)
    models = add_controls(models, manifest)
    intake = take_in(models, manifest, on_error=on_error, n_jobs=n_jobs, progress=progress)
    manifest = manifest.iloc[intake.kept]
    positive = class_of_concern(manifest["label"], positive)
    folds = make_folds(manifest, n_splits, random_state)
    with tqdm(total=len(models) * n_splits, unit="fold", disable=not progress) as bar:
        predictions, timings, selections = out_of_fold(
            models,
            manifest,
            folds,
            n_jobs=n_jobs,
            random_state=random_state,
            progress=lambda model, fold: bar.update(),
        )
    predictions["row"] = intake.kept[predictions["row"]]
    measured = timings["model"].map(intake.seconds)
    timings["extract_seconds"] = measured.fillna(timings["extract_seconds"])
    scores = score_models(
        predictions, timings, positive=positive, n_bootstrap=n_bootstrap, random_state=random_state
    )
    settings = {
        "seed": random_state,
        "n_splits": n_splits,
        "n_bootstrap": n_bootstrap,
        "n_jobs": n_jobs,
        "on_error": on_error,
        "positive": positive,
        "unreliable_masks": _unreliable_masks(intake.quality),
    }
    return Comparison(
        predictions=predictions,
        timings=timings,
        metrics=_with_selections(scores.metrics, selections),
        differences=scores.differences,
        selections=selections,
        cohort=summarise_cohort(manifest["label"].to_numpy(), lesion_ids(manifest)),
        folds=folds,
        skipped=_left_out_by_loading(manifest) + [f._asdict() for f in intake.failures],
        settings=settings | _describe(models, manifest),
    )


def _check(
    models: Mapping[str, Any],
    manifest: pd.DataFrame,
    n_splits: int,
    positive: str | None,
    on_error: str,
) -> None:
    """Show what is wrong before the hours that reading images may take."""
    if not models:
        raise ValueError("`models` is empty; name at least one model to compare.")
    if on_error not in ("raise", "skip"):
        raise ValueError(f"`on_error` must be 'raise' or 'skip', got {on_error!r}.")
    class_of_concern(validate_manifest(manifest)["label"], positive)
    make_folds(manifest, n_splits)


def _with_selections(metrics: pd.DataFrame, selections: pd.DataFrame) -> pd.DataFrame:
    """Beside the scores, how many columns were kept, and whether folds agree on them."""
    if selections.empty:
        return metrics
    return metrics.merge(summarise_selections(selections), on="model", how="left")


def _unreliable_masks(quality: pd.DataFrame) -> float | None:
    """Share of lesion views whose mask is the fail-safe ellipse; None if there are none."""
    return None if quality.empty else float(1 - quality["mask_reliable"].mean())


def _left_out_by_loading(manifest: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows that `load_dataset` left out; their numbers are those of the data set's own table."""
    return [
        {
            "row": fault["row"],
            "image": fault["file"],
            "error": f"{fault['file']}: {fault['reason']}",
        }
        for fault in manifest.attrs.get("skipped", [])
    ]


def class_of_concern(labels: pd.Series, positive: str | None = None) -> str | None:
    """Class that a screening must not miss.

    Parameters
    ----------
    labels : Series of str
        Diagnoses.
    positive : str, optional
        The class asked for.

    Returns
    -------
    str or None
        The class asked for; else melanoma (`CLASSES_OF_CONCERN`) where the labels have it, else
        the second of two classes in sorted order, else None.

    Raises
    ------
    ValueError
        If the class asked for is not among the labels.

    Examples
    --------
    >>> class_of_concern(pd.Series(["nv", "mel", "bkl"]))
    'mel'
    """
    classes = sorted(set(labels))
    if positive is not None:
        if positive not in classes:
            raise ValueError(
                f"The class of concern {positive!r} is not among the labels: {', '.join(classes)}."
            )
        return positive
    for name in CLASSES_OF_CONCERN:
        if name in classes:
            return name
    return classes[1] if len(classes) == 2 else None


def _describe(models: Mapping[str, Any], manifest: pd.DataFrame) -> dict[str, Any]:
    sources = manifest["source"].astype(str) if "source" in manifest else pd.Series(dtype=str)
    return {
        "dataset": manifest.attrs.get("dataset"),
        "partial": bool(manifest.attrs.get("partial", False)),
        "models": {name: _describe_model(model, manifest) for name, model in models.items()},
        "grouped": has_groups(manifest),
        "synthetic": bool(sources.str.contains("synthetic", case=False).any()),
        "command": command(),
        "versions": versions(),
        "hardware": hardware(),
    }


def _describe_model(model: Any, manifest: pd.DataFrame) -> dict[str, Any]:
    side = image_side(model)
    features = clone(side).settle_masks(manifest) if hasattr(side, "settle_masks") else None
    looks_once = hasattr(model, "image_step")
    return {
        "type": _type_name(model),
        "kind": "features" if features is not None or looks_once else "end-to-end",
        "masks": "none" if features is None else features.mask_source_,
        "parameters": _plain_parameters(model),
    }


def _plain_parameters(model: Any) -> dict[str, Any]:
    """Parameters that are words and numbers, those of parts too."""
    parameters = model.get_params()
    for name, value in list(parameters.items()):
        if isinstance(value, OneStandardError):
            # It chooses the k of its selector, whose own is not used.
            parameters[f"{name}__selector__k"] = ONE_STANDARD_ERROR
    plain = (str, int, float, bool, type(None))
    return {name: value for name, value in parameters.items() if isinstance(value, plain)}


def _type_name(model: Any) -> str:
    inner = getattr(model, "estimator", None)
    name = type(model).__name__
    return name if inner is None else f"{name}({_type_name(inner)})"
