import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone

from pipelines import Missingness, PatientMetadata
from pipelines.data import load_dataset


@pytest.fixture
def manifest():
    return pd.DataFrame(
        {
            "image": [f"{i}.png" for i in range(5)],
            "age": [30.0, np.nan, 50.0, 70.0, 50.0],
            "sex": ["female", "male", "Male ", "unknown", None],
            "site": ["back", "back", "face", "", "back"],
        }
    )


def frame(transformer, rows):
    return transformer.set_output(transform="pandas").transform(rows)


def test_numbers_words_and_what_is_missing(manifest):
    found = frame(PatientMetadata().fit(manifest), manifest)
    expected = {
        "metadata__age": [30, 50, 50, 70, 50],
        "metadata__age_missing": [0, 1, 0, 0, 0],
        "metadata__sex=female": [1, 0, 0, 0, 0],
        "metadata__sex=male": [0, 1, 1, 0, 0],
        "metadata__sex_missing": [0, 0, 0, 1, 1],
        "metadata__site=back": [1, 1, 0, 0, 1],
        "metadata__site=face": [0, 0, 1, 0, 0],
        "metadata__site_missing": [0, 0, 0, 1, 0],
    }
    pd.testing.assert_frame_equal(found, pd.DataFrame(expected, dtype="float32"))


def test_unseen_words_are_none_of_those_seen(manifest):
    fitted = PatientMetadata(["site"]).fit(manifest)
    later = manifest.assign(site=["scalp", "BACK", "face", "none", None])
    assert_array_equal(
        fitted.transform(later), [[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 0], [0, 0, 1]]
    )


def test_medians_come_from_the_training_rows(manifest):
    fitted = PatientMetadata(["age"]).fit(manifest)
    later = manifest.assign(age=[np.nan, 1, 1, 1, 1])
    assert_allclose(fitted.transform(later)[0], [50, 1])


@pytest.mark.parametrize("rows", [["a.png", "b.png"], np.zeros((2, 4, 4, 3), dtype=np.uint8)])
def test_bare_images_have_no_metadata(manifest, rows):
    with pytest.warns(UserWarning, match="knows age, sex, site; these images come without age"):
        found = frame(PatientMetadata().fit(manifest), rows)
    assert found["metadata__age"].tolist() == [50, 50]
    assert found.filter(like="missing").to_numpy().all()
    assert not found.filter(like="=").to_numpy().any()
    assert Missingness().fit(manifest).transform(rows).all()


def test_columns_of_ones_own(manifest):
    rows = manifest.assign(
        fitspatrick=[1.0, 2.0, np.nan, 3.0, 1.0], biopsed=[True, False] * 2 + [True]
    )
    fitted = PatientMetadata(["fitspatrick", "biopsed"]).fit(rows)
    assert list(fitted.get_feature_names_out()) == [
        "metadata__fitspatrick",
        "metadata__fitspatrick_missing",
        "metadata__biopsed=false",
        "metadata__biopsed=true",
        "metadata__biopsed_missing",
    ]
    assert not np.isnan(fitted.transform(rows)).any()


def test_a_column_of_nothing_but_holes(manifest):
    rows = manifest.assign(age=np.nan, sex=None)
    found = frame(PatientMetadata(["age", "sex"]).fit(rows), rows)
    assert found["metadata__age"].tolist() == [0] * 5
    assert found.filter(like="missing").to_numpy().all()


def test_missingness_is_all_that_the_control_sees(manifest):
    control = Missingness().fit(manifest)
    assert list(control.get_feature_names_out()) == [
        "missing__age",
        "missing__sex",
        "missing__site",
    ]
    expected = [[0, 0, 0], [1, 0, 0], [0, 0, 0], [0, 1, 1], [0, 1, 0]]
    assert_array_equal(control.transform(manifest), expected)
    shuffled = manifest.assign(age=manifest["age"] * 2 + 1, sex=manifest["sex"].str[::-1])
    shuffled["sex"] = shuffled["sex"].replace("nwonknu", "unknown")
    assert_array_equal(control.transform(shuffled), expected)


@pytest.mark.parametrize("transformer", [PatientMetadata, Missingness])
def test_manifests_without_metadata(transformer, manifest):
    with pytest.raises(ValueError, match=r"needs a manifest with any of \['age', 'sex', 'site'\]"):
        transformer().fit(manifest[["image"]])
    with pytest.raises(ValueError, match=r"all of \['age', 'gender'\], got the columns"):
        transformer(["age", "gender"]).fit(manifest)
    with pytest.raises(TypeError, match=r"Expected a manifest .*got list"):
        transformer().fit(["a.png"])


def test_numbers_that_turn_into_words_are_refused(manifest):
    fitted = PatientMetadata().fit(manifest)
    with pytest.raises(ValueError, match="knows `age` as numbers"):
        fitted.transform(manifest.assign(age="middle"))


def test_clones_are_unfitted_and_alike(manifest):
    fitted = PatientMetadata(["sex"]).fit(manifest)
    copy = clone(fitted)
    assert not hasattr(copy, "columns_")
    assert_array_equal(copy.fit(manifest).transform(manifest), fitted.transform(manifest))


def test_ham10000(shared_data):
    lesions = load_dataset("ham10000", shared_data / "ham10000", limit=400, random_state=0)
    found = frame(PatientMetadata().fit(lesions), lesions)
    assert {"metadata__sex=female", "metadata__sex=male", "metadata__site=back"} <= set(found)
    assert not any(name.endswith("=unknown") for name in found)
