"""Class labels of images, checked at the door."""

from typing import Any

from numpy.typing import ArrayLike, NDArray
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import column_or_1d


def check_image_labels(X: Any, y: ArrayLike) -> NDArray:
    """Class labels of images as an array; a ValueError where they are none, or too few."""
    labels: NDArray = column_or_1d(y)
    check_classification_targets(labels)
    if len(labels) != len(X):
        raise ValueError(f"Expected a label for each of {len(X)} images, got {len(labels)}.")
    return labels
