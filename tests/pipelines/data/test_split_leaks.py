import pandas as pd

from pipelines.data import SplitLeak, split_leak


def test_patients_join_lesions():
    manifest = pd.DataFrame(
        {
            "lesion": ["a", "b", "b", "c", None],
            "patient": ["p", "p", "q", "r", None],
            "split": ["train", "val", "test", "test", "test"],
        }
    )
    # One component of patient p, lesion b and patient q; its test image never met p itself.
    assert split_leak(manifest) == SplitLeak(1, {"val": 1, "test": 1})


def test_rows_without_a_split_do_not_count():
    manifest = pd.DataFrame({"lesion": ["a", "a"], "split": ["train", None]})
    assert split_leak(manifest) is None


def test_what_cannot_leak_gives_nothing():
    whole = pd.DataFrame({"lesion": ["a", "a", "b"], "split": ["train", "train", "test"]})
    assert split_leak(whole) is None
    assert split_leak(whole.drop(columns="lesion")) is None
    assert split_leak(whole.drop(columns="split")) is None
