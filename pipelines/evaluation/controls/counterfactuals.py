"""How far predictions move when an artefact is pasted on the image and the lesion stays."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image
from sklearn.utils import check_random_state

from features.reading.sources import image_sources
from pipelines.data import lesion_ids, limit_manifest
from pipelines.evaluation.controls.artefacts import ARTEFACTS, paste
from pipelines.evaluation.scoring.bootstrap import draw_lesions
from pipelines.evaluation.scoring.drawn import Floats, interval, with_point

_SCORES = ("shift", "moved_up", "flipped")
_COLUMNS = [
    *("model", "artefact", "n"),
    *(name + end for name in _SCORES for end in ("", "_low", "_high")),
]


def counterfactual_table(
    models: Mapping[str, Any],
    manifest: pd.DataFrame,
    positive: str,
    folder: str | Path,
    *,
    n: int = 200,
    n_bootstrap: int = 1000,
    random_state: int | None = 0,
    progress: Callable[[str, str], object] | None = None,
) -> pd.DataFrame:
    """Predict the same images without and with each artefact.

    Parameters
    ----------
    models : mapping of str to classifier
        Fitted classifiers of a manifest.
    manifest : DataFrame
        Images that they were not fitted on: those learnt by heart move less, or more.
    positive : str
        Class of concern.
    folder : path-like
        Receives the images with artefacts, PNG; made where missing.
    n : int, default=200
        Images, drawn as whole lesions with class proportions kept.
    n_bootstrap : int, default=1000
        Draws of the lesion bootstrap.
    random_state : int or None, default=0
        Draws images, artefacts and lesions.
    progress : callable, optional
        Called as `progress(model, artefact)` after each artefact.

    Returns
    -------
    DataFrame
        One row a model and artefact: `model`, `artefact`, `n` images, and with ends `shift` (mean
        absolute move of the probability of the class of concern), `moved_up` (mean move, signed)
        and `flipped` (share of images with another most probable class).

    Raises
    ------
    ValueError
        If a model does not know the class of concern, or an image cannot be read.

    Notes
    -----
    Only the image is changed: a lesion mask of the manifest stays, one of our own segmentation is
    made anew. All models see the same images.
    """
    for name, model in models.items():
        if positive not in model.classes_:
            raise ValueError(
                f"Model {name!r} does not know the class of concern {positive!r}; its classes are "
                f"{list(model.classes_)}."
            )
    rng = check_random_state(random_state)
    plain = limit_manifest(manifest, n, rng)
    altered = {
        artefact: _paste_all(plain, artefact, Path(folder), int(rng.randint(2**31)))
        for artefact in ARTEFACTS
    }
    weights = _image_weights(plain, n_bootstrap, rng)
    rows = []
    for name, model in models.items():
        before = np.asarray(model.predict_proba(plain), dtype=float)
        for artefact, table in altered.items():
            after = np.asarray(model.predict_proba(table), dtype=float)
            place = list(model.classes_).index(positive)
            row = {"model": name, "artefact": artefact, "n": len(plain)}
            rows.append(row | _moves(before, after, place, weights))
            if progress is not None:
                progress(name, artefact)
    return pd.DataFrame(rows, columns=_COLUMNS)


def _paste_all(plain: pd.DataFrame, artefact: str, folder: Path, seed: int) -> pd.DataFrame:
    """Write every image with one artefact, each drawn by its own generator."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for source in image_sources(plain):
        image = paste(source.read_image(), artefact, np.random.default_rng([seed, source.row]))
        path = folder / f"{artefact.replace(' ', '_')}_{source.row}.png"
        Image.fromarray(image).save(path, compress_level=1)
        paths.append(str(path))
    return plain.assign(image=paths)


def _image_weights(plain: pd.DataFrame, n_bootstrap: int, rng: np.random.RandomState) -> Floats:
    """Weight of each image on the images themselves, and on draws of their lesions."""
    lesion, _ = pd.factorize(lesion_ids(plain))
    first = np.unique(lesion, return_index=True)[1]
    labels = (
        plain["label"].to_numpy()[first] if "label" in plain else np.zeros(len(first), dtype=int)
    )
    return with_point(draw_lesions(labels, n_bootstrap, rng))[lesion].astype(float)


def _moves(before: Floats, after: Floats, place: int, weights: Floats) -> dict[str, float]:
    move = after[:, place] - before[:, place]
    flipped = before.argmax(axis=1) != after.argmax(axis=1)
    values = dict(zip(_SCORES, (np.abs(move), move, flipped.astype(float)), strict=True))
    total = weights.sum(axis=0)
    row: dict[str, float] = {}
    for name, value in values.items():
        row |= interval(name, (value @ weights) / total)
    return row
