import pytest

import features
import fusion
import pipelines

PACKAGES = [features, fusion, pipelines]


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.__name__)
class TestPublicNames:
    def test_are_sorted_and_exist(self, package):
        # As ruff sorts them: constants, classes, functions.
        kinds = [(not n.isupper(), n[0].islower(), n) for n in package.__all__]
        assert kinds == sorted(kinds)
        assert all(hasattr(package, name) for name in package.__all__)

    def test_are_documented(self, package):
        public = [getattr(package, name) for name in package.__all__]
        assert all(thing.__doc__ for thing in public)
