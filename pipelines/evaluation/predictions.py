"""The table of out-of-fold predictions, from which every score and figure is made.

It is long, one row a model and image: `model`, `row` (of the manifest), `image`, `label`, `lesion`,
`fold`, one column `p_<class>` a class, and the labels decided by `argmax` and `prior_corrected`.
"""

import numpy as np
import pandas as pd

from fusion.decision import decide

PREFIX = "p_"
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


def training_priors(labels: np.ndarray, folds: np.ndarray, classes: list[str]) -> np.ndarray:
    """Class frequencies of the images each fold was trained on.

    Parameters
    ----------
    labels : ndarray of shape (n,)
        Class of each image.
    folds : ndarray of shape (n,), int
        Test fold of each image.
    classes : list of str
        Order of the columns.

    Returns
    -------
    ndarray of shape (n_splits, n_classes)
        Each row sums to 1.
    """
    counts = np.zeros((folds.max() + 1, len(classes)))
    np.add.at(counts, (folds, encode(labels, classes)), 1)
    trained_on = counts.sum(axis=0) - counts
    return trained_on / trained_on.sum(axis=1, keepdims=True)


def encode(labels: np.ndarray | pd.Series, classes: list[str]) -> np.ndarray:
    """Index of each label in `classes`, (n,) int."""
    return pd.Index(classes).get_indexer(pd.Index(labels))


def add_decisions(predictions: pd.DataFrame, priors: np.ndarray) -> pd.DataFrame:
    """Decide a label for each row by every rule.

    Parameters
    ----------
    predictions : DataFrame
        With `fold` and probability columns.
    priors : ndarray of shape (n_splits, n_classes)
        From `training_priors`.

    Returns
    -------
    DataFrame
        The same rows with the columns `argmax` and `prior_corrected`.
    """
    classes = np.array(class_names(predictions), dtype=object)
    values, folds = probabilities(predictions), predictions["fold"].to_numpy()
    decided = {rule: np.empty(len(predictions), dtype=object) for rule in RULES}
    for fold in np.unique(folds):
        rows = folds == fold
        # A class that training never saw has probability 0 and cannot be chosen by any rule.
        known = priors[fold] > 0
        for rule, labels in decided.items():
            labels[rows] = decide(
                values[np.ix_(rows, known)], classes[known], rule=rule, prior=priors[fold][known]
            )
    return predictions.assign(**decided)


def aggregate_lesions(predictions: pd.DataFrame) -> pd.DataFrame:
    """Average the predictions of the images of each lesion.

    Parameters
    ----------
    predictions : DataFrame
        Image-level predictions, see the module.

    Returns
    -------
    DataFrame
        One row a model and lesion, with mean probabilities and decisions made from them; lesions
        in order of first appearance, and `images`, their number, instead of `row` and `image`.

    Raises
    ------
    ValueError
        When images of one lesion carry different labels.
    """
    _check_labels_agree(predictions)
    columns = [PREFIX + name for name in class_names(predictions)]
    grouped = predictions.groupby(["model", "lesion"], sort=False)
    lesions = grouped.agg(
        label=("label", "first"),
        fold=("fold", "first"),
        images=("label", "size"),
        **{name: (name, "mean") for name in columns},
    ).reset_index()
    one = predictions[predictions["model"] == predictions["model"].iloc[0]]
    priors = training_priors(
        one["label"].to_numpy(), one["fold"].to_numpy(), class_names(predictions)
    )
    return add_decisions(lesions, priors)


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
