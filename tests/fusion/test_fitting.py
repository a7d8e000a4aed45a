import numpy as np
import pytest
import sklearn
from numpy.testing import assert_array_equal
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import UnsetMetadataPassedError
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from fusion import fit_with_groups


class GroupReader(ClassifierMixin, BaseEstimator):
    __metadata_request__fit = {"groups": True}  # noqa: RUF012

    def fit(self, X, y, groups=None):
        self.groups_ = groups
        return self


@pytest.mark.parametrize("routing", [False, True])
def test_groups_reach_the_steps_of_a_pipeline(routing):
    X, y = np.eye(4), list("abab")
    model = make_pipeline(StandardScaler(), make_pipeline("passthrough", GroupReader()))
    with sklearn.config_context(enable_metadata_routing=routing):
        fit_with_groups(model, X, y, [1, 1, 2, 2])
        assert_array_equal(model[-1][-1].groups_, [1, 1, 2, 2])


@pytest.mark.parametrize("routing", [False, True])
def test_groups_are_left_out_where_not_taken(routing):
    with sklearn.config_context(enable_metadata_routing=routing):
        fit_with_groups(LogisticRegression(), np.eye(4), list("abab"), [1, 1, 2, 2])


def test_weights_are_not_dropped_in_silence():
    with pytest.raises(ValueError, match="GroupReader does not take `sample_weight`"):
        fit_with_groups(GroupReader(), np.eye(2), [0, 1], sample_weight=[1, 2])
    with (
        sklearn.config_context(enable_metadata_routing=True),
        pytest.raises(UnsetMetadataPassedError),
    ):
        fit_with_groups(LogisticRegression(), np.eye(2), [0, 1], sample_weight=[1, 2])


def test_weights_reach_the_classifier_of_a_pipeline():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(50, 2)), rng.integers(0, 2, 50)
    weight = rng.random(50)
    model = make_pipeline(LogisticRegression())
    fit_with_groups(model, X, y, sample_weight=weight)
    expected = LogisticRegression().fit(X, y, sample_weight=weight)
    assert_array_equal(model[-1].coef_, expected.coef_)
