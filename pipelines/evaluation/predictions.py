"""The table of out-of-fold predictions, from which every score and figure is made.

It is long, one row a model, repeat and image: `model`, `repeat`, `row` (of the manifest), `image`,
`label`, `lesion`, `fold`, one column `p_<class>` a class, and the labels decided by `argmax` and
`prior_corrected`.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from fusion.decision import decide
from pipelines.evaluation.design.folds import Split, as_splits

PREFIX = "p_"
COUNT = "n_"
RULES = ("argmax", "prior_corrected")


def class_names(predictions: pd.DataFrame) -> list[str]:
    """Classes of a prediction table, in the order of its probability columns.

    Examples
    --------
    >>> import pandas as pd
    >>> class_names(pd.DataFrame(columns=["model", "p_mel", "p_nv"]))
    ['mel', 'nv']
    """
    names = map(str, predictions.columns)
    return [name.removeprefix(PREFIX) for name in names if name.startswith(PREFIX)]


def probabilities(predictions: pd.DataFrame) -> np.ndarray:
    """Probability columns of a prediction table, (n, n_classes) float64."""
    return predictions[[PREFIX + name for name in class_names(predictions)]].to_numpy(float)


def training_table(labels: np.ndarray, splits: Sequence[Split]) -> pd.DataFrame:
    """Count the training images of each class in each split.

    Parameters
    ----------
    labels : ndarray of shape (n,)
        Class of each image.
    splits : sequence of Split
        Their rows.

    Returns
    -------
    DataFrame
        One row a split: `repeat`, `fold`, and the number of images of each class, under its name
        behind "n_".
    """
    classes = sorted(set(labels))
    rows = [
        {"repeat": split.repeat, "fold": split.fold}
        | {COUNT + name: int((labels[split.train] == name).sum()) for name in classes}
        for split in splits
    ]
    return pd.DataFrame(rows)


def encode(labels: np.ndarray | pd.Series, classes: list[str]) -> np.ndarray:
    """Index of each label in `classes`, (n,) int."""
    return pd.Index(classes).get_indexer(pd.Index(labels))


def add_decisions(predictions: pd.DataFrame, training: pd.DataFrame) -> pd.DataFrame:
    """Decide a label for each row by every rule.

    Parameters
    ----------
    predictions : DataFrame
        With `repeat`, `fold` and probability columns.
    training : DataFrame
        From `training_table`.

    Returns
    -------
    DataFrame
        The same rows with the columns `argmax` and `prior_corrected`.
    """
    names = class_names(predictions)
    classes, values = np.array(names, dtype=object), probabilities(predictions)
    decided = {rule: np.empty(len(predictions), dtype=object) for rule in RULES}
    splits = predictions[["repeat", "fold"]].to_numpy()
    for split in training.to_dict("records"):
        rows = (splits == (split["repeat"], split["fold"])).all(axis=1)
        prior = np.array([split.get(COUNT + name, 0) for name in names], dtype=float)
        # A class that training never saw has probability 0 and cannot be chosen by any rule.
        known = prior > 0
        for rule, labels in decided.items():
            labels[rows] = decide(
                values[np.ix_(rows, known)], classes[known], rule=rule, prior=prior[known]
            )
    return predictions.assign(**decided)


def aggregate_lesions(
    predictions: pd.DataFrame, training: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Average the predictions of the images of each lesion.

    Parameters
    ----------
    predictions : DataFrame
        Image-level predictions, see the module.
    training : DataFrame, optional
        From `training_table`; by default each fold was trained on the rows of the others.

    Returns
    -------
    DataFrame
        One row a model, repeat and lesion, with mean probabilities and decisions made from them;
        lesions in order of first appearance, and `images`, their number, instead of `row` and
        `image`.

    Raises
    ------
    ValueError
        When images of one lesion carry different labels.
    """
    _check_labels_agree(predictions)
    columns = [PREFIX + name for name in class_names(predictions)]
    grouped = predictions.groupby(["model", "repeat", "lesion"], sort=False)
    lesions = grouped.agg(
        label=("label", "first"),
        fold=("fold", "first"),
        images=("label", "size"),
        **{name: (name, "mean") for name in columns},
    ).reset_index()
    return add_decisions(lesions, trained_on_others(predictions) if training is None else training)


def trained_on_others(predictions: pd.DataFrame) -> pd.DataFrame:
    """Training table of folds that were each trained on the rows of the others.

    Parameters
    ----------
    predictions : DataFrame
        Image-level predictions.

    Returns
    -------
    DataFrame
        As `training_table` gives it.
    """
    one = predictions[predictions["model"] == predictions["model"].iloc[0]]
    tables = [
        training_table(part["label"].to_numpy(), as_splits(part["fold"].to_numpy(), int(repeat)))
        for repeat, part in one.groupby("repeat")
    ]
    return pd.concat(tables, ignore_index=True)


def _check_labels_agree(predictions: pd.DataFrame) -> None:
    labels = predictions.groupby("lesion", sort=False)["label"].agg(["nunique", "unique"])
    torn = labels[labels["nunique"] > 1]
    if len(torn):
        found = ", ".join(map(repr, torn["unique"].iloc[0]))
        raise ValueError(
            f"{len(torn)} lesions have images with different labels, the first is "
            f"{torn.index[0]!r} with {found}. A lesion has one diagnosis: correct the labels or "
            "give these images different lesion ids."
        )
