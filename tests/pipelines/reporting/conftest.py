import pytest

from pipelines.comparison import compare


@pytest.fixture
def result(models, manifest):
    return compare(models, manifest, n_splits=3, n_bootstrap=50)
