import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.data import group_ids, lesion_ids, limit_manifest, validate_manifest


def manifest(n=6, **columns):
    base = {"image": [f"{i}.png" for i in range(n)], "label": ["mel", "nv"] * (n // 2)}
    return pd.DataFrame(base | columns)


def test_a_good_manifest_comes_back():
    good = manifest()
    assert validate_manifest(good) is good
    unlabelled = good.drop(columns="label")
    assert validate_manifest(unlabelled, labels=False) is unlabelled


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (manifest().drop(columns="label"), "no column 'label'; its columns are .'image'."),
        (manifest().iloc[:0], "has no rows"),
        (manifest(label="nv"), "All 6 images are labelled 'nv': at least two classes"),
        (manifest(label=[0, 1] * 3), "6 x label is not a string"),
        (manifest(label=["a", None] * 3), "3 of 6 rows .* no label.*row 1: 1.png; row 3"),
        (manifest(image=["a", "", None, "b", "c", "d"]), "2 x no image path"),
        (manifest(lesion=list("aabbcd")), "4 x its lesion has another label too"),
        (pd.concat([manifest(), manifest()], axis=1), "more than once"),
    ],
)
def test_a_bad_manifest_is_refused(bad, message):
    with pytest.raises(ValueError, match=message):
        validate_manifest(bad)


def test_only_a_table_is_a_manifest():
    with pytest.raises(TypeError, match="got list"):
        validate_manifest(["a.png"])


def test_groups_join_what_patient_or_lesion_share():
    table = manifest(
        8,
        patient=["p", "p", None, None, "q", None, None, "q"],
        lesion=["a", "b", "b", "c", "d", None, None, "c"],
    )
    assert group_ids(table).tolist() == [0, 0, 0, 1, 1, 2, 3, 1]
    assert group_ids(manifest()).tolist() == list(range(6))


def test_a_patient_and_a_lesion_of_one_name_are_not_one_group():
    table = manifest(2, patient=["x", None], lesion=[None, "x"])
    assert group_ids(table).tolist() == [0, 1]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(*[st.sampled_from([None, "a", "b", "c", "d"])] * 2), min_size=1))
def test_groups_are_the_finest_that_keep_shared_values_together(rows):
    table = pd.DataFrame(rows, columns=["patient", "lesion"], dtype=object)
    groups = group_ids(table)
    for column in table:
        assert (pd.Series(groups).groupby(table[column]).nunique() <= 1).all()
    # Merging by hand, row after row, until nothing changes.
    slow = np.arange(len(rows))
    for _ in rows:
        for column in table:
            for _, members in table.groupby(column).groups.items():
                slow[members] = slow[members].min()
    assert (pd.factorize(slow)[0] == groups).all()


def test_lesions_without_id_stand_alone():
    table = manifest(4, lesion=["a", "a", None, "b"])
    assert lesion_ids(table).tolist() == ["a", "a", "2.png", "b"]
    assert lesion_ids(manifest(2)).tolist() == ["0.png", "1.png"]


@settings(max_examples=40, deadline=None)
@given(
    sizes=st.lists(st.integers(1, 4), min_size=6, max_size=40),
    n=st.integers(4, 60),
    seed=st.integers(0, 99),
)
def test_a_limit_keeps_whole_lesions_and_every_class(sizes, n, seed):
    lesion = np.repeat(np.arange(len(sizes)), sizes)
    label = np.array(["a", "b", "c"])[np.minimum(lesion, 2)]
    table = manifest(2 * len(lesion))[: len(lesion)].assign(lesion=lesion, label=label)
    drawn = limit_manifest(table, n, seed)
    assert len(drawn) <= n
    assert drawn.index.is_monotonic_increasing
    kept = table["lesion"].isin(drawn["lesion"])
    assert kept.sum() == len(drawn)
    if n >= sum(sorted(sizes[:3])[:3]):
        smallest = sizes[0] + sizes[1] + min(sizes[2:])
        assert drawn["label"].nunique() == 3 or n < max(smallest, 3 * max(sizes))


def test_a_limit_keeps_proportions_and_is_reproducible():
    table = manifest(1000, label=["nv"] * 800 + ["mel"] * 150 + ["df"] * 50)
    drawn = limit_manifest(table, 100, 0)
    assert drawn["label"].value_counts().to_dict() == {"nv": 80, "mel": 15, "df": 5}
    pd.testing.assert_frame_equal(drawn, limit_manifest(table, 100, 0))
    assert not drawn.index.equals(limit_manifest(table, 100, 1).index)
    assert limit_manifest(table, 5000) is table


def test_a_limit_below_one_lesion_draws_one():
    table = manifest(6, lesion=list("aaabbb"), label="nv")
    assert len(limit_manifest(table, 2)) == 3
    with pytest.raises(ValueError, match="`n` must be at least 1, got 0"):
        limit_manifest(table, 0)


def test_a_limit_needs_no_labels():
    assert len(limit_manifest(manifest().drop(columns="label"), 4)) == 4
