"""Areas under the ROC curve fold by fold, and their mean: the primary score.

Models of different folds put their probabilities on scales of their own, so pooling them over folds
understates the area, and a mean of folds does not. A class is scored in a fold where it was both
trained on and tested, and where other such classes were tested too. Rows of a class that training
lacked are left out altogether: as negatives they would be cases of a kind that was never taught.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.evaluation.predictions import COUNT, class_names, encode, probabilities
from pipelines.evaluation.scoring.metrics import known_mean, one_vs_rest_auc

Floats = NDArray[np.float64]


def fold_areas(table: pd.DataFrame, training: pd.DataFrame, weights: Floats) -> Floats:
    """Area of each class in each fold, for many weightings at once.

    Parameters
    ----------
    table : DataFrame of n rows
        Predictions of one model, per image or per lesion.
    training : DataFrame of n_folds rows
        From `training_table`.
    weights : ndarray of shape (n, n_draws)
        Weight of each row in each draw.

    Returns
    -------
    ndarray of shape (n_folds, n_classes, n_draws)
        In the order of `training`; NaN where a class is not scored, or a draw lacks it.
    """
    classes = class_names(table)
    values, truth = probabilities(table), encode(table["label"], classes)
    where = table[["repeat", "fold"]].to_numpy()
    found = []
    for split in training.to_dict("records"):
        taught = np.array([split[COUNT + name] > 0 for name in classes])
        rows = (where == (split["repeat"], split["fold"])).all(axis=1) & taught[truth]
        # Classes without a row left have no area.
        found.append(one_vs_rest_auc(values[rows], truth[rows], weights[rows]))
    return np.stack(found)


def mean_of_folds(areas: Floats) -> Floats:
    """Mean over the scored classes of each fold, then over folds.

    Parameters
    ----------
    areas : ndarray of shape (n_folds, n_classes, n_draws)
        From `fold_areas`.

    Returns
    -------
    ndarray of shape (n_draws,)
        In [0, 1]; NaN where no class is scored in any fold.

    Examples
    --------
    >>> areas = np.array([[[0.8], [np.nan]], [[0.9], [0.7]]])
    >>> mean_of_folds(areas).round(3).tolist()
    [0.8]
    """
    return known_mean(known_mean(areas, axis=1), axis=0)
