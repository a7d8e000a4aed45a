import sys

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import f_oneway
from sklearn.feature_selection import mutual_info_classif

from fusion.selection import SCORES
from fusion.selection.scores import anova_f, l1, mrmr, mutual_information, relieff, xgboost_gain

WANTED = {"random_state": 0, "n_jobs": None}
INFORMED = sorted(set(SCORES) - {"random", "khan2018"})


@pytest.fixture
def toy():
    """Columns 2 and 5 tell three classes apart, the rest is noise."""
    rng = np.random.default_rng(0)
    y = np.arange(240) % 3
    table = rng.normal(size=(240, 8))
    table[:, 2] += 1.5 * y
    table[:, 5] += 2 * (y == 1)
    return table.astype(np.float32), y


def scored(name, table, y):
    if name == "relieff":
        pytest.importorskip("skrebate", reason="skrebate is an extra")
    result = SCORES[name](table, y, **WANTED)
    return result[0] if isinstance(result, tuple) else result


@pytest.mark.parametrize("name", INFORMED)
def test_informative_columns_score_highest(toy, name):
    scores = scored(name, *toy)
    assert scores.shape == (8,)
    assert set(np.argsort(scores)[-2:]) == {2, 5}


@pytest.mark.parametrize("name", sorted(SCORES))
def test_same_seed_same_scores(toy, name):
    assert_array_equal(scored(name, *toy), scored(name, *toy))


@pytest.mark.parametrize("name", INFORMED)
def test_two_classes_and_gaps_between_codes(toy, name):
    table, y = toy
    kept = y != 1
    scores = scored(name, table[kept], y[kept])
    assert scores.argmax() == 2
    assert np.isfinite(scores).all()


def test_anova_is_that_of_scipy(toy):
    table, y = toy
    scores, p_values = anova_f(table, y, **WANTED)
    expected = f_oneway(*(table[y == c, 5].astype(float) for c in range(3)))
    assert_allclose([scores[5], p_values[5]], expected, rtol=1e-6)


def test_mutual_information_is_that_of_the_library(toy):
    scores = mutual_information(*toy, n_neighbors=5, **WANTED)
    assert_array_equal(scores, mutual_info_classif(*toy, n_neighbors=5, random_state=0))


def test_relieff_sees_what_two_columns_tell_together_only():
    pytest.importorskip("skrebate", reason="skrebate is an extra")
    rng = np.random.default_rng(0)
    table = rng.uniform(-1, 1, size=(300, 6))
    y = (table[:, 1] * table[:, 4] > 0).astype(int)
    assert set(np.argsort(relieff(table, y, **WANTED))[-2:]) == {1, 4}
    assert_array_equal(
        relieff(table, y, n_rows=100, **WANTED), relieff(table, y, n_rows=100, **WANTED)
    )


def test_relieff_without_its_library(toy, monkeypatch):
    monkeypatch.setitem(sys.modules, "skrebate", None)
    with pytest.raises(ImportError, match=r"pip install 'dermfusion\[selection\]'"):
        relieff(*toy, **WANTED)


def test_mrmr_puts_copies_behind(toy):
    table, y = toy
    doubled = np.column_stack([table, table[:, 2] + 1e-3 * table[:, 0]])
    order = np.argsort(-mrmr(doubled, y, **WANTED))
    assert order[0] in (2, 8)
    assert 5 in order[:2]
    assert sorted(mrmr(doubled, y, **WANTED)) == pytest.approx(np.arange(1, 10) / 9)


def test_l1_leaves_most_columns_without_weight(toy):
    weak = l1(*toy, strength=2.0, **WANTED)
    strong = l1(*toy, strength=1000.0, **WANTED)
    assert 0 < np.count_nonzero(weak) < np.count_nonzero(strong) == 8


def test_gains_are_of_columns_that_split(toy):
    total = xgboost_gain(*toy, n_estimators=5, **WANTED)
    mean = xgboost_gain(*toy, n_estimators=5, importance="gain", **WANTED)
    assert (total >= mean).all()
    assert_array_equal(total > 0, mean > 0)


def test_random_choice_looks_at_nothing(toy):
    table, y = toy
    scores = SCORES["random"](table, y, **WANTED)
    assert_array_equal(SCORES["random"](table[::-1] * 3, y[::-1], **WANTED), scores)
    assert (SCORES["random"](table, y, random_state=1, n_jobs=None) != scores).all()
