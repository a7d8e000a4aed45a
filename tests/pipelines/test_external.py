import numpy as np
import pandas as pd
import pytest
from PIL import Image

from pipelines.comparison import compare
from pipelines.data import group_ids
from pipelines.data.grouping import grouping
from pipelines.evaluation import Protocol
from pipelines.external import audit_with_test, join_test, splitting


@pytest.fixture
def foreign(manifest):
    """Another data set: 40 images of its own, whose lesions bear the same names."""
    return manifest.iloc[::4].head(40).assign(image=[f"other/{i}.png" for i in range(40)])


@pytest.fixture
def shared(manifest, foreign):
    """The same, but the first lesion of it is in the other data set under its archive's id."""
    row = int(np.flatnonzero(manifest["lesion"] == manifest["lesion"].iloc[5])[0])
    ours, theirs = manifest.copy(), foreign.copy()
    ours.loc[ours.index[row], "image"] = "ours/ISIC_0000001.jpg"
    theirs.loc[theirs.index[0], "image"] = "theirs/ISIC_0000001_downsampled.jpg"
    return ours, theirs, ours["lesion"] == ours["lesion"].iloc[row]


def trained_on(result):
    return int(result.training.filter(like="n_").to_numpy().sum())


def test_images_of_both_data_sets_are_not_trained_on(models, shared):
    ours, theirs, lesion = shared
    result = compare(models, ours, test_manifest=theirs, n_bootstrap=20)
    assert trained_on(result) == len(ours) - lesion.sum()
    assert result.settings["left_out_of_training"] == lesion.sum()
    assert result.settings["external"] == "given"
    assert result.settings["grouping"] == ["lesion", "group"]
    assert len(result.facts) == len(theirs)


def test_equal_names_of_two_clinics_leave_nothing_out(models, manifest, foreign):
    result = compare(models, manifest, test_manifest=foreign, n_bootstrap=20)
    assert trained_on(result) == len(manifest)
    assert result.settings["left_out_of_training"] == 0
    assert result.settings["grouping"] == ["lesion"]


def test_joining_keeps_lesions_apart_and_links_what_both_have(shared):
    ours, theirs, lesion = shared
    both = join_test(ours, theirs)
    groups = group_ids(both)
    first = groups[len(ours)]
    assert (groups[: len(ours)] == first).tolist() == lesion.tolist()
    assert (
        both["group"].notna().sum()
        == lesion.sum() + (theirs["lesion"] == theirs["lesion"].iloc[0]).sum()
    )
    assert not set(both["lesion"].iloc[: len(ours)]) & set(both["lesion"].iloc[len(ours) :])


def test_groups_of_ones_own_are_kept(manifest, foreign):
    both = join_test(manifest.assign(group=1), foreign.assign(group=1))
    assert both["group"].unique().tolist() == ["training:1", "test:1"]
    assert grouping(both) == ["lesion", "given"]


def test_copies_that_an_audit_finds_are_linked(lesions, tmp_path):
    ours = lesions.iloc[:40]
    theirs = lesions.iloc[38:].copy()
    for row, path in zip(theirs.index[:4], theirs["image"][:4], strict=True):
        copy = tmp_path / f"{row}.jpg"
        Image.open(path).resize((96, 72)).save(copy, quality=80)
        theirs.loc[row, "image"] = str(copy)
    unseen = ~theirs["lesion"].isin(ours["lesion"])
    assert unseen.any()
    alone = join_test(ours, theirs)
    assert "group" not in alone
    assert grouping(alone) == ["lesion"]
    audited = audit_with_test(ours, theirs)
    assert [list(table["image"]) for table in audited] == [
        list(ours["image"]),
        list(theirs["image"]),
    ]
    both = join_test(*audited)
    assert grouping(both) == ["lesion", "group"]
    groups = group_ids(both)
    tested = (both["dataset"] == "test").to_numpy()
    copied = ours["lesion"].isin(theirs["lesion"].iloc[:2])
    assert np.isin(groups[~tested], groups[tested]).tolist() == copied.tolist()
    kinds = [finding["kind"] for finding in both.attrs["leaks"]]
    assert "shared between data sets" in kinds


def test_data_sets_that_overlap_want_an_audit(manifest, foreign):
    manifest.attrs["dataset"], foreign.attrs["dataset"] = "ham10000", "dermamnist"
    with pytest.warns(UserWarning, match="known to have images in common. 0 training images"):
        join_test(manifest, foreign)
    join_test(manifest.assign(shared=0), foreign.assign(shared=1))


def test_a_class_that_only_shared_images_have_cannot_be_learned(models, manifest, foreign):
    same = manifest[manifest["label"] == "melanoma"]
    with pytest.raises(ValueError, match=rf"has {len(same)} of .* none of \['melanoma'\] to learn"):
        compare(models, manifest, test_manifest=pd.concat([foreign, same]))


@pytest.mark.parametrize("rules", [{"by": "source"}, {"by": "split"}, {"test_folds": [0]}])
def test_a_test_set_takes_the_place_of_folds(rules):
    with pytest.raises(ValueError, match="takes the place of folds"):
        splitting(Protocol(**rules), 10, 0)
