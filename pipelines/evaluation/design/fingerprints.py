"""Digests of what a result depends on, so that none of other data or models is taken for it."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, clone

from features.extraction import request_key
from features.networks.weights import file_digest
from pipelines.data import group_ids
from pipelines.intake import image_side

# They change how long a model takes, or where it keeps things, not what it predicts.
_INDIFFERENT = ("checkpoint", "memory", "n_jobs", "store", "verbose")


def describe(value: Any) -> Any:
    """Tell what a model is made of, apart from what does not shape its predictions.

    Parameters
    ----------
    value : estimator or parameter
        Unfitted.

    Returns
    -------
    list, dict, str, number or None
        Equal for equal models, in every process.

    Examples
    --------
    >>> from sklearn.dummy import DummyClassifier
    >>> describe(DummyClassifier())
    ['DummyClassifier', {'constant': None, 'random_state': None, 'strategy': 'prior'}]
    """
    if isinstance(value, BaseEstimator):
        parameters = value.get_params(deep=False)
        kept = {name: p for name, p in sorted(parameters.items()) if name not in _INDIFFERENT}
        if "weights" in kept:
            kept["weights"] = _content(kept["weights"])
        return [type(value).__name__, describe(kept)]
    if isinstance(value, Mapping):
        return {name: describe(part) for name, part in value.items()}
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, list | tuple):
        return [describe(part) for part in value]
    return value if isinstance(value, str | int | float | bool | None) else repr(value)


def model_fingerprint(model: Any, manifest: pd.DataFrame) -> str:
    """Digest of a model: its parameters, and the definitions of what it asks of images.

    Parameters
    ----------
    model : classifier
        Unfitted.
    manifest : DataFrame
        The images that it will see; whether they have masks shapes what is asked.

    Returns
    -------
    str
        Hexadecimal.
    """
    return joblib.hash([describe(model), sorted(_requests(model, manifest))])


def data_fingerprint(manifest: pd.DataFrame) -> str:
    """Digest of a manifest: images, labels and groups, in their order.

    Parameters
    ----------
    manifest : DataFrame
        One row an image.

    Returns
    -------
    str
        Hexadecimal. Of the files count the paths below the folder that all share, so that a data
        set may be moved; their contents do not count.
    """
    images = [os.path.normpath(image) for image in manifest["image"].astype(str)]
    shared = os.path.commonpath(images) if len({*map(os.path.isabs, images)}) == 1 else ""
    below = [image.removeprefix(shared) for image in images]
    return joblib.hash(
        [below, manifest["label"].astype(str).tolist(), group_ids(manifest).tolist()]
    )


def _content(weights: Any) -> Any:
    """Digests of files of weights, in the place of their names: what lies there may change."""
    if isinstance(weights, Mapping):
        return {name: _content(each) for name, each in weights.items()}
    if isinstance(weights, list | tuple):
        return [_content(each) for each in weights]
    named = isinstance(weights, str | Path) and weights != "default"
    if named and Path(weights).is_file():
        return file_digest(Path(weights))
    return weights


def _requests(model: Any, manifest: pd.DataFrame) -> list[str]:
    side = image_side(model)
    if side is None:
        return []
    if hasattr(side, "settle_masks"):
        side = clone(side).settle_masks(manifest)
    return [request_key(*pair) for pair in side.image_parts().values()]
