"""A synthetic cohort on disk: images, masks, labels and the truth behind them."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.utils import check_random_state

from features._opencv import cv2
from features.synthetic import LESION_COLORS, LesionStyle, draw_lesion
from fusion.groups import RandomState

__all__ = ["make_lesions"]

# Chances that a lesion was photographed once, twice and three times.
_VIEWS = (0.75, 0.18, 0.07)
_TRUTH = (
    "diameter",
    "asymmetry",
    "elongation",
    "irregularity",
    "border_blur",
    "color_asymmetry",
    "network",
    "globules",
    "hair",
    "vignette",
    "skin_tone",
    "brightness",
    "rotation",
)


@dataclass(frozen=True)
class _Kind:
    """How a class of lesions looks: mean and spread of what is drawn from normal laws."""

    diameter: tuple[float, float]
    asymmetry: tuple[float, float]
    irregularity: tuple[float, float]
    border_blur: tuple[float, float]
    color_asymmetry: tuple[float, float]
    network: tuple[float, float]
    globules: tuple[float, float]
    n_colors: tuple[float, float]
    # Chance weights of each of `LESION_COLORS`, in its order.
    colors: tuple[float, ...]


# Classes overlap on purpose: no single property tells them apart.
_KINDS = {
    "keratosis": _Kind(
        diameter=(0.46, 0.12),
        asymmetry=(0.05, 0.025),
        irregularity=(0.030, 0.012),
        border_blur=(0.015, 0.007),
        color_asymmetry=(0.55, 0.20),
        network=(0.05, 0.10),
        globules=(8, 4),
        n_colors=(2.2, 0.8),
        colors=(6, 4, 1, 1, 0.3, 1.5),
    ),
    "melanoma": _Kind(
        diameter=(0.54, 0.13),
        asymmetry=(0.085, 0.035),
        irregularity=(0.026, 0.012),
        border_blur=(0.020, 0.010),
        color_asymmetry=(0.65, 0.20),
        network=(0.35, 0.25),
        globules=(3, 3),
        n_colors=(2.9, 0.9),
        colors=(5, 6, 2.5, 2, 1, 1),
    ),
    "nevus": _Kind(
        diameter=(0.42, 0.12),
        asymmetry=(0.045, 0.025),
        irregularity=(0.014, 0.010),
        border_blur=(0.034, 0.015),
        color_asymmetry=(0.35, 0.20),
        network=(0.45, 0.25),
        globules=(2, 2.5),
        n_colors=(2.0, 0.7),
        colors=(7, 6, 1, 0.4, 0.4, 0.2),
    ),
}


def make_lesions(
    n: int,
    classes: Sequence[str] = ("keratosis", "melanoma", "nevus"),
    random_state: RandomState = None,
    *,
    root: str | Path,
    weights: Sequence[float] | None = None,
    size: tuple[int, int] = (150, 200),
) -> pd.DataFrame:
    """Draw a cohort of synthetic dermoscopic images and describe it in a manifest.

    The pictures are drawings, for demonstrations and tests: nothing learnt from them holds
    for skin.

    Parameters
    ----------
    n : int
        Number of images. A quarter of the lesions have two or three.
    classes : sequence of str, default=("keratosis", "melanoma", "nevus")
        Labels to draw, two or more of the default ones.
    random_state : int, RandomState instance or None, default=None
        An int makes files and manifest reproducible.
    root : path-like
        Folder that receives `images/`, `masks/` and `synthetic.csv`, the manifest with
        relative paths, readable as a `csv` data set. It is made where missing; files of the
        same names are replaced.
    weights : sequence of float, default=None
        Chances of the classes, in their order; None for equal ones. Every class gets at least
        one image in any case.
    size : tuple of two ints, default=(150, 200)
        Height and width of the images in pixels.

    Returns
    -------
    DataFrame of n rows
        `image`, `mask`, `label`, `lesion` and `source` (always "synthetic"), then the truth
        that was drawn: `true_n_colors`, `true_area` (pixels of the mask) and, named and scaled
        as in `features.LesionStyle`, `true_diameter`, `true_asymmetry` and so on.
        `attrs["synthetic"]` is True.

    Raises
    ------
    ValueError
        If `n` is below the number of classes or a class is unknown.

    Examples
    --------
    >>> import tempfile
    >>> lesions = make_lesions(12, random_state=0, root=tempfile.mkdtemp())
    >>> sorted(lesions["label"].unique())
    ['keratosis', 'melanoma', 'nevus']
    """
    _check_cohort(n, classes, weights)
    rng = check_random_state(random_state)
    root = Path(root).absolute()
    for folder in ("images", "masks"):
        (root / folder).mkdir(parents=True, exist_ok=True)

    rows: list[dict] = []
    chances = np.ones(len(classes)) if weights is None else np.asarray(weights, dtype=float)
    n_lesions = 0
    while len(rows) < n:
        # The first lesions are one of each class.
        first = n_lesions < len(classes)
        label = classes[n_lesions if first else rng.choice(len(classes), p=chances / chances.sum())]
        # No second views among the first ones, or they could use up all n images.
        n_views = 1 if first else min(1 + rng.choice(len(_VIEWS), p=_VIEWS), n - len(rows))
        lesion = f"synthetic_{n_lesions:05d}"
        style, seed = _draw_style(_KINDS[label], rng), int(rng.randint(2**31 - 1))
        for view in range(n_views):
            seen = style if view == 0 else _another_view(style, rng)
            image, mask = draw_lesion(seen, size=size, view=view, random_state=seed)
            paths = _write_pair(root, f"{lesion}_{view}", image, mask)
            rows.append({**paths, "label": label, "lesion": lesion, "source": "synthetic"})
            rows[-1] |= _truth(seen, mask)
        n_lesions += 1

    manifest = pd.DataFrame(rows)
    manifest.to_csv(root / "synthetic.csv", index=False)
    for column in ("image", "mask"):
        manifest[column] = [str(root / path) for path in manifest[column]]
    manifest.attrs |= {"dataset": "synthetic", "root": str(root), "synthetic": True}
    return manifest


def _check_cohort(n, classes, weights):
    unknown = [name for name in classes if name not in _KINDS]
    if unknown:
        raise ValueError(f"`classes` must be among {sorted(_KINDS)}, got {unknown!r} too.")
    if len(set(classes)) < max(len(classes), 2):
        raise ValueError(f"`classes` must be two or more different names, got {classes!r}.")
    if n < len(classes):
        raise ValueError(f"`n` must be at least the number of classes, {len(classes)}, got {n!r}.")
    if weights is not None and (len(weights) != len(classes) or min(weights) < 0):
        raise ValueError(f"`weights` must be {len(classes)} numbers >= 0, got {weights!r}.")


def _draw_style(kind, rng):
    """One lesion of a kind, as first photographed."""

    def draw(law, low, high):
        return float(np.clip(rng.normal(*law), low, high))

    n_colors = round(draw(kind.n_colors, 1, len(LESION_COLORS)))
    chances = np.array(kind.colors) / sum(kind.colors)
    colors = rng.choice(list(LESION_COLORS), size=n_colors, replace=False, p=chances)
    return LesionStyle(
        diameter=draw(kind.diameter, 0.2, 0.72),
        asymmetry=draw(kind.asymmetry, 0.0, 0.18),
        elongation=draw((1.2, 0.12), 1.0, 1.6),
        irregularity=draw(kind.irregularity, 0.0, 0.06),
        border_blur=draw(kind.border_blur, 0.006, 0.09),
        # The colour that a lesion is made of is brown, whatever else it holds.
        colors=tuple(sorted(colors.tolist(), key=lambda name: "brown" not in name)),
        color_asymmetry=draw(kind.color_asymmetry, 0.0, 1.0),
        network=draw(kind.network, 0.0, 1.0),
        globules=round(draw(kind.globules, 0, 20)),
        skin_tone=draw((0.3, 0.25), 0.0, 1.0),
        rotation=float(rng.uniform(0, 360)),
        **_draw_scene(rng),
    )


def _draw_scene(rng):
    """Draw what belongs to the photograph rather than to the lesion."""
    return {
        "hair": int(rng.poisson(4) if rng.uniform() < 0.4 else 0),
        "vignette": bool(rng.uniform() < 0.2),
        "brightness": float(np.clip(rng.normal(1.0, 0.06), 0.8, 1.2)),
        "center": tuple(np.clip(rng.normal(0.5, 0.03, size=2), 0.45, 0.55).tolist()),
    }


def _another_view(style, rng):
    """Photograph a lesion again: turned, nearer or farther, in other light and hair."""
    diameter = float(np.clip(style.diameter * rng.uniform(0.85, 1.15), 0.2, 0.72))
    return replace(
        style, diameter=diameter, rotation=float(rng.uniform(0, 360)), **_draw_scene(rng)
    )


def _write_pair(root, name, image, mask):
    """Write an image and its mask; their paths are relative to the root."""
    paths = {"image": f"images/{name}.png", "mask": f"masks/{name}_mask.png"}
    pictures = {"image": image[..., ::-1], "mask": mask.astype(np.uint8) * 255}
    for column, path in paths.items():
        # Through Python's own writer: OpenCV's cannot open every Windows path.
        (root / path).write_bytes(cv2.imencode(".png", pictures[column])[1].tobytes())
    return paths


def _truth(style, mask):
    drawn = asdict(style)
    truth = {f"true_{name}": drawn[name] for name in _TRUTH}
    return truth | {"true_n_colors": len(style.colors), "true_area": int(mask.sum())}
