"""Columns, missing values and file properties from which the label can be guessed."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array
from sklearn.model_selection import StratifiedGroupKFold

__all__ = ["PATIENT_COLUMNS", "give_aways", "guessing_auc"]

# Facts of the patient, which a doctor may use too: they are measured, and not held against a set.
PATIENT_COLUMNS = frozenset(
    {
        "age",
        "sex",
        "site",
        "fitzpatrick",
        "diameter_mm",
        "smoke",
        "drink",
        "background_father",
        "background_mother",
        "pesticide",
        "skin_cancer_history",
        "cancer_history",
        "itch",
        "grew",
        "hurt",
        "changed",
        "bleed",
        "elevation",
    }
)
_NOT_GUESSED_FROM = frozenset(
    {
        "image",
        "image_id",
        "label",
        "original_label",
        "lesion",
        "patient",
        "group",
        "mask",
        "split",
        "mm_per_pixel",
    }
)

_N_BINS = 12
_N_FOLDS = 5
# Classes of fewer groups are left out: of them nothing can be said.
_MIN_GROUPS = 10
_N_DRAWS = 200
# Half a 99 % interval in standard deviations. Its variance is doubled: each pair of folds trains
# and tests both ways round, so that chance likenesses count twice, which a bootstrap cannot see.
_HALF_WIDTH = 2.576 * 2**0.5
# The lower end of the interval from which on a column is held to give the label away.
NOTABLE = 0.55
_MAX_CATEGORIES = 200


def give_aways(
    manifest: pd.DataFrame, files: pd.DataFrame, groups: NDArray[np.int64], *, random_state: int = 0
) -> pd.DataFrame:
    """Measure how well the label can be guessed from each column alone, pixels unseen.

    Parameters
    ----------
    manifest : DataFrame of n rows
        With `label`.
    files : DataFrame of n rows
        Facts of the files, NaN where a file could not be read.
    groups : ndarray of shape (n,), int64
        Rows that no fold may separate.
    random_state : int, default=0
        Of folds and bootstrap.

    Returns
    -------
    DataFrame
        A row a column that varies: `column`, `kind` ("patient", "column", "missing" or "file"),
        `auc` (macro one-versus-rest area, out of fold) with the 99 % interval `auc_low` and
        `auc_high` (normal, of twice the variance of a bootstrap of groups), and `flagged`:
        whether the interval is above 0.55 and the column is no fact of the patient. Best guessers
        first.

    Notes
    -----
    The guess is the smoothed share of each class among the training rows of the same value, or of
    the same twelfth of the values. Folds and draws keep groups whole, so noise comes out at 0.5
    or below.
    """
    known = manifest["label"].notna().to_numpy()
    labels = manifest["label"].to_numpy()[known]
    folds = fold_numbers(labels, groups[known], random_state)
    rows = []
    for name, kind, values in _candidates(manifest, files):
        area = guessing_auc(
            values[known], labels, groups[known], folds=folds, random_state=random_state
        )
        if area is not None:
            rows.append((name, kind, *area, kind != "patient" and area[1] > NOTABLE))
    columns = ["column", "kind", "auc", "auc_low", "auc_high", "flagged"]
    table = pd.DataFrame(rows, columns=columns).astype({"flagged": bool})
    return table.sort_values("auc", ascending=False, kind="stable", ignore_index=True)


def guessing_auc(
    values: pd.Series,
    labels: NDArray[np.object_],
    groups: NDArray[np.int64],
    *,
    folds: NDArray[np.int64] | None = None,
    random_state: int = 0,
) -> tuple[float, float, float] | None:
    """Area under the ROC curve of the best simple guess of the label from one column.

    Parameters
    ----------
    values : Series of n rows
        Numbers or words; a missing one is a value of its own.
    labels : ndarray of shape (n,), object
        Classes.
    groups : ndarray of shape (n,), int64
        Rows that stay together.
    folds : ndarray of shape (n,), int64, optional
        As `fold_numbers` gives them, if they are known already.
    random_state : int, default=0
        Of folds and bootstrap.

    Returns
    -------
    tuple of three float, or None
        Macro area out of fold with its 99 % interval, of classes with ten groups or more; None
        where there are not two of them, the column does not vary, or hardly any value comes
        twice.
    """
    folds = fold_numbers(labels, groups, random_state) if folds is None else folds
    common = folds >= 0
    values, groups, folds = values[common], groups[common], folds[common]
    y, classes = pd.factorize(labels[common], sort=True)
    n_classes = len(classes)
    codes = _codes(values)
    if codes is None or n_classes < 2:
        return None
    guess = np.empty((len(y), n_classes))
    for fold in range(_N_FOLDS):
        test = folds == fold
        train = ~test
        guess[test] = _shares(codes[train], y[train], codes.max() + 1, n_classes)[codes[test]]
    weights = _draws(groups, random_state)
    areas = np.stack([_area(guess[:, k], y == k, weights) for k in range(n_classes)])
    # A draw may lack a class.
    macro = np.nanmean(areas[:, np.isfinite(areas).any(axis=0)], axis=0)
    half = _HALF_WIDTH * float(np.nanstd(macro[1:]))
    area = float(macro[0])
    return area, max(area - half, 0.0), min(area + half, 1.0)


def fold_numbers(
    labels: NDArray[np.object_], groups: NDArray[np.int64], random_state: int = 0
) -> NDArray[np.int64]:
    """Deal rows to five folds, groups whole; -1 for rows of classes with fewer than ten groups."""
    sizes = pd.Series(groups).groupby(labels).nunique()
    common = np.flatnonzero(np.isin(labels, sizes.index[sizes >= _MIN_GROUPS]))
    folds = np.full(len(labels), -1, dtype=np.int64)
    if len(common):
        splitter = StratifiedGroupKFold(_N_FOLDS, shuffle=True, random_state=random_state)
        split = splitter.split(common, labels[common].astype(str), groups[common])
        for fold, (_, test) in enumerate(split):
            folds[common[test]] = fold
    return folds


def _candidates(
    manifest: pd.DataFrame, files: pd.DataFrame
) -> Iterator[tuple[str, str, pd.Series]]:
    """Name columns to guess from, their kind and their values."""
    for column in manifest.columns:
        if column not in _NOT_GUESSED_FROM and not str(column).startswith("true_"):
            kind = "patient" if column in PATIENT_COLUMNS else "column"
            yield str(column), kind, manifest[column]
    for column in manifest.columns:
        empty = manifest[column].isna()
        if column not in ("image", "label") and empty.any() and not empty.all():
            yield f"{column} is missing", "missing", empty
    for column in files.columns:
        if column != "sha256":
            yield f"file: {column}", "file", files[column]
    pixels = files["width"] * files["height"]
    yield "file: bits per pixel", "file", 8 * files["bytes"] / pixels


def _codes(values: pd.Series) -> NDArray[np.int64] | None:
    """Turn values into codes, numbers by equally full bins; None where nothing can be learnt."""
    if values.dtype == object:
        values = values.where(values.isna(), values.map(str))
    n_values = values.nunique()
    if n_values + bool(values.isna().any()) < 2:
        return None
    if pd.api.types.is_numeric_dtype(values) and n_values > _N_BINS:
        values = pd.Series(pd.qcut(values.astype(float), _N_BINS, labels=False, duplicates="drop"))
    elif n_values > min(_MAX_CATEGORIES, len(values) // 2):
        return None
    codes = pd.factorize(values)[0]
    return np.where(codes < 0, codes.max() + 1, codes)


def _shares(codes, y, n_codes, n_classes):
    """Share of each class under each code, drawn towards the whole's as if by one more row."""
    table = np.zeros((n_codes, n_classes))
    np.add.at(table, (codes, y), 1)
    prior = table.sum(axis=0) / table.sum()
    return (table + prior) / (table.sum(axis=1, keepdims=True) + 1)


def _draws(groups, random_state):
    """Weights of rows: all once, then as often as a bootstrap of groups drew them."""
    codes = np.unique(groups, return_inverse=True)[1]
    n = int(codes.max()) + 1
    rng = np.random.default_rng(random_state)
    counts = rng.multinomial(n, np.full(n, 1 / n), size=_N_DRAWS)
    return np.concatenate([np.ones((1, len(codes))), counts[:, codes]])


def _area(score, positive, weights):
    """Area under the ROC curve under each row of weights; ties count half."""
    levels = np.unique(score, return_inverse=True)[1]
    n_levels = int(levels.max()) + 1
    ones = np.ones(len(score))

    def counts(rows):
        place = csr_array((ones[rows], (rows, levels[rows])), (len(score), n_levels))
        return weights @ place

    above, below = counts(np.flatnonzero(positive)), counts(np.flatnonzero(~positive))
    beaten = np.cumsum(below, axis=1) - below / 2
    with np.errstate(invalid="ignore"):
        return (above * beaten).sum(axis=1) / (above.sum(axis=1) * below.sum(axis=1))
