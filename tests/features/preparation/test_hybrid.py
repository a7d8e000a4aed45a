import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from features.preparation.hybrid import additive_law, class_probabilities

PROBABILITIES = st.floats(0, 1)


@given(PROBABILITIES, PROBABILITIES)
def test_the_additive_law(first, second):
    joined = additive_law(np.array(first), np.array(second))
    assert joined == pytest.approx(1 - (1 - first) * (1 - second), abs=1e-12)
    assert joined >= max(first, second) - 1e-12


def test_the_additive_law_of_masks_is_their_union():
    first, second = np.array([0.0, 0, 1, 1]), np.array([0.0, 1, 0, 1])
    np.testing.assert_array_equal(additive_law(first, second), [0, 1, 1, 1])


def two_classes():
    rng = np.random.default_rng(0)
    dark, light = rng.normal(80, 15, 4000), rng.normal(170, 15, 12000)
    return np.clip(np.concatenate([dark, light]), 0, 255).astype(np.uint8)


def test_the_normal_posterior_is_that_of_bayes():
    values = two_classes()
    dark, light = values[values <= 125].astype(float), values[values > 125].astype(float)
    levels = np.arange(90, 160)
    lesion = len(dark) * norm.pdf(levels, dark.mean(), dark.std())
    skin = len(light) * norm.pdf(levels, light.mean(), light.std())
    _, normal = class_probabilities(values, 125)
    np.testing.assert_allclose(normal[levels], lesion / (lesion + skin), rtol=1e-6)


def test_probabilities_fall_from_one_to_zero():
    for probability in class_probabilities(two_classes(), 125):
        assert (np.diff(probability) <= 0).all()
        assert probability[0] == 1
        assert probability[255] == 0


def test_the_uniform_one_is_a_step_where_the_classes_do_not_overlap():
    uniform, _ = class_probabilities(np.repeat([50, 52, 200, 202], 5).astype(np.uint8), 100)
    assert set(np.unique(uniform)) == {0, 1}
    assert np.flatnonzero(uniform)[-1] == 125  # half-way between the means, 51 and 201


def test_an_empty_class_has_no_probability():
    for probability in class_probabilities(np.full(9, 40, dtype=np.uint8), 40):
        assert not probability.any()
