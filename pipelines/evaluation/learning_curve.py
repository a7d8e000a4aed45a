"""Error against data: scores of models trained on fewer lesions, and on the training lesions."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from sklearn.utils import check_random_state

from fusion.groups import RandomState
from pipelines.evaluation.predictions import COUNT, PREFIX, class_names
from pipelines.evaluation.scores import draws_of
from pipelines.evaluation.scoring.bootstrap import percentile_interval
from pipelines.evaluation.scoring.drawn import score_and_draws
from pipelines.evaluation.scoring.fold_areas import fold_areas, mean_of_folds


def nested_shares(
    labels: np.ndarray,
    groups: np.ndarray,
    train_rows: np.ndarray,
    shares: Sequence[float],
    random_state: RandomState = None,
    *,
    min_groups: int = 2,
) -> list[np.ndarray]:
    """Take shares of the training rows, whole groups of each class, the smaller in the larger.

    Parameters
    ----------
    labels, groups : ndarray of shape (n,)
        Class and group of each row of the manifest.
    train_rows : ndarray of shape (n_train,), int
        Rows that a fold trains on.
    shares : sequence of float
        In (0, 1].
    random_state : int, RandomState or None, default=None
        Shuffles the groups; the same seed gives the same order for every share.
    min_groups : int, default=2
        Groups of each class that even the smallest share keeps, where there are so many: splits
        inside a model need some.

    Returns
    -------
    list of ndarray of int
        Rows of each share, rising. Groups are counted, not rows. A group of several classes, such
        as a patient with two diagnoses, counts for the class that has the fewest groups.

    Raises
    ------
    ValueError
        If a share is not in (0, 1].

    Examples
    --------
    >>> labels = np.array(["mel", "mel", "nv", "nv", "nv", "nv"])
    >>> groups = np.array([0, 1, 2, 2, 3, 4])
    >>> small, whole = nested_shares(labels, groups, np.arange(6), [0.4, 1], 0, min_groups=1)
    >>> len(set(groups[small])), whole.tolist()
    (2, [0, 1, 2, 3, 4, 5])
    """
    wrong = [share for share in shares if not 0 < share <= 1]
    if wrong:
        raise ValueError(f"Shares of the training lesions must be in (0, 1], got {wrong[0]!r}.")
    rng = check_random_state(random_state)
    codes, _ = pd.factorize(np.asarray(groups)[train_rows])
    strata = _strata(np.asarray(labels)[train_rows], codes)
    order = [rng.permutation(np.flatnonzero(strata == name)) for name in np.unique(strata)]
    taken = []
    for share in shares:
        counts = [max(round(share * len(members)), min_groups) for members in order]
        chosen = np.concatenate([m[:count] for m, count in zip(order, counts, strict=True)])
        taken.append(np.sort(train_rows[np.isin(codes, chosen)]))
    return taken


def learning_curve_table(
    predictions: pd.DataFrame,
    train_scores: pd.DataFrame,
    *,
    training: pd.DataFrame | None = None,
    n_bootstrap: int = 500,
    random_state: int | None = 0,
) -> pd.DataFrame:
    """Score models that were trained on shares of the lesions.

    Parameters
    ----------
    predictions : DataFrame
        Image-level predictions of the test folds (see `pipelines.evaluation.predictions`) with
        the column `share`.
    train_scores : DataFrame
        One row a model, share and fold: `model`, `share`, `lesions` (that it was trained on) and
        `train_macro_auc` (per lesion, of these lesions themselves).
    training : DataFrame, optional
        From `training_table`, of the whole training parts: classes that a fold was not trained on
        are not scored there. By default all are.
    n_bootstrap : int, default=500
        Draws of the lesion bootstrap; models and shares have the same.
    random_state : int or None, default=0
        Seed of the draws.

    Returns
    -------
    DataFrame
        One row a model and share, rising: `model`, `share`, `lesions` (mean over folds),
        `macro_auc` (per lesion, mean over folds and repeats) with `macro_auc_low` and
        `macro_auc_high`, and `train_macro_auc` (mean over folds and repeats).

    Notes
    -----
    Intervals hold the chance in the test lesions, not that of which lesions a share took.
    """
    lesions = _lesions(predictions)
    training = _all_trained(lesions) if training is None else training
    order, counts = draws_of(lesions, n_bootstrap, random_state)
    rows = []
    for (model, share), part in lesions.groupby(["model", "share"], sort=False):
        value, draws = _macro_auc(part, training, counts, order)
        rows.append((model, share, value, *percentile_interval(draws)))
    names = ["model", "share", "macro_auc", "macro_auc_low", "macro_auc_high"]
    scores = pd.DataFrame(rows, columns=names)
    wanted = ["lesions", "train_macro_auc"]
    means = train_scores.groupby(["model", "share"], sort=False)[wanted].mean().reset_index()
    table = scores.merge(means, on=["model", "share"], how="left")
    models = pd.unique(predictions["model"]).tolist()
    table = table.sort_values("share", kind="stable").sort_values(
        "model", key=lambda column: column.map(models.index), kind="stable"
    )
    ends = ["macro_auc", "macro_auc_low", "macro_auc_high"]
    return table[["model", "share", "lesions", *ends, "train_macro_auc"]].reset_index(drop=True)


def gap_table(train_scores: pd.DataFrame, metrics: pd.DataFrame) -> pd.DataFrame:
    """Compare scores of training and test lesions.

    Parameters
    ----------
    train_scores : DataFrame
        One row a model and fold: `model`, `train_macro_auc`; of a column `share` only each
        model's largest counts.
    metrics : DataFrame
        The metrics table, with `macro_auc` per lesion.

    Returns
    -------
    DataFrame
        One row a model with training scores, in the order of `metrics`: `model`,
        `train_macro_auc` (mean over folds and repeats), `macro_auc`, and their difference `gap`
        with `gap_low` and `gap_high`, the interval of `macro_auc`: training scores are taken as
        they are.

    Examples
    --------
    >>> train = pd.DataFrame({"model": "cnn", "train_macro_auc": [0.98, 1.0]})
    >>> scores = {"macro_auc": [0.9], "macro_auc_low": [0.88], "macro_auc_high": [0.92]}
    >>> metrics = pd.DataFrame({"model": ["cnn"], "unit": ["lesion"]} | scores)
    >>> gap_table(train, metrics)[["gap", "gap_low", "gap_high"]].round(3).values.tolist()
    [[0.09, 0.07, 0.11]]
    """
    scored = train_scores.dropna(subset=["train_macro_auc"])
    if "share" in scored:
        scored = scored[scored["share"] == scored.groupby("model")["share"].transform("max")]
    training = scored.groupby("model", sort=False)["train_macro_auc"].mean()
    lesions = metrics[metrics["unit"] == "lesion"].set_index("model")
    table = lesions.loc[lesions.index.isin(training.index)]
    train = training.reindex(table.index)
    found = {
        "train_macro_auc": train,
        "macro_auc": table["macro_auc"],
        "gap": train - table["macro_auc"],
        "gap_low": train - table["macro_auc_high"],
        "gap_high": train - table["macro_auc_low"],
    }
    return pd.DataFrame(found).rename_axis("model").reset_index()


def _strata(labels: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Class of each group; of several the one with the fewest groups."""
    held = pd.DataFrame({"group": codes, "label": labels}).drop_duplicates()
    held["groups"] = held.groupby("label")["label"].transform("size")
    rarest = held.sort_values(["groups", "label"], kind="stable").drop_duplicates("group")
    return rarest.set_index("group")["label"].sort_index().to_numpy()


def _lesions(predictions: pd.DataFrame) -> pd.DataFrame:
    """Mean probabilities of each lesion; labels need not be decided here."""
    columns = [PREFIX + name for name in class_names(predictions)]
    keys = ["model", "share", "repeat", "fold", "lesion", "label"]
    return predictions.groupby(keys, sort=False)[columns].mean().reset_index()


def _all_trained(lesions: pd.DataFrame) -> pd.DataFrame:
    """Training table of splits that were trained on every class."""
    counts = {COUNT + name: 1 for name in class_names(lesions)}
    return lesions[["repeat", "fold"]].drop_duplicates().assign(**counts)


def _macro_auc(
    lesions: pd.DataFrame, training: pd.DataFrame, counts: np.ndarray, order: pd.Index
) -> tuple[float, np.ndarray]:
    """Macro AUC per lesion, mean over folds and repeats: as it is, and on each draw."""
    found = []
    for repeat, rows in lesions.groupby("repeat", sort=False):
        splits = training[training["repeat"] == repeat]

        def score(weights: np.ndarray, rows=rows, splits=splits) -> dict[str, np.ndarray]:
            return {"macro_auc": mean_of_folds(fold_areas(rows, splits, weights))}

        found.append(score_and_draws(rows, score, counts, order)["macro_auc"])
    values, draws = zip(*found, strict=True)
    return float(np.mean(values)), np.mean(draws, axis=0)
