"""Ways to propose lesion masks; `segmentation` chooses among what one of them proposes."""

from collections.abc import Callable, Iterator

import numpy as np

from features._opencv import cv2
from features.preparation.components import main_component
from features.preparation.hybrid import additive_law, class_probabilities
from features.preparation.illumination import even_light
from features.preparation.plausibility import Frame
from features.preparation.thresholding import otsu, principal_plane, skin_likeness

# A mask, and how far apart the two classes of its plane are.
Proposal = tuple[np.ndarray, float]
Segmenter = Callable[[np.ndarray, Frame], Iterator[Proposal]]

_BLUR = 1.0  # in pixels of the small image


def otsu_once(image: np.ndarray, frame: Frame) -> Iterator[Proposal]:
    """Propose the Otsu mask of the plane that separates best.

    Of the blue channel, L* and the first principal component, that with the highest
    between-class over total variance.
    """
    blurred = cv2.GaussianBlur(image, (0, 0), _BLUR)
    lightness = cv2.cvtColor(blurred, cv2.COLOR_RGB2LAB)[..., 0]
    planes = [_blue(blurred), lightness, principal_plane(blurred, frame.inside)]
    best = max(planes, key=lambda plane: otsu(plane[frame.inside])[1])
    yield _below_otsu(best, frame)


def otsu_candidates(image: np.ndarray, frame: Frame) -> Iterator[Proposal]:
    """Propose four Otsu masks.

    The blue channel and the likeness to skin are thresholded, each in the light as it is and
    evened out: melanin absorbs blue most, a red or pale lesion shows by its colour alone, and
    light that falls off towards the rim hides a lesion that evening brings out.
    """
    for view in (image, even_light(image, frame.inside)):
        blurred = cv2.GaussianBlur(view, (0, 0), _BLUR)
        yield _below_otsu(_blue(blurred), frame)
        yield _below_otsu(skin_likeness(blurred, frame.inside), frame)


def uniform_normal(image: np.ndarray, frame: Frame) -> Iterator[Proposal]:
    """Propose the mask of the uniform/normal-distribution hybrid.

    The lesion's probability, once by a uniform and once by a normal distribution of each class
    on the first principal component, joined by the additive law of probability, is
    thresholded at a half; see `features.preparation.hybrid` for what of it is ours.
    """
    plane = principal_plane(cv2.GaussianBlur(image, (0, 0), _BLUR), frame.inside)
    values = plane[frame.inside]
    threshold, separability = otsu(values)
    uniform, normal = class_probabilities(values, threshold)
    lesion = additive_law(uniform, normal) > 0.5
    yield _component(lesion[plane], frame), separability


SEGMENTERS: dict[str, Segmenter] = {
    "candidates": otsu_candidates,
    "otsu": otsu_once,
    "hybrid": uniform_normal,
}


def _below_otsu(plane: np.ndarray, frame: Frame) -> Proposal:
    threshold, separability = otsu(plane[frame.inside])
    return _component(plane <= threshold, frame), separability


def _component(dark: np.ndarray, frame: Frame) -> np.ndarray:
    return main_component(dark & frame.inside, frame.inside, frame.weight, frame.edge)


def _blue(image: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(image[..., 2])
