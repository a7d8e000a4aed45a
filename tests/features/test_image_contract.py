"""Every image estimator passes the image-estimator suite."""

import importlib.util
import inspect
from pathlib import Path

import pytest
from sklearn.utils.estimator_checks import check_parameters_default_constructible

import features
from features import CNNEmbedding, Descriptor, ImageFeatures, ImagePart, SparseCodes

_spec = importlib.util.spec_from_file_location(
    "image_estimator_checks", Path(__file__).with_name("image_estimator_checks.py")
)
checks = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(checks)

DESCRIPTORS = [
    member
    for _, member in inspect.getmembers(features, inspect.isclass)
    if issubclass(member, Descriptor) and not inspect.isabstract(member)
]
# What learns is kept small here, and seeded: without a seed each fit differs.
SETTINGS = {SparseCodes: {"n_atoms": 8, "n_patches": 100, "random_state": 0}}
SMALL_NETWORK = CNNEmbedding("efficientnet_lite0", image_size=64, device="cpu")
ESTIMATORS = [
    *(descriptor(**SETTINGS.get(descriptor, {})) for descriptor in DESCRIPTORS),
    SMALL_NETWORK,
]
ESTIMATORS += [
    ImageFeatures([(part.block, part) for part in ESTIMATORS], store=None),
]


@pytest.mark.parametrize("check", checks.IMAGE_CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda e: type(e).__name__)
def test_image_estimator(estimator, check, lesions):
    check(estimator, lesions.iloc[:8])


@pytest.mark.parametrize("estimator", ESTIMATORS[:-1], ids=lambda e: type(e).__name__)
def test_defaults_can_be_constructed(estimator):
    check_parameters_default_constructible(type(estimator).__name__, estimator)


def test_all_descriptors_are_public():
    def subclasses(cls):
        return {cls}.union(*(subclasses(child) for child in cls.__subclasses__()))

    ours = {c for c in subclasses(ImagePart) if c.__module__.startswith("features.")}
    concrete = {c for c in ours if not inspect.isabstract(c)}
    assert {c.__name__ for c in concrete} <= set(features.__all__)


def test_fit_checks_its_input():
    with pytest.raises(ValueError, match="Expected a manifest"):
        DESCRIPTORS[0]().fit("one/path.png")
