import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import rankdata

from fusion.ranks import RankAverage, doubled_ranks


def binary(*scores):
    """Scores of the second of two classes, an array an estimator, as probabilities of both."""
    second = np.array(scores, dtype=float)
    return np.stack([1 - second, second], axis=-1)


@given(st.lists(st.integers(0, 8), min_size=1, max_size=30))
def test_ranks_among_oneself_are_mid_ranks(values):
    reference = np.sort(np.array(values, dtype=float))
    assert_array_equal(doubled_ranks(np.array(values), reference), 2 * rankdata(values))


def test_one_estimator_alone_keeps_its_probabilities():
    own = binary([0.1, 0.4, 0.35, 0.8, 0.65])
    assert_allclose(RankAverage.learn(own).fuse(own), own[0], atol=1e-12)


def test_two_estimators_by_hand():
    # Ranks 1 2 3 and 2 1 3: sums 3 3 6. The tie stands half-way between the two lower scores.
    own = binary([0.1, 0.2, 0.6], [0.5, 0.3, 0.9])
    fused = RankAverage.learn(own).fuse(own)[:, 1]
    low = np.mean([(0.1 + 0.2) / 2, (0.3 + 0.5) / 2])
    assert_allclose(fused, [low, low, np.mean([0.6, 0.9])])


def test_ranks_do_not_ask_how_sure_an_estimator_is():
    rng = np.random.default_rng(0)
    first, second = rng.uniform(size=(2, 50))
    plain = RankAverage.learn(binary(first, second)).fuse(binary(first, second))
    bold = binary(first, 1 / (1 + np.exp(-20 * (second - 0.5))))
    fused = RankAverage.learn(bold).fuse(bold)
    assert_array_equal(np.argsort(fused[:, 1]), np.argsort(plain[:, 1]))


def test_order_of_two_classes_is_that_of_the_mean_ranks():
    rng = np.random.default_rng(1)
    own, new = binary(*rng.uniform(size=(3, 40))), binary(*rng.uniform(size=(3, 25)))
    fused = RankAverage.learn(own).fuse(new)[:, 1]
    expected = np.mean(
        [
            np.searchsorted(np.sort(reference[:, 1]), member[:, 1])
            for reference, member in zip(own, new, strict=True)
        ],
        axis=0,
    )
    assert (np.diff(fused[np.argsort(expected, kind="stable")]) >= -1e-12).all()


def test_a_row_is_ranked_on_its_own():
    rng = np.random.default_rng(2)
    scale = RankAverage.learn(rng.dirichlet(np.ones(3), (2, 30)))
    new = rng.dirichlet(np.ones(3), (2, 10))
    together = scale.fuse(new)
    assert_array_equal(np.vstack([scale.fuse(new[:, [i]]) for i in range(10)]), together)


def test_rare_classes_stay_rare():
    rng = np.random.default_rng(3)
    own = rng.dirichlet([8.0, 1.5, 0.5], (2, 2000))
    fused = RankAverage.learn(own).fuse(own)
    assert_allclose(fused.sum(axis=1), 1)
    assert_allclose(fused.mean(axis=0), own.mean(axis=(0, 1)), atol=0.03)


@pytest.mark.parametrize("score", [0.0, 1.0])
def test_beyond_all_training_rows(score):
    own = binary([0.2, 0.3, 0.7], [0.1, 0.5, 0.6])
    fused = RankAverage.learn(own).fuse(binary([score], [score]))[0, 1]
    assert fused == pytest.approx(np.mean([0.7, 0.6] if score else [0.2, 0.1]))


def test_certain_estimators_still_give_probabilities():
    sure = np.zeros((1, 6, 3))
    sure[0, np.arange(6), np.arange(6) % 3] = 1
    fused = RankAverage.learn(sure).fuse(sure)
    assert_allclose(fused.sum(axis=1), 1)
    assert_array_equal(fused.argmax(axis=1), np.arange(6) % 3)
