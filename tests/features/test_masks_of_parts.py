"""Who looks at a lesion depends on its mask: where masks come from must not change unseen."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from features import ColorMoments, ImageFeatures, SparseCodes
from features.networks.embedding import CNNEmbedding


@pytest.fixture
def rows(lesions):
    return lesions.iloc[:3]


@pytest.fixture
def bare(rows):
    return rows.drop(columns="mask")


def embedding(crop="lesion"):
    settings = {"image_size": 64, "device": "cpu", "engine": "eager", "random_state": 0}
    return CNNEmbedding("resnet18", None, crop=crop, **settings)


def union(**settings):
    return ImageFeatures([("box", embedding())], store=None, **settings)


def codes():
    return SparseCodes(n_atoms=4, n_patches=50, random_state=0)


@pytest.mark.parametrize("make", [union, embedding, ColorMoments, codes])
def test_given_masks_are_needed_later(make, rows, bare):
    fitted = make().fit(rows)
    assert fitted.mask_source_ == "given"
    with pytest.raises(ValueError, match="fitted on given lesion masks, but 3 of the images"):
        fitted.transform(bare)


@pytest.mark.parametrize("make", [union, embedding, ColorMoments, codes])
def test_segmented_stays_segmented(make, rows, bare):
    fitted = make().fit(bare)
    assert fitted.mask_source_ == "segmented"
    np.testing.assert_array_equal(fitted.transform(rows), fitted.transform(bare))
    assert not np.array_equal(fitted.transform(rows), make().fit(rows).transform(rows))


def test_segmenting_may_be_allowed(rows, bare):
    fitted = union(allow_segmented=True).fit(rows)
    assert fitted.transform(bare).shape == (3, 512)


def test_full_frames_need_no_masks(rows, bare):
    alone = embedding(crop="frame").fit(rows)
    both = ImageFeatures([("frame", embedding(crop="frame"))], store=None).fit(rows)
    assert alone.mask_source_ == both.mask_source_ == "none"
    np.testing.assert_allclose(alone.transform(bare), both.transform(rows), rtol=1e-4, atol=1e-5)


def test_one_view_of_several_is_enough(rows):
    names = ["resnet18", "efficientnet_lite0"]
    assert clone(embedding()).set_params(backbone=names).fit(rows).mask_source_ == "given"


@pytest.mark.parametrize("make", [embedding, ColorMoments])
def test_a_clone_and_a_second_fit_forget(make, rows, bare):
    fitted = make().fit(rows)
    assert len(clone(fitted).transform(bare)) == 3
    assert len(fitted.fit(bare).transform(bare)) == 3


def test_learning_at_once_notes_masks_too(rows, bare):
    learned = codes()
    learned.fit_transform(rows)
    with pytest.raises(ValueError, match="fitted on given lesion masks"):
        learned.transform(bare)


def test_masks_alone_are_nothing_learned(rows):
    learned = codes().set_params(n_atoms=0)
    with pytest.raises(ValueError, match="n_atoms"):
        learned.fit(rows)
    with pytest.raises(NotFittedError):
        learned.transform(rows)
