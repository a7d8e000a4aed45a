import numpy as np
import pytest

from pipelines.cnn import CNNClassifier

SIDE = 64
N = 60


def draw(label, rng):
    """Skin with some noise, and a dark disc somewhere on it or none; and where the disc is."""
    image = np.array([210, 170, 150]) + rng.normal(0, 8, (SIDE, SIDE, 3))
    y, x = np.ogrid[:SIDE, :SIDE]
    row, column = rng.uniform(18, SIDE - 18, 2)
    disc = np.hypot(y - row, x - column) < 11
    if label == "mole":
        image[disc] -= 100
    return np.clip(image, 0, 255).astype(np.uint8), disc


@pytest.fixture(scope="session")
def drawn():
    """Images, their labels and the places of the discs: to train on, and unseen ones."""

    def draw_all(seed):
        rng = np.random.default_rng(seed)
        labels = np.array(["mole", "skin"] * (N // 2))
        pairs = [draw(label, rng) for label in labels]
        return np.stack([image for image, _ in pairs]), labels, np.stack([d for _, d in pairs])

    return {"seen": draw_all(0), "unseen": draw_all(1)}


@pytest.fixture(scope="session")
def network(drawn):
    """A small network that tells moles from skin; not to be changed in place."""
    images, labels, _ = drawn["seen"]
    classifier = CNNClassifier(
        "lenet",
        None,
        image_size=SIDE,
        max_epochs=25,
        batch_size=10,
        learning_rate=3e-3,
        validation_fraction=None,
        augment=False,
        averaging=0,
        engine="eager",
        device="cpu",
        random_state=0,
    )
    return classifier.fit(images, labels)
