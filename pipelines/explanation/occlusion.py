"""Where in an image any model sees a class: a patch is covered, and the probability moves."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image

from features import read_image

__all__ = ["occlusion"]


def occlusion(
    model: Any,
    image: str | Path,
    mask: str | Path | None = None,
    *,
    label: Any = None,
    grid: int = 8,
    facts: Mapping[str, Any] | None = None,
) -> NDArray[np.float32]:
    """Measure how far a class's probability falls where a patch of the image is covered.

    Parameters
    ----------
    model : fitted classifier
        Of images, with `predict_proba`.
    image : path-like
        The image.
    mask : path-like, optional
        Its lesion mask, which stays as it is: what is covered is colour and texture, not shape.
    label : optional
        Class to look for; by default the most probable one.
    grid : int, default=8
        Patches along each side, at least 2. The model sees grid * grid images more.
    facts : mapping of str to value, optional
        More columns of the manifest, for models that read any.

    Returns
    -------
    ndarray of shape (grid, grid), float32
        Fall of the probability, in [-1, 1]; positive where the patch speaks for the class.

    Raises
    ------
    ValueError
        If `grid` is below 2 or the label is no class of the model.

    Notes
    -----
    Patches are covered with the median colour of the image, which is that of skin in most.

    References
    ----------
    Zeiler & Fergus (2014), ECCV, LNCS 8689, 818-833.
    """
    if grid < 2:
        raise ValueError(f"`grid` must be at least 2, got {grid!r}.")
    pixels = read_image(image)
    skin = np.median(pixels.reshape(-1, 3), axis=0).astype(np.uint8)
    rows, columns = (
        np.linspace(0, side, grid + 1).round().astype(int) for side in pixels.shape[:2]
    )
    with TemporaryDirectory() as folder:
        paths = [str(image)]
        for i in range(grid):
            for j in range(grid):
                covered = pixels.copy()
                covered[rows[i] : rows[i + 1], columns[j] : columns[j + 1]] = skin
                paths.append(str(Path(folder, f"{i}_{j}.png")))
                Image.fromarray(covered).save(paths[-1])
        manifest = pd.DataFrame({"image": paths}).assign(**(facts or {}))
        if mask is not None:
            manifest["mask"] = str(mask)
        probabilities = np.asarray(model.predict_proba(manifest), dtype=np.float32)
    known = list(model.classes_)
    if label is not None and label not in known:
        raise ValueError(f"The model does not know the class {label!r}; it knows {known}.")
    place = int(probabilities[0].argmax()) if label is None else known.index(label)
    return (probabilities[0, place] - probabilities[1:, place]).reshape(grid, grid)
