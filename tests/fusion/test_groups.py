import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from fusion import check_groups, grouped_folds, grouped_split


def lesions(seed, n_lesions=80):
    """Labels and lesion ids of 1 to 4 images a lesion, three classes of unequal size."""
    rng = np.random.default_rng(seed)
    images = rng.integers(1, 5, n_lesions)
    of_lesion = np.where(np.arange(n_lesions) < 8, "rare", rng.choice(["mel", "nev"], n_lesions))
    order = rng.permutation(images.sum())
    return np.repeat(of_lesion, images)[order], np.repeat(np.arange(n_lesions), images)[order]


def test_groups_are_numbered_in_order_of_appearance():
    assert_array_equal(check_groups(np.array(["x", "a", "x"], dtype=object), 3), [0, 1, 0])
    assert_array_equal(check_groups(None, 3), [0, 1, 2])


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        ([1, 2], "one group for each of 3 rows, got 2"),
        ([1.0, np.nan, np.nan], "2 rows have no group"),
    ],
)
def test_groups_must_be_complete(groups, message):
    with pytest.raises(ValueError, match=message):
        check_groups(groups, 3)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 5))
def test_folds_are_disjoint_in_groups_and_cover_all_rows(seed, n_splits):
    y, groups = lesions(seed)
    splits = grouped_folds(y, groups, n_splits, random_state=seed)
    assert len(splits) == n_splits
    assert_array_equal(np.sort(np.concatenate([test for _, test in splits])), np.arange(len(y)))
    for train, test in splits:
        assert not set(groups[train]) & set(groups[test])
        assert_array_equal(np.union1d(train, test), np.arange(len(y)))
        assert set(y[train]) == set(y)


def test_folds_without_groups_are_stratified():
    y = np.repeat(["a", "b"], [40, 10])
    for _, test in grouped_folds(y, None, 5, random_state=0):
        assert_array_equal(np.unique(y[test], return_counts=True)[1], [8, 2])


def test_folds_repeat_with_the_seed():
    y, groups = lesions(0)
    first, again, other = (grouped_folds(y, groups, 3, random_state=s) for s in (1, 1, 2))
    assert all(np.array_equal(a[1], b[1]) for a, b in zip(first, again, strict=True))
    assert not all(np.array_equal(a[1], b[1]) for a, b in zip(first, other, strict=True))


@pytest.mark.parametrize(
    ("y", "groups", "n_splits", "message"),
    [
        (list("abab"), [0, 0, 1, 1], 3, "3 folds need at least as many groups, got 2"),
        (list("abab"), None, 1, "`n_splits` must be an int >= 2"),
        (list("aaaaab"), [0, 1, 2, 3, 4, 5], 2, "Class b is in 1 group"),
    ],
)
def test_folds_that_cannot_be_made(y, groups, n_splits, message):
    with pytest.raises(ValueError, match=message):
        grouped_folds(y, groups, n_splits, random_state=0)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.floats(0.1, 0.4))
def test_split_is_disjoint_and_keeps_every_class(seed, fraction):
    y, groups = lesions(seed)
    train, validation = grouped_split(y, groups, fraction, random_state=seed)
    assert not set(groups[train]) & set(groups[validation])
    assert_array_equal(np.union1d(train, validation), np.arange(len(y)))
    assert set(y[train]) == set(y)
    for label in set(y):
        aside = np.count_nonzero(y[validation] == label)
        # A lesion has at most four images.
        assert abs(aside - fraction * np.count_nonzero(y == label)) <= 4


def test_split_never_takes_the_last_group_of_a_class():
    y = np.array(["a"] * 20 + ["b"])
    for seed in range(20):
        train, _ = grouped_split(y, None, 0.5, random_state=seed)
        assert "b" in y[train]


@pytest.mark.parametrize("fraction", [0, 1, -0.1])
def test_split_fraction_out_of_range(fraction):
    with pytest.raises(ValueError, match="`validation_fraction` must be in"):
        grouped_split([0, 1], None, fraction)


def test_split_that_cannot_be_made():
    with pytest.raises(ValueError, match=r"No rows can be set aside.* 4 rows are in 2 group\(s\)"):
        grouped_split(list("aabb"), [0, 0, 1, 1], 0.5)
