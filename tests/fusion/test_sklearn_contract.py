from importlib.util import find_spec

import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.utils.estimator_checks import parametrize_with_checks

from fusion import (
    BlockScaler,
    BlockSelector,
    BoltzmannSelector,
    BoostedTrees,
    DecisionRule,
    GroupedCalibration,
    GroupedStacking,
    ThresholdRule,
)
from fusion.selection import SCORES, OneStandardError, ScoreSelector

ESTIMATORS = [
    BlockScaler(),
    BlockSelector(),
    BoltzmannSelector(),
    BoltzmannSelector(criterion="gain", missing="bin", k="mean"),
    BoltzmannSelector(criterion="entropy"),
    BoltzmannSelector(redundancy="mrmr"),
    BoltzmannSelector(redundancy="fcbf", per="block"),
    BoostedTrees(n_estimators=20, subsample=1.0, colsample_bytree=1.0, min_child_weight=0),
    BoostedTrees(n_estimators=20),
    BoostedTrees(n_estimators=20, early_stopping_rounds=5),
    DecisionRule(LogisticRegression()),
    DecisionRule(LogisticRegression(), rule="prior_corrected"),
    GroupedCalibration(LogisticRegression(), n_splits=3),
    GroupedStacking([("logistic", LogisticRegression())], n_splits=3),
    OneStandardError(ScoreSelector(), LogisticRegression(), [1, 0.5, 1.0], n_splits=2),
    *(
        ScoreSelector(score)
        for score in sorted(SCORES)
        if score != "relieff" or find_spec("skrebate")
    ),
    ThresholdRule(LogisticRegression(), n_splits=3),
]


WEIGHTS = (
    "check_sample_weight_equivalence_on_dense_data",
    "check_sample_weight_equivalence_on_sparse_data",
)


def expected_failures(estimator):
    """Repeating a row is not weighting it where rows are drawn or dealt out one by one."""
    folds = dict.fromkeys(WEIGHTS, "repeated rows change the inner folds")
    if isinstance(estimator, ThresholdRule):
        # As scikit-learn says of its own.
        return folds | {"check_classifiers_train": "the threshold is not at one half"}
    if isinstance(estimator, GroupedCalibration | GroupedStacking):
        return folds
    if isinstance(estimator, BoostedTrees) and estimator.early_stopping_rounds is not None:
        return {WEIGHTS[0]: "repeated rows change the validation split"}
    if isinstance(estimator, BoostedTrees) and estimator.subsample < 1:
        return {WEIGHTS[0]: "row sampling draws rows whatever their weight"}
    return {}


@pytest.mark.filterwarnings("ignore:.*scores are coarse:UserWarning")
@parametrize_with_checks(ESTIMATORS, expected_failed_checks=expected_failures)
def test_sklearn_contract(estimator, check):
    check(estimator)
