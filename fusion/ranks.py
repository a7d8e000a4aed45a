"""Rank averages of scores, read back as probabilities."""

from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from fusion._probabilities import LEAST_PROBABILITY

Floats = NDArray[np.float64]


def doubled_ranks(values: NDArray, reference: NDArray) -> NDArray[np.intp]:
    """Rank of each value among sorted reference values, times two.

    Parameters
    ----------
    values : ndarray of any shape
        Each is ranked on its own.
    reference : ndarray of shape (n,)
        In rising order.

    Returns
    -------
    ndarray of int, of the shape of `values`
        From 1, below all, to 2 n + 1, above all; 2 i where a value equals the i-th of the reference
        (counted from 1), and the mean of these where it equals several. Divided by ``2 (n + 1)``
        it is a share in (0, 1); as an integer it is exact, so that ties are.

    Examples
    --------
    >>> doubled_ranks(np.array([0.0, 0.1, 0.2, 0.5]), np.array([0.1, 0.3, 0.3])).tolist()
    [1, 2, 3, 7]
    >>> doubled_ranks(np.array([0.3]), np.array([0.1, 0.3, 0.3])).tolist()
    [5]
    """
    below = np.searchsorted(reference, values, side="left")
    return below + np.searchsorted(reference, values, side="right") + 1


class RankAverage(NamedTuple):
    """Scores of training rows, against which each new row is ranked on its own.

    For each class, a row's probability by each classifier is ranked among the out-of-fold
    probabilities of the training rows. The mean rank is ranked once more, among those of the
    training rows, and read back as a probability: the one that has this rank among the out-of-fold
    probabilities, averaged over the classifiers. Over the classes these are scaled to sum to 1.

    Attributes
    ----------
    scores : ndarray of shape (n_estimators, n_classes, n_rows)
        Out-of-fold probabilities, sorted within each row of this array.
    sums : ndarray of shape (n_classes, n_rows), int
        Summed doubled ranks of the training rows, sorted likewise.
    """

    scores: Floats
    sums: NDArray[np.intp]

    @classmethod
    def learn(cls, out_of_fold: Floats) -> Self:
        """Take in the training rows' probabilities, (n_estimators, n_rows, n_classes)."""
        scores = np.sort(out_of_fold.transpose(0, 2, 1), axis=-1)
        return cls(scores, np.sort(_rank_sums(out_of_fold, scores).T, axis=-1))

    def fuse(self, probabilities: Floats) -> Floats:
        """Fuse probabilities of shape (n_estimators, n_rows, n_classes) over the estimators."""
        n = self.scores.shape[-1]
        levels = np.arange(1, n + 1) / (n + 1)
        fused = np.empty(probabilities.shape[1:])
        for code, sums in enumerate(_rank_sums(probabilities, self.scores).T):
            share = doubled_ranks(sums, self.sums[code]) / (2 * (n + 1))
            read = [np.interp(share, levels, scores[code]) for scores in self.scores]
            fused[:, code] = np.mean(read, axis=0)
        fused = np.maximum(fused, LEAST_PROBABILITY)
        return fused / fused.sum(axis=1, keepdims=True)


def _rank_sums(probabilities: Floats, scores: Floats) -> NDArray[np.intp]:
    """Doubled ranks of shape (n_rows, n_classes), summed over the estimators."""
    sums = np.zeros(probabilities.shape[1:], dtype=np.intp)
    for member, references in zip(probabilities, scores, strict=True):
        for code, reference in enumerate(references):
            sums[:, code] += doubled_ranks(member[:, code], reference)
    return sums
