import numpy as np
import pytest

from pipelines.data import group_ids
from pipelines.evaluation import Protocol
from pipelines.evaluation.design.protocol import external_split


def test_repeats_shuffle_anew_and_each_tests_every_row_once(manifest):
    splits = Protocol(n_splits=3, n_repeats=2).splits(manifest, 0)
    assert [(split.repeat, split.fold) for split in splits] == [
        (repeat, fold) for repeat in range(2) for fold in range(3)
    ]
    for repeat in range(2):
        tested = np.concatenate([split.test for split in splits if split.repeat == repeat])
        np.testing.assert_array_equal(np.sort(tested), np.arange(len(manifest)))
    assert not np.array_equal(splits[0].test, splits[3].test)


def test_no_split_parts_a_lesion(manifest):
    groups = group_ids(manifest)
    for split in Protocol(n_splits=3, n_repeats=2).splits(manifest, 0):
        assert not set(groups[split.train]) & set(groups[split.test])


def test_some_folds_can_be_tested_alone(manifest):
    every = Protocol(n_splits=3).splits(manifest, 0)
    chosen = Protocol(n_splits=3, test_folds=[1]).splits(manifest, 0)
    assert len(chosen) == 1
    np.testing.assert_array_equal(chosen[0].test, every[1].test)
    np.testing.assert_array_equal(chosen[0].train, every[1].train)


def test_the_publishers_split(manifest):
    marks = np.where(np.arange(len(manifest)) % 4 == 0, "test", "train")
    (split,) = Protocol(by="split").splits(manifest.assign(split=marks))
    np.testing.assert_array_equal(split.test, np.flatnonzero(marks == "test"))
    np.testing.assert_array_equal(split.train, np.flatnonzero(marks == "train"))


def test_sources_are_left_out_in_turn(manifest):
    source = np.array(["a", "b", "c"])[group_ids(manifest) % 3]
    splits = Protocol(by="source").splits(manifest.assign(source=source))
    assert [set(source[split.test]) for split in splits] == [{"a"}, {"b"}, {"c"}]
    for split in splits:
        assert not set(source[split.test]) & set(source[split.train])


def test_rows_of_a_tested_group_are_not_trained_on():
    split = external_split(3, np.array([0, 1, 2, 1, 5]))
    assert split.train.tolist() == [0, 2]
    assert split.test.tolist() == [3, 4]


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ({"by": "site"}, "`by` must be 'groups', 'source' or 'split', got 'site'"),
        ({"inner_splits": 1}, "`inner_splits` must be 0 or at least 2, got 1"),
        ({"margin": 0}, "`margin` must be above 0, got 0"),
        ({"miss_cost": -1}, "`miss_cost` must be above 0, got -1"),
        ({"prevalence": 1.0}, r"`prevalence` must be in \(0, 1\), got 1.0"),
        ({"shares": (0.5, 1.5)}, r"`shares` must be in \(0, 1\), got \[1.5\]"),
        ({"n_repeats": 0}, "`n_repeats` must be at least 1, got 0"),
        ({"test_folds": [7]}, r"must name folds among \[0, 1, 2, 3, 4\], got \[7\]"),
        ({"by": "split"}, "by='split' needs a column `split`.*no such column"),
    ],
)
def test_rules_out_of_range_are_refused(rules, message, manifest):
    with pytest.raises(ValueError, match=message):
        Protocol(**rules).splits(manifest)
