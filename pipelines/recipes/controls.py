"""The control that runs beside every model of metadata: it knows only what is missing."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from pipelines.patients import Missingness, PatientMetadata
from pipelines.recipes.models import CONTROL, make_missingness_control


def add_controls(models: Mapping[str, Any], manifest: pd.DataFrame) -> dict[str, Any]:
    """Add a missingness control of its own metadata beside each model that uses any.

    Parameters
    ----------
    models : mapping of str to estimator
        Unfitted classifiers of a manifest; a `PatientMetadata` is found at any depth.
    manifest : DataFrame
        One row an image, with the columns of metadata that the models read.

    Returns
    -------
    dict of str to estimator
        The models, then the controls that are not among them: "missingness", or "missingness of
        age, sex" where that name is taken. Models of the same columns share one.

    Raises
    ------
    ValueError
        If the manifest lacks a column that a model reads.

    Examples
    --------
    >>> from pipelines.recipes import make_model
    >>> lesions = pd.DataFrame({"image": ["a.png"], "age": [40]})
    >>> list(add_controls({"mine": make_model("fusion_metadata")}, lesions))
    ['mine', 'missingness']
    """
    found = dict(models)
    controlled = [_columns_of(model, Missingness, manifest) for model in models.values()]
    for model in models.values():
        columns = _columns_of(model, PatientMetadata, manifest)
        if not columns or columns in controlled:
            continue
        controlled.append(columns)
        name = f"{CONTROL} of {', '.join(columns)}" if CONTROL in found else CONTROL
        found[name] = make_missingness_control(columns)
    return found


def _columns_of(model: Any, kind: type[Any], manifest: pd.DataFrame) -> list[str]:
    """Columns of the manifest that parts of this kind read, sorted; none where it has no such."""
    parts = [part for part in [model, *model.get_params().values()] if isinstance(part, kind)]
    return sorted({column for part in parts for column in part.columns_in(manifest)})
