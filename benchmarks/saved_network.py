"""A fine-tuned network without the network: what it says of every image, from a file.

Training needs a GPU, boosting and comparing do not. So networks are trained where there is one
(`train_networks.py`), and what each says of all images comes back, a few hundred kilobytes.
"""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from scipy.special import softmax
from sklearn.base import BaseEstimator, ClassifierMixin


def image_names(table: pd.DataFrame) -> list[str]:
    """Names of a manifest's images, without their folders."""
    return [Path(image).name for image in table["image"]]


def training_file(folder: Path, names: Iterable[str]) -> Path:
    """File of the network that was trained on some images."""
    digest = hashlib.sha256("\n".join(sorted(names)).encode())
    return folder / f"{digest.hexdigest()[:16]}.npz"


def save_network(folder: Path, network: Any, trained_on: pd.DataFrame, table: pd.DataFrame) -> None:
    """Keep what a fitted network says of all images of a table."""
    folder.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(
        training_file(folder, image_names(trained_on)),
        images=image_names(table),
        classes=network.classes_,
        logits=network.predict_logits(table),
    )


class SavedNetwork(ClassifierMixin, BaseEstimator):
    """A network that was trained elsewhere on the same images.

    Parameters
    ----------
    folder : path-like
        Where `save_network` kept what the networks say.
    random_state : int, optional
        Ignored: the seed was that of the training.
    """

    __metadata_request__fit: ClassVar[dict[str, bool]] = {"groups": True}

    store = None

    def __init__(self, folder: str | Path, random_state: int | None = None):
        self.folder = folder
        self.random_state = random_state

    def image_parts(self) -> dict[str, Any]:
        """Ask nothing of any image."""
        return {}

    def fit(self, X: pd.DataFrame, y: Any, groups: Any = None) -> Self:
        """Find the network that was trained on these images."""
        path = training_file(Path(self.folder), image_names(X))
        if not path.is_file():
            raise FileNotFoundError(
                f"{path}: no network was trained on these {len(X)} images. Run "
                "train_networks.py with the same data, folds and seed."
            )
        saved = np.load(path)
        self.classes_ = saved["classes"]
        self.logits_ = pd.DataFrame(saved["logits"], index=saved["images"])
        return self

    def predict_proba(self, X: pd.DataFrame) -> np.ndarray:
        """Probabilities of the classes, as the network gave them."""
        return softmax(self.logits_.loc[image_names(X)].to_numpy(), axis=1)

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        """Likeliest classes."""
        return self.classes_[self.predict_proba(X).argmax(axis=1)]
