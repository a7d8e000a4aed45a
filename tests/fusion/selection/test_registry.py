import numpy as np
import pytest
from numpy.testing import assert_array_equal

from fusion.selection import (
    SCALE_DEPENDENT,
    SCORES,
    SELECTORS,
    RankingSelector,
    make_selector,
)


@pytest.fixture(scope="module")
def toy():
    rng = np.random.default_rng(0)
    y = np.arange(120) % 2
    table = rng.normal(size=(120, 10))
    table[:, 6] += 3 * y
    return table, y


def test_every_rival_of_the_issue_has_a_name():
    rivals = {"anova_f", "mutual_information", "relieff", "mrmr", "l1", "xgboost_gain", "random"}
    ours = {"boltzmann", "boltzmann_gain", "boltzmann_entropy", "boltzmann_mrmr", "boltzmann_fcbf"}
    assert set(SELECTORS) == rivals | ours | {"khan2018", "variance"}
    assert set(SCORES) < set(SELECTORS)


def test_scores_that_depend_on_scale_say_so(toy):
    table, y = toy
    scale = np.geomspace(1e-3, 1e3, table.shape[1])
    for name in sorted(set(SELECTORS) - {"relieff", "random"}):
        given, other = (
            make_selector(name, random_state=0).fit(X, y).scores_ for X in (table, table * scale)
        )
        same = np.allclose(given, other, rtol=1e-3, atol=1e-6)
        assert same == (name not in SCALE_DEPENDENT), name


@pytest.mark.parametrize("name", sorted(SELECTORS))
def test_every_selector_keeps_k_columns(toy, name):
    if name == "relieff":
        pytest.importorskip("skrebate", reason="skrebate is an extra")
    selector = make_selector(name, k=3, random_state=0)
    assert isinstance(selector, RankingSelector)
    n_kept = selector.fit(*toy).get_support().sum()
    # FCBF has fewer columns to offer than were asked for.
    offered = selector.eligible_.sum() if name == "boltzmann_fcbf" else 10
    assert n_kept == min(3, offered)
    blind = name in ("boltzmann_entropy", "khan2018", "random", "variance")
    assert blind or selector.ranking_[0] == 6


def test_parameters_are_passed_on(toy):
    selector = make_selector("boltzmann_gain", k=0.2, n_bins=4)
    assert (selector.k, selector.criterion, selector.n_bins) == (0.2, "gain", 4)
    same = make_selector("random", k=4, random_state=5)
    other = make_selector("random", k=4, random_state=5)
    assert_array_equal(same.fit(*toy).get_support(), other.fit(*toy).get_support())


def test_unknown_names_are_told_the_known_ones():
    with pytest.raises(ValueError, match=r"`name` must be one of \['anova_f', .* got 'boruta'"):
        make_selector("boruta")
