import numpy as np
import pytest
from sklearn.base import clone

from features import (
    ColorHistogram,
    ColorMoments,
    ImageFeatures,
    Preparation,
    SkinContrast,
)
from features.reading.files import ImageError


@pytest.fixture
def union():
    return ImageFeatures(
        [("color", ColorMoments()), ("skin", SkinContrast())],
        preparation=Preparation(size=64),
        store=None,
    )


@pytest.fixture
def rows(lesions):
    return lesions.iloc[:8]


def test_parts_stand_side_by_side(union, rows):
    both = union.fit_transform(rows)
    names = union.get_feature_names_out()
    for i, (name, _) in enumerate(union.parts):
        one = ImageFeatures([union.parts[i]], preparation=union.preparation, store=None)
        columns = [n.startswith(f"{name}__") for n in names]
        np.testing.assert_array_equal(both[:, columns], one.fit_transform(rows))


def test_nested_parameters(union):
    union.set_params(color=ColorHistogram())
    assert isinstance(union.get_params()["color"], ColorHistogram)
    for name, value in ColorHistogram().get_params().items():
        assert union.get_params()[f"color__{name}"] == value


def test_masks_given_at_fit_are_needed_later(union, rows):
    fitted = union.fit(rows)
    assert fitted.mask_source_ == "given"
    bare = rows.drop(columns="mask")
    with pytest.raises(ValueError, match=r"fitted on given lesion masks, but 8 of the images"):
        fitted.transform(bare)
    fitted.set_params(allow_segmented=True)
    assert fitted.transform(bare).shape == fitted.transform(rows).shape


def test_segmented_at_fit_stays_segmented(union, rows):
    bare = rows.drop(columns="mask")
    fitted = union.fit(bare)
    assert fitted.mask_source_ == "segmented"
    np.testing.assert_array_equal(fitted.transform(rows), fitted.transform(bare))


def test_mask_sources(union, rows):
    mixed = rows.copy()
    mixed.iloc[0, mixed.columns.get_loc("mask")] = None
    assert clone(union).fit(mixed).mask_source_ == "mixed"
    union.set_params(preparation=Preparation(size=64, mask="segment"))
    assert union.fit(rows).mask_source_ == "segmented"


def test_given_masks_only(union, rows):
    union.set_params(preparation=Preparation(size=64, mask="given"))
    with pytest.raises(ImageError, match=r"row 0, .*no lesion mask is given"):
        union.fit_transform(rows.drop(columns="mask"))


def test_segmenting_may_be_allowed_where_masks_were_asked_for(union, rows):
    union.set_params(preparation=Preparation(size=64, mask="given"), allow_segmented=True)
    fitted = union.fit(rows)
    assert fitted.transform(rows.drop(columns="mask")).shape == fitted.transform(rows).shape


def test_masks_are_checked_without_reading(union, rows, monkeypatch):
    fitted = union.fit(rows)
    monkeypatch.setattr(
        "features.reading.sources.read_bytes", lambda path: pytest.fail("read a file")
    )
    fitted.check_masks(rows)
    with pytest.raises(ValueError, match="8 of the images have none"):
        fitted.check_masks(rows.drop(columns="mask"))


def test_quality_names_its_flags(union, rows):
    quality = union.fit(rows).quality(rows)
    assert list(quality) == [
        "mask_reliable",
        "mask_given",
        "hair_share",
        "field_of_view_share",
        "lesion_share",
    ]
    assert (quality["mask_given"] == 1).all()
    assert quality["lesion_share"].between(0, 1).all()


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ([], "non-empty list"),
        ([("a", ColorMoments()), ("a", SkinContrast())], "not unique"),
        ([("a__b", ColorMoments())], "must not contain __"),
        ([("quality", ColorMoments())], "'quality' must be QualityFlags"),
        ([("a", object())], "must be a descriptor or an embedding"),
    ],
)
def test_bad_parts(parts, message, rows):
    with pytest.raises(ValueError, match=message):
        ImageFeatures(parts).fit(rows)


def test_a_second_fit_forgets_the_first(union, rows):
    union.fit(rows.drop(columns="mask"))
    assert union.fit(rows).mask_source_ == "given"
