import numpy as np
from numpy.testing import assert_allclose
from scipy.integrate import quad
from scipy.stats import norm

from fusion.selection import ScoreSelector, bhattacharyya_distance
from fusion.selection.khan import khan2018


def standardized(n_rows, mean, deviation):
    """Values with exactly this mean and standard deviation."""
    values = np.linspace(-1, 1, n_rows)
    return mean + deviation * (values - values.mean()) / values.std()


def test_distance_of_normal_distributions_is_minus_the_log_of_their_overlap():
    column = np.r_[standardized(40, 0, 1), standardized(60, 1.5, 3)]
    y = np.repeat([0, 1], [40, 60])
    overlap, _ = quad(lambda x: np.sqrt(norm.pdf(x) * norm.pdf(x, 1.5, 3)), -40, 40)
    assert_allclose(bhattacharyya_distance(column[:, None], y), -np.log(overlap), rtol=1e-7)


def test_distance_of_many_classes_is_the_mean_over_pairs():
    rng = np.random.default_rng(0)
    table, y = rng.normal(size=(90, 4)), np.arange(90) % 3
    pairs = []
    for a, b in [(0, 1), (0, 2), (1, 2)]:
        rows = (y == a) | (y == b)
        pairs.append(bhattacharyya_distance(table[rows], y[rows]))
    assert_allclose(bhattacharyya_distance(table, y), np.mean(pairs, axis=0))


def test_distance_sees_means_and_spreads_but_not_scale():
    rng = np.random.default_rng(0)
    y = np.arange(400) % 2
    noise, mean, width = rng.normal(size=(3, 400))
    table = np.column_stack([noise, mean + 2 * y, width * (1 + 3 * y)])
    distances = bhattacharyya_distance(table, y)
    assert distances[0] < 0.02 < 0.2 < distances[1:].min()
    assert_allclose(bhattacharyya_distance(5 - 7 * table, y), distances)


def test_classes_of_one_row_are_left_out_and_constant_ones_stay_finite():
    table = np.array([[0.0], [1.0], [2.0], [3.0], [100.0]])
    y = np.array([0, 0, 1, 1, 2])
    assert_allclose(bhattacharyya_distance(table, y), bhattacharyya_distance(table[:4], y[:4]))
    assert bhattacharyya_distance(table[2:], y[2:]) == 0
    flat = np.repeat([[0.0], [5.0]], 4, axis=0)
    assert np.isfinite(bhattacharyya_distance(flat, np.repeat([0, 1], 4))).all()


def test_score_is_the_mean_rank():
    rng = np.random.default_rng(0)
    y = np.arange(300) % 2
    # Best by all three criteria, in between, worst by all three.
    best = 10 * (rng.uniform(size=300) + y)
    middle = rng.normal(size=300) + 0.7 * y
    worst = np.where(np.arange(300) < 296, 0.0, 0.1)
    table = np.column_stack([worst, best, middle])
    assert_allclose(khan2018(table, y, random_state=None, n_jobs=None), [1 / 3, 1, 2 / 3])


def test_variance_rewards_large_units():
    rng = np.random.default_rng(0)
    table, y = rng.normal(size=(200, 10)), np.arange(200) % 2
    plain = ScoreSelector("khan2018").fit(table, y).scores_
    table[:, 4] *= 1000
    scaled = ScoreSelector("khan2018").fit(table, y).scores_
    assert scaled[4] > plain[4]
    assert (plain > 0).all()
    assert (scaled <= 1).all()
