"""The real files that are here: counts equal to the published, and what loading warns of."""

import warnings

import pytest

from features import read_image
from pipelines.data import DATASETS, check_dataset, load_dataset


@pytest.fixture(scope="module")
def real(shared_data):
    """Load a real data set once, with the warnings."""
    loaded = {}

    def load(name, folder):
        if name not in loaded:
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always", UserWarning)
                manifest = load_dataset(name, shared_data / folder)
            loaded[name] = manifest, " ".join(str(warning.message) for warning in caught)
        return loaded[name]

    return load


def counts(manifest, *by):
    return manifest.groupby(list(by))["image"].count().to_dict()


def test_isic2017_has_its_published_counts(real):
    manifest, said = real("isic2017", "isic2017")
    published = DATASETS["isic2017"].split_counts
    found = counts(manifest, "split", "label")
    assert found == {
        (split, label): count
        for split in ("train", "val")
        for label, count in published[split].items()
    }
    assert manifest["mask"].notna().all()
    assert 0 < manifest["age"].isna().sum() < 400
    assert set(manifest["sex"].dropna()) == {"female", "male"}
    assert manifest.attrs["partial"] is True
    assert "no lesion or patient ids" in said


def test_isic2017_is_said_to_lack_its_test_part(shared_data):
    check = check_dataset("isic2017", shared_data / "isic2017")
    assert check.differing == ["test: 0 of 600 images"]
    with pytest.raises(ValueError, match=r"is not complete: test: 0 of 600 images\. Fetch"):
        check_dataset("isic2017", shared_data / "isic2017", complete=True)


def test_uda1_is_read_as_isic_cli_writes_it(real):
    manifest, _ = real("isic_archive", "isic_archive_uda1")
    assert counts(manifest, "label") == {"melanoma": 114, "nevus": 342}
    assert set(manifest["licence"]) == {"CC-0"}
    assert manifest["mask"].notna().all()
    assert manifest.attrs["extra"] == []


def test_pad_ufes20_keeps_lesions_of_patients_apart(real):
    manifest, said = real("pad_ufes20", "pad_ufes20")
    assert len(manifest) == 686
    assert manifest["patient"].nunique() == 537
    # Numbers of lesions repeat: 579 numbers are of 609 lesions.
    assert manifest["lesion"].nunique() == 609
    assert manifest["lesion"].str.rsplit("_", n=1).str[1].nunique() == 579
    assert set(manifest["fitzpatrick"].dropna()) == {1, 2, 3, 4, 5, 6}
    assert manifest.query("label in ('BCC', 'MEL', 'SCC')")["dx_type"].eq("histo").all()
    assert manifest.attrs["partial"] is True
    assert said == ""


def test_dermamnist_is_whole_and_its_leak_is_counted(real):
    manifest, said = real("dermamnist", "dermamnist")
    assert manifest.attrs["partial"] is False
    assert counts(manifest, "split") == {"train": 7007, "val": 1003, "test": 2005}
    assert "1006 lesions or patients have images in several parts" in said
    assert "693 test images share theirs with the training part" in said
    assert manifest["lesion"].nunique() == 7470
    assert manifest["match_ambiguous"].sum() == 19
    assert read_image(manifest["image"][0]).shape == (28, 28, 3)
