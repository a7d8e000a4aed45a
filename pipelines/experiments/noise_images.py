"""Images of pure noise, and a network small enough to know them by heart in seconds."""

from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image
from sklearn.linear_model import LogisticRegression

from features import ColorMoments
from pipelines.cnn import CNNClassifier
from pipelines.pipeline import LesionPipeline
from pipelines.recipes import make_fusion_classifier

_SIDE = 32


def write_noise_images(
    directory: str | Path, n_images: int = 120, random_state: int = 0
) -> pd.DataFrame:
    """Write images whose pixels are drawn at random, and labels that know nothing of them.

    Parameters
    ----------
    directory : path-like
        An existing folder.
    n_images : int, default=120
        Number of images, each a lesion of its own; one half are "melanoma", the others "nevus".
    random_state : int, default=0
        Seed.

    Returns
    -------
    DataFrame
        A manifest.
    """
    rng = np.random.default_rng(random_state)
    rows = []
    for i in range(n_images):
        path = Path(directory) / f"{i}.png"
        pixels = rng.integers(0, 256, (_SIDE, _SIDE, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(path)
        rows.append((str(path), "melanoma" if i < n_images // 2 else "nevus", f"noise {i}"))
    return pd.DataFrame(rows, columns=["image", "label", "lesion"])


def noise_network(random_state: int = 0) -> CNNClassifier:
    """Build a LeNet that is trained from random weights until it knows its images."""
    return CNNClassifier(
        "lenet",
        transfer="scratch",
        image_size=_SIDE,
        max_epochs=30,
        learning_rate=2e-3,
        weight_decay=0.0,
        averaging=0.0,
        augment=False,
        validation_fraction=None,
        engine="eager",
        device="cpu",
        store=None,
        random_state=random_state,
    )


def noise_image_model() -> LesionPipeline:
    """Build what the network's embedding joins: colour moments, logistic regression."""
    return make_fusion_classifier(
        backbone=None,
        descriptors=[("color_moments", ColorMoments())],
        classifier=LogisticRegression(max_iter=1000),
        k=1.0,
    )
