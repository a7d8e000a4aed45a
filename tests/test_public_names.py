import pytest

import features
import fusion
import pipelines

PACKAGES = [features, fusion, pipelines]


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.__name__)
class TestPublicNames:
    def test_exist_once(self, package):
        assert len(set(package.__all__)) == len(package.__all__) > 0
        assert all(hasattr(package, name) for name in package.__all__)

    def test_are_documented(self, package):
        public = [getattr(package, name) for name in package.__all__]
        assert all(thing.__doc__ for thing in public)
