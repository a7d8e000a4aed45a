import pandas as pd
import pytest

from pipelines.audit.linking import linked_rows
from pipelines.data import combine


def both_of(one, other):
    tables = (pd.DataFrame(table).assign(label="nv") for table in (one, other))
    return combine(dict(zip(("ours", "theirs"), tables, strict=True)))


def test_one_file_under_two_names_is_linked(tmp_path):
    for name, content in (("a", b"skin"), ("b", b"skin"), ("c", b"another")):
        (tmp_path / name).write_bytes(content)
    images = [str(tmp_path / name) for name in "abc"]
    assert linked_rows(pd.DataFrame({"image": images})).tolist() == [0, 0, 1]
    assert linked_rows(pd.DataFrame({"image": images}), n_jobs=2).tolist() == [0, 0, 1]


def test_files_that_cannot_be_read_are_told_by_their_paths():
    images = ["/no/a.png", "/no/b.png", "/no/a.png"]
    assert linked_rows(pd.DataFrame({"image": images})).tolist() == [0, 1, 0]


@pytest.mark.parametrize(
    ("column", "name", "same"),
    [
        ("lesion", "HAM_0000118", True),
        ("lesion", "MSK4_0011169", True),
        ("patient", "IP_7279968", True),
        ("lesion", "1", False),
        ("patient", "p0001", False),
        ("group", "HAM_0000118", False),
    ],
)
def test_only_an_archives_ids_are_compared_across_data_sets(column, name, same):
    one, other = ({"image": [f"/no/{side}.png"], column: [name]} for side in "ab")
    assert linked_rows(both_of(one, other)).tolist() == [0, 0 if same else 1]


def test_shared_ids_mean_the_same_everywhere():
    one = {"image": ["/no/a.png", "/no/b.png"], "shared": [1, 2]}
    other = {"image": ["/no/c.png", "/no/d.png"], "shared": [2, 3]}
    assert linked_rows(both_of(one, other)).tolist() == [0, 1, 1, 2]
    other.pop("shared")
    assert linked_rows(both_of(one, other)).tolist() == [0, 1, 2, 3]


def test_links_run_through_lesions_of_each_data_set():
    one = {"image": ["/no/a.png", "/no/ISIC_0000001.png"], "lesion": ["L1", "L1"]}
    other = {"image": ["/other/ISIC_0000001.png", "/no/d.png"], "lesion": ["L7", "L1"]}
    assert linked_rows(both_of(one, other)).tolist() == [0, 0, 0, 1]
