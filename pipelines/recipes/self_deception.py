"""Controls that ought to fail: what a model scores without what it should look at."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.dummy import DummyClassifier
from sklearn.utils import check_random_state

from pipelines.data import lesion_ids
from pipelines.patients import PatientMetadata
from pipelines.patients.metadata import missing_values
from pipelines.recipes.altered_images import ALTERATIONS, alter_images
from pipelines.recipes.few_columns import make_few_columns_model
from pipelines.recipes.file_properties import FileProperties

SHUFFLED, FILES, SOURCE, MAJORITY = (
    "shuffled labels",
    "file properties only",
    "source only",
    "majority",
)
CONTROLS = (SHUFFLED, *ALTERATIONS, FILES, SOURCE, MAJORITY)


class Control(NamedTuple):
    """One control, to be cross-validated on the folds of the models.

    Attributes
    ----------
    control : str
        One of `CONTROLS`.
    model : str
        Name of the model that is under control; "" where the control has a model of its own.
    estimator : classifier
        Unfitted.
    manifest : DataFrame
        The rows of the models' manifest in their order, with other labels or other images.
    """

    control: str
    model: str
    estimator: Any
    manifest: pd.DataFrame


def make_controls(
    models: Mapping[str, Any],
    manifest: pd.DataFrame,
    folds: np.ndarray | Sequence[Any],
    folder: str | Path,
    *,
    controls: Sequence[str] = CONTROLS,
    n_jobs: int | None = None,
    random_state: int | None = 0,
) -> list[Control]:
    """Build the controls of some models.

    Parameters
    ----------
    models : mapping of str to classifier
        Unfitted classifiers of a manifest. Each is refitted for each of the first three controls.
    manifest : DataFrame
        One row an image.
    folds : ndarray of shape (n,), int, or sequence of splits
        Test fold of each row, negative where it is not tested; or, of one repeat, splits whose
        `test` are positions of rows.
    folder : path-like
        Receives altered images.
    controls : sequence of str, default=CONTROLS
        - "shuffled labels": see `shuffle_labels`.
        - "lesion blanked out", "skin border only": see `pipelines.recipes.altered_images`.
        - "file properties only": trees on size, dimensions and compression of the files.
        - "source only": trees on the manifest's `source`; left out where there is only one.
        - "majority": the class frequencies.
    n_jobs : int, optional
        Threads that alter images.
    random_state : int, optional
        Seed of the shuffle, and of the trees.

    Returns
    -------
    list of Control
        Those of the models first.

    Raises
    ------
    ValueError
        If there is no such control, or an image cannot be read.
    """
    unknown = sorted(set(controls) - set(CONTROLS))
    if unknown:
        raise ValueError(f"Unknown controls {unknown}; expected any of {list(CONTROLS)}.")
    altered = {}
    if SHUFFLED in controls:
        altered[SHUFFLED] = shuffle_labels(manifest, folds, random_state)
    for how in ALTERATIONS:
        if how in controls:
            altered[how] = alter_images(manifest, how, folder, n_jobs)
    found = [
        Control(control, name, clone(model), table)
        for control, table in altered.items()
        for name, model in models.items()
    ]
    own = {
        FILES: make_few_columns_model(FileProperties(), random_state=random_state),
        MAJORITY: DummyClassifier(),
    }
    if "source" in manifest and _n_values(manifest["source"]) > 1:
        own[SOURCE] = make_few_columns_model(PatientMetadata(["source"]), random_state=random_state)
    found += [
        Control(name, "", own[name], manifest)
        for name in CONTROLS
        if name in own and name in controls
    ]
    return found


def shuffle_labels(
    manifest: pd.DataFrame, folds: np.ndarray | Sequence[Any], random_state: int | None = 0
) -> pd.DataFrame:
    """Deal the labels of each fold out anew among its lesions.

    Parameters
    ----------
    manifest : DataFrame
        With `image`, `label` and, where known, `lesion`.
    folds : ndarray of shape (n,), int, or sequence of splits
        As for `make_controls`.
    random_state : int, RandomState or None, default=0
        Source of randomness.

    Returns
    -------
    DataFrame
        With other labels; images of a lesion share theirs, and every fold has as many lesions of
        each class as before.

    Notes
    -----
    Models are trained *and scored* on these labels. Scored on the true ones, a model that has
    learnt nothing errs in a direction of its own, and where classes are far apart that direction
    gives AUCs far from 0.5 by chance: of 400 simulated clean runs 30 % had an interval without
    0.5, against 20 % this way, and 7 % with the interval of `controls_table`. What a leak would
    carry into the test rows, such as columns chosen by all labels, is found only if these are the
    labels that are scored.
    """
    rng = check_random_state(random_state)
    part = _fold_of_rows(folds, len(manifest))
    lesion, names = pd.factorize(lesion_ids(manifest))
    first = np.unique(lesion, return_index=True)[1]
    labels, where = manifest["label"].to_numpy(dtype=object)[first], part[first]
    dealt = np.empty(len(names), dtype=object)
    for fold in np.unique(where):
        members = np.flatnonzero(where == fold)
        dealt[members] = rng.permutation(labels[members])
    return manifest.assign(label=dealt[lesion])


def _fold_of_rows(folds: np.ndarray | Sequence[Any], n: int) -> np.ndarray:
    if isinstance(folds, np.ndarray):
        return folds
    part = np.full(n, -1)
    for number, split in enumerate(folds):
        part[split.test] = number
    return part


def _n_values(column: pd.Series) -> int:
    return column[~missing_values(column)].nunique()
