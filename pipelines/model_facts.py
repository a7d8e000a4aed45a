"""What a report says of each model: its kind, its steps and its settings."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import pandas as pd
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from features import Preparation
from fusion.selection import OneStandardError
from pipelines.intake import image_side
from pipelines.patients import PatientMetadata
from pipelines.recipes.selection import ONE_STANDARD_ERROR


def model_facts(model: Any, manifest: pd.DataFrame) -> dict[str, Any]:
    """Describe a model of a comparison.

    Parameters
    ----------
    model : classifier
        Unfitted.
    manifest : DataFrame
        The images that it will see.

    Returns
    -------
    dict
        JSON values: `type`, `kind` ("features" or "end-to-end"), `masks` (where those of lesions
        come from), `steps` after the one that looks at images, `metadata` (columns of the
        manifest), `preparation` (settings that are not the default) and `parameters`.
    """
    side = image_side(model)
    features = clone(side).settle_masks(manifest) if hasattr(side, "settle_masks") else None
    looks_once = hasattr(model, "image_step")
    parts = model.get_params().values()
    return {
        "type": _type_name(model),
        "kind": "features" if features is not None or looks_once else "end-to-end",
        "masks": "none" if features is None else features.mask_source_,
        "steps": [_type_name(step) for _, step in getattr(model, "steps", [])[1:]],
        "metadata": _metadata([p for p in parts if isinstance(p, PatientMetadata)], manifest),
        "preparation": _unusual([p for p in parts if isinstance(p, Preparation)]),
        "parameters": _plain_parameters(model),
    }


def _metadata(readers: Sequence[PatientMetadata], manifest: pd.DataFrame) -> list[str]:
    """List the columns of the manifest that are read as metadata."""
    return sorted({column for reader in readers for column in reader.columns_in(manifest)})


def _unusual(preparations: Sequence[Preparation]) -> dict[str, Any]:
    """Find settings of preparation that are not the default ones; masks are told elsewhere."""
    usual = asdict(Preparation())
    return {
        name: value
        for each in preparations
        for name, value in asdict(each).items()
        if name != "mask" and value != usual[name]
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
    if type(model) is Pipeline:
        return " > ".join(_type_name(step) for _, step in model.steps)
    name = type(model).__name__
    parameters = model.get_params(deep=False) if hasattr(model, "get_params") else {}
    for part in ("estimator", "selector"):
        if parameters.get(part) is not None:
            return f"{name}({_type_name(parameters[part])})"
    return name
