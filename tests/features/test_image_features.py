import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from features import (
    ColorHistogram,
    ColorMoments,
    ImageFeatures,
    LearnedDescriptor,
    Preparation,
    SkinContrast,
    extract,
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


class Surprise(LearnedDescriptor):
    """Distance of a lesion's mean colour from that of the training lesions."""

    block = "surprise"

    def __init__(self, power=1):
        self.power = power

    def feature_names(self):
        return ("red", "green", "blue")

    def fingerprint(self):
        return "Surprise"

    def describe(self, batch):
        weight = batch.mask[:, None].float()
        mean = (batch.pixels * weight).sum(dim=(2, 3)) / weight.sum(dim=(2, 3))
        return mean[:, :, None]

    def learn(self, pictures):
        self.expected_ = pictures[:, :, 0].mean(axis=0)
        return self

    def encode(self, pictures):
        return np.abs(pictures[:, :, 0] - self.expected_) ** self.power


@pytest.fixture
def learning(union, tmp_path):
    parts = [*union.parts, ("surprise", Surprise())]
    return clone(union).set_params(parts=parts, store=tmp_path / "rows.sqlite")


def test_a_part_learns_from_the_rows_of_fit_alone(learning, lesions):
    train, test = lesions.iloc[:8], lesions.iloc[8:16]
    rows = learning.set_output(transform="pandas").fit(train).transform(test)
    pair = {"surprise": (Surprise(), learning.preparation)}
    pictures = extract(lesions.iloc[:16], pair, store=None).values["surprise"]
    expected = np.abs(pictures[8:, :, 0] - pictures[:8, :, 0].mean(axis=0))
    names = [f"surprise__{name}" for name in Surprise().feature_names()]
    np.testing.assert_allclose(rows[names], expected, rtol=1e-6)
    assert list(rows)[-3:] == names


def test_what_learns_is_a_clone(learning, rows):
    learning.fit(rows)
    assert set(learning.learned_) == {"surprise"}
    assert not hasattr(learning.get_params()["surprise"], "expected_")
    assert not hasattr(clone(learning), "learned_")


def test_what_was_learned_is_pickled(learning, rows):
    fitted = learning.set_params(surprise__power=2).fit(rows.iloc[:4])
    again = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(again.transform(rows), fitted.transform(rows))


@pytest.mark.parametrize("kept", [True, False])
def test_fit_and_transform_decode_once(learning, rows, decoded, kept):
    learning.set_params(store=learning.store if kept else None)
    together = learning.fit_transform(rows)
    assert len(decoded) == len(rows)
    np.testing.assert_array_equal(clone(learning).fit(rows).transform(rows), together)
    assert len(decoded) == (1 if kept else 3) * len(rows)


def test_another_dictionary_needs_no_decoding(learning, rows, decoded):
    learning.fit(rows)
    clone(learning).set_params(surprise__power=3).fit(rows.iloc[2:]).transform(rows)
    assert len(decoded) == len(rows)


def test_where_nothing_learns_fit_reads_nothing(union, rows, decoded):
    assert union.fit(rows).learned_ == {}
    assert not union.learns
    assert not decoded


def test_masks_are_settled_without_reading_or_learning(learning, rows, decoded):
    settled = learning.settle_masks(rows)
    assert settled.mask_source_ == "given"
    with pytest.raises(ValueError, match="8 of the images have none"):
        settled.check_masks(rows.drop(columns="mask"))
    with pytest.raises(NotFittedError):
        settled.transform(rows)
    assert not decoded


def test_a_second_fit_learns_anew(learning, rows):
    before = learning.fit(rows.iloc[:4]).learned_["surprise"].expected_
    after = learning.fit(rows).learned_["surprise"].expected_
    assert not np.array_equal(after, before)


def test_a_learned_part_alone(rows, decoded):
    part = Surprise()
    with pytest.raises(NotFittedError):
        part.transform(rows)
    together = part.fit_transform(rows)
    assert len(decoded) == len(rows)
    np.testing.assert_array_equal(part.fit(rows).transform(rows), together)
