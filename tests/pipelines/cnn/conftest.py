import numpy as np
import pytest

from pipelines.cnn import CNNClassifier

N = 24


def draw(label, rng):
    """Skin with some noise, and a dark disc on it or none."""
    image = np.array([210, 170, 150]) + rng.normal(0, 8, (32, 32, 3))
    if label == "mole":
        y, x = np.ogrid[:32, :32]
        row, column = rng.uniform(12, 20, 2)
        image[np.hypot(y - row, x - column) < 7] -= 100
    return np.clip(image, 0, 255).astype(np.uint8)


@pytest.fixture(scope="session")
def labels():
    return np.array(["mole", "skin"] * (N // 2))


@pytest.fixture(scope="session")
def images(labels):
    rng = np.random.default_rng(0)
    return np.stack([draw(label, rng) for label in labels])


@pytest.fixture(scope="session")
def unseen(labels):
    rng = np.random.default_rng(1)
    return np.stack([draw(label, rng) for label in labels])


@pytest.fixture(scope="session")
def groups():
    return np.arange(N) // 4 * 2 + np.arange(N) % 2  # pairs of one label


@pytest.fixture(scope="session")
def make():
    """Make a small classifier; changes of its settings by keyword."""

    def make(**changes):
        settings = {
            "image_size": 32,
            "max_epochs": 3,
            "batch_size": 8,
            "validation_fraction": 0.25,
            "device": "cpu",
            "random_state": 0,
        }
        return CNNClassifier(**(settings | changes))

    return make
