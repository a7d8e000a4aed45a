import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as reference

from pipelines.evaluation.scoring import ranking

N = 300


@pytest.fixture(params=["smooth", "tied"])
def scored(request):
    rng = np.random.default_rng(0)
    positive = rng.random(N) < 0.3
    scores = rng.beta(2 + 2 * positive, 3)
    if request.param == "tied":
        scores = scores.round(1)
    return scores, positive, rng.integers(0, 4, size=(N, 3)).astype(float)


def average_precision(scores, positive, weights):
    return ranking.precision_area(ranking.cut(scores, positive, weights))


def partial_auc(scores, positive, weights, min_tpr=0.8):
    return ranking.partial_area(ranking.cut(scores, positive, weights), min_tpr)


def isic_2024(positive, scores, weight=None, min_tpr=0.8):
    """The challenge's own recipe: the curve of flipped labels and scores."""
    max_fpr = 1 - min_tpr
    scaled = reference.roc_auc_score(~positive, -scores, max_fpr=max_fpr, sample_weight=weight)
    least = 0.5 * max_fpr**2
    return least + (max_fpr - least) / 0.5 * (scaled - 0.5)


def test_unit_weights_give_the_scores_of_scikit_learn(scored):
    scores, positive, _ = scored
    ones = np.ones((N, 1))
    ours = average_precision(scores, positive, ones)
    assert ours[0] == pytest.approx(reference.average_precision_score(positive, scores), abs=1e-12)
    for min_tpr in (0.8, 0.5, 0.95):
        ours = partial_auc(scores, positive, ones, min_tpr)
        assert ours[0] == pytest.approx(isic_2024(positive, scores, min_tpr=min_tpr), abs=1e-12)
    whole = partial_auc(scores, positive, ones, 0)
    assert whole[0] == pytest.approx(reference.roc_auc_score(positive, scores), abs=1e-12)


def test_weighted_scores_are_those_of_scikit_learn(scored):
    scores, positive, weights = scored
    ours = average_precision(scores, positive, weights)
    expected = [
        reference.average_precision_score(positive, scores, sample_weight=w) for w in weights.T
    ]
    np.testing.assert_allclose(ours, expected, atol=1e-12)
    ours = partial_auc(scores, positive, weights)
    expected = [isic_2024(positive, scores, w) for w in weights.T]
    np.testing.assert_allclose(ours, expected, atol=1e-12)


def test_weights_repeat_rows(scored):
    scores, positive, weights = scored
    rows = np.repeat(np.arange(N), weights[:, 0].astype(int))
    ones = np.ones((len(rows), 1))
    for score in (average_precision, partial_auc):
        repeated = score(scores[rows], positive[rows], ones)
        np.testing.assert_allclose(
            score(scores, positive, weights[:, :1]), repeated, rtol=0, atol=1e-12
        )


def test_sensitivity_is_reached_at_the_highest_threshold_that_does(scored):
    scores, positive, weights = scored
    achieved, specificity = ranking.at_sensitivity(ranking.cut(scores, positive, weights), 0.9)
    for draw, weight in enumerate(weights.T):
        for threshold in np.unique(scores)[::-1]:
            called = scores >= threshold
            found = weight[positive & called].sum() / weight[positive].sum()
            if found >= 0.9:
                break
        alarms = weight[~positive & called].sum() / weight[~positive].sum()
        assert achieved[draw] == pytest.approx(found)
        assert specificity[draw] == pytest.approx(1 - alarms)


def test_rounding_asks_for_no_row_more():
    # 0.95 times 20 is 19, and 0.55 times 100 is more than 55 in floating point.
    for n, share in ((20, 0.95), (100, 0.55)):
        scores, positive = np.arange(2.0 * n), np.arange(2 * n) >= n
        cuts = ranking.cut(scores, positive, np.ones((2 * n, 1)))
        assert ranking.at_sensitivity(cuts, share)[0] == pytest.approx(share)


def test_range_of_the_partial_area():
    scores, positive = np.arange(1000.0), np.arange(1000) % 2 == 0
    ones = np.ones((1000, 1))
    assert partial_auc(scores, positive, ones)[0] == pytest.approx(0.02, abs=1e-3)
    assert partial_auc(np.zeros(1000), positive, ones)[0] == pytest.approx(0.02)
    assert partial_auc(1.0 * positive, positive, ones)[0] == pytest.approx(0.2)
    assert partial_auc(-1.0 * positive, positive, ones)[0] == pytest.approx(0)


@given(st.lists(st.tuples(st.integers(-3, 3), st.booleans()), min_size=1, max_size=30))
def test_of_few_rows_and_many_ties(rows):
    scores = np.array([score for score, _ in rows], dtype=float)
    positive = np.array([truth for _, truth in rows])
    ones = np.ones((len(rows), 1))
    precision = average_precision(scores, positive, ones)[0]
    above = partial_auc(scores, positive, ones)[0]
    if not positive.any():
        assert np.isnan(precision)
        assert np.isnan(above)
        return
    assert precision == pytest.approx(reference.average_precision_score(positive, scores))
    if positive.all():
        assert np.isnan(above)
    else:
        assert above == pytest.approx(isic_2024(positive, scores), abs=1e-12)


def test_a_draw_without_positives_is_undefined():
    weights = np.array([[1.0, 0.0], [1.0, 1.0], [1.0, 1.0]])
    scores, positive = np.array([0.9, 0.5, 0.1]), np.array([True, False, False])
    for score in (average_precision, partial_auc):
        np.testing.assert_array_equal(np.isnan(score(scores, positive, weights)), [False, True])
