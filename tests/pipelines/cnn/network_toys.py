"""A stand-in for a fine-tuned network, quick to train and shamelessly sure of what it has seen."""

import numpy as np
from scipy.special import softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.metrics.pairwise import euclidean_distances

CLASSES = np.array(["keratosis", "melanoma", "nevus"])
_PATTERNS = np.random.default_rng(9).normal(size=(3, 8, 8, 3))


def draw_views(n_lesions, random_state, signal=0.2):
    """Two small images a lesion, their labels and lesions: a pattern of the class under noise."""
    rng = np.random.default_rng(random_state)
    codes = rng.choice(3, n_lesions, p=[0.25, 0.25, 0.5])
    lesions = signal * _PATTERNS[codes] + rng.normal(size=(n_lesions, 8, 8, 3))
    rows = np.repeat(np.arange(n_lesions), 2)
    views = lesions[rows] + 0.3 * rng.normal(size=(len(rows), 8, 8, 3))
    images = np.clip(128 + 30 * views, 0, 255).astype(np.uint8)
    return images, CLASSES[codes[rows]], rows


class Memoriser(ClassifierMixin, BaseEstimator):
    """Knows the mean of each class, and every lesion of its training rows by heart.

    Its embedding tells both apart: nearness to the means, and what is known by heart.
    """

    __metadata_request__fit = {"groups": True}  # noqa: RUF012

    def __init__(self, random_state=None):
        self.random_state = random_state

    def fit(self, X, y, groups=None):
        table = _flat(X)
        self.classes_, codes = np.unique(y, return_inverse=True)
        n_classes = range(len(self.classes_))
        self.means_ = np.stack([table[codes == code].mean(axis=0) for code in n_classes])
        self.table_, self.codes_ = table, codes
        return self

    def predict_logits(self, X):
        seen, recalled = np.hsplit(self.embed(X), 2)
        return seen + recalled

    def predict_proba(self, X):
        return softmax(self.predict_logits(X), axis=1)

    def embed(self, X):
        seen = 10 * _flat(X) @ self.means_.T / self.means_.shape[1]
        distances = euclidean_distances(_flat(X), self.table_, squared=True) / self.table_.shape[1]
        recalled = np.eye(len(self.classes_))[self.codes_[distances.argmin(axis=1)]]
        # Another view of a lesion is that close, another lesion never.
        recalled *= 5.0 * (distances.min(axis=1) < 0.6)[:, None]
        return np.hstack([seen, recalled]).astype(np.float32)


def _flat(images):
    return (np.asarray(images, dtype=np.float64).reshape(len(images), -1) - 128) / 30
