"""Checks that several classifiers of this package share."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import assert_all_finite
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import column_or_1d


def check_labels(y: ArrayLike) -> NDArray:
    """Class labels as an array of shape (n_samples,); a ValueError where they are none."""
    labels: NDArray = column_or_1d(y, warn=True)
    assert_all_finite(labels, input_name="y")
    check_classification_targets(labels)
    return labels


def class_shares(
    y: NDArray, classes: NDArray, sample_weight: ArrayLike | None
) -> NDArray[np.float64]:
    """Share of each class in the rows; a ValueError where a class has no weight."""
    codes = np.searchsorted(classes, y)
    weight = None if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
    sums = np.bincount(codes, weights=weight, minlength=len(classes))
    if not (sums > 0).all():
        raise ValueError(
            f"The class {classes[sums <= 0][0]} has no weight. Every class needs a row whose "
            "`sample_weight` is above 0."
        )
    return sums / sums.sum()
