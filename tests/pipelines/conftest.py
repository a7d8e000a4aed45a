"""Cheap stand-ins: a manifest that carries its own features, and models that read them."""

import sys

import cloudpickle
import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin, clone
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

SHARES = {"melanoma": 0.2, "keratosis": 0.25, "nevus": 0.55}


def make_manifest(n_lesions=90, signal=1.2, random_state=0):
    """Three classes of lesions with one to three images and two columns of features."""
    rng = np.random.default_rng(random_state)
    labels = np.repeat(list(SHARES), [round(n_lesions * s) for s in SHARES.values()])
    views = rng.integers(1, 4, len(labels))
    lesion = np.repeat(np.arange(len(labels)), views)
    codes = pd.factorize(labels)[0]
    centres = np.column_stack([codes == 0, codes == 1]) * signal
    features = centres + rng.normal(size=centres.shape)
    features = features[lesion] + rng.normal(scale=0.4, size=(len(lesion), 2))
    return pd.DataFrame(
        {
            "image": [f"images/{i}.png" for i in range(len(lesion))],
            "label": labels[lesion].astype(object),
            "lesion": [f"L{i}" for i in lesion],
            "x0": features[:, 0],
            "x1": features[:, 1],
        }
    )


class ReadColumns(TransformerMixin, BaseEstimator):
    """First step of a stand-in: takes columns of the manifest for features of its images."""

    calls = 0

    def __init__(self, columns=("x0", "x1")):
        self.columns = columns

    def fit(self, X, y=None):
        self.mask_source_ = "given"
        return self

    def transform(self, X):
        type(self).calls += 1
        return X[list(self.columns)]


class TablePipeline(Pipeline):
    """Stand-in for a pipeline of image features; remembers the groups it was given."""

    seen_groups = None

    def fit(self, X, y=None, groups=None):
        self.seen_groups = groups
        return super().fit(X, y)

    @property
    def image_step(self):
        return self.steps[0][1]

    def table_steps(self):
        return TablePipeline(clone(self).steps[1:])


class ManifestClassifier(ClassifierMixin, BaseEstimator):
    """Stand-in for an end-to-end network: takes the manifest itself."""

    def __init__(self, column="x0", random_state=None):
        self.column = column
        self.random_state = random_state

    def fit(self, X, y):
        self.model_ = make_pipeline(StandardScaler(), LogisticRegression())
        self.model_.fit(X[[self.column]], y)
        self.classes_ = self.model_.classes_
        return self

    def predict_proba(self, X):
        return self.model_.predict_proba(X[[self.column]])


@pytest.fixture
def manifest():
    return make_manifest()


@pytest.fixture
def models():
    classifier = LogisticRegression(random_state=0)
    fusion = TablePipeline([("features", ReadColumns()), ("classifier", classifier)])
    return {"fusion": fusion, "cnn": ManifestClassifier()}


@pytest.fixture
def by_value():
    """Send the stand-ins themselves to worker processes, which cannot import this file."""
    module = sys.modules[__name__]
    cloudpickle.register_pickle_by_value(module)
    yield
    cloudpickle.unregister_pickle_by_value(module)
