from dataclasses import replace

import pandas as pd
import pytest

from pipelines.data import DATASETS, check_dataset
from pipelines.data.readers import differing_counts
from pipelines.data.readers.dataset import Dataset


@pytest.fixture
def folder(tmp_path):
    for name in ("train/mel/a.jpg", "train/nv/b.jpg", "test/nv/c.jpg"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return tmp_path


def publish(monkeypatch, **numbers):
    monkeypatch.setitem(DATASETS, "folder", replace(DATASETS["folder"], **numbers))


def test_ones_own_folder_has_nothing_to_be_checked_against(folder):
    check = check_dataset("folder", folder)
    assert (check.partial, check.n_images, check.n_groups) == (None, 3, None)
    assert check.counts["published"].isna().all()
    assert "no lesion or patient ids" in check.warnings[0]


def test_counts_stand_beside_the_published_ones(folder, monkeypatch):
    numbers = {"train": {"mel": 1, "nv": 1}, "test": {"mel": 2, "nv": 1}}
    publish(monkeypatch, counts={"mel": 3, "nv": 2}, split_counts=numbers)
    check = check_dataset("folder", folder)
    assert check.partial is True
    assert check.differing == ["test mel: 0 of 2"]
    table = check.counts.set_index(["split", "label"])
    assert table.loc[("test", "mel")].tolist() == [0, 2]
    assert table.loc[("test", "nv")].tolist() == [1, 1]


def test_whole_sets_pass_complete(folder, monkeypatch):
    publish(monkeypatch, counts={"mel": 1, "nv": 2}, sizes={"train": 2, "test": 1})
    assert check_dataset("folder", folder, complete=True).partial is False


MANIFEST = pd.DataFrame({"label": ["a", "a", "b"], "split": ["train", "train", "val"]})


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ({}, []),
        ({"counts": {"a": 2, "b": 1}}, []),
        ({"counts": {"a": 1, "c": 4}}, ["a: 2 of 1", "c: 0 of 4"]),
        ({"sizes": {"train": 2, "test": 9}}, ["test: 0 of 9 images"]),
        ({"split_counts": {"train": {"a": 2}, "val": {"b": 3}}}, ["val b: 1 of 3"]),
        ({"split_counts": {"test": {"a": 2, "b": 3}}}, ["test: 0 of 5 images"]),
    ],
)
def test_differences_are_named(numbers, expected):
    dataset = Dataset("x", "X", read=lambda root: MANIFEST, **numbers)
    assert differing_counts(dataset, MANIFEST) == expected


def test_published_splits_need_a_column():
    dataset = Dataset("x", "X", read=lambda root: MANIFEST, sizes={"train": 2})
    found = differing_counts(dataset, MANIFEST.drop(columns="split"))
    assert found == ["train: 0 of 2 images"]
