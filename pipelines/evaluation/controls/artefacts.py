"""Rulers, dark corners and hair, drawn on images that have none."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from features._opencv import cv2

Pixels = NDArray[np.uint8]

_INK = (35, 32, 30)
_HAIR = (38, 26, 20)
# Sixteenths of a pixel, in which OpenCV takes coordinates.
_SHIFT = 4
# Of every tick, every fifth and every tenth, in longer sides.
_REACH = {1: 0.03, 5: 0.042, 10: 0.055}
# Hairs on a picture, their width in 600ths of the longer side, and how far they bend, in sides.
_HAIRS = (4, 8)
_HAIR_WIDTH = (1.4, 3.0)
_BEND = 0.14


def paste(image: Pixels, artefact: str, rng: np.random.Generator) -> Pixels:
    """Draw an artefact on an image.

    Parameters
    ----------
    image : ndarray of shape (height, width, 3), uint8
        RGB; not changed.
    artefact : str
        One of `ARTEFACTS`:

        - "ruler": ticks in even steps along one side, every fifth longer, every tenth numbered.
        - "dark corners": black beyond the circle of a lens.
        - "hair": four to eight dark hairs, bent, from side to side.
    rng : Generator
        Place, form and number.

    Returns
    -------
    ndarray of shape (height, width, 3), uint8
        Another image of the same size.

    Raises
    ------
    ValueError
        If there is no such artefact.

    Examples
    --------
    >>> skin = np.full((150, 200, 3), 200, dtype=np.uint8)
    >>> dark = paste(skin, "dark corners", np.random.default_rng(0))
    >>> dark[0, 0].tolist(), dark[75, 100].tolist()
    ([0, 0, 0], [200, 200, 200])
    """
    if artefact not in ARTEFACTS:
        raise ValueError(f"Unknown artefact {artefact!r}; expected one of {', '.join(ARTEFACTS)}.")
    cover, colour = ARTEFACTS[artefact](image.shape[:2], rng)
    opacity = cover[..., None]
    mixed = image + opacity * (np.array(colour, dtype=np.float32) - image)
    return np.rint(mixed).astype(np.uint8)


Drawn = tuple[NDArray[np.float32], tuple[int, int, int]]


def _ruler(shape: tuple[int, int], rng: np.random.Generator) -> Drawn:
    """Draw ticks a thirtieth of the longer side apart, along any side of the frame."""
    side, turns = max(shape), int(rng.integers(4))
    depth, length = shape if turns % 2 == 0 else shape[::-1]
    ink = np.zeros((depth, length), dtype=np.uint8)
    thickness = max(1, round(side / 300))
    step = side / 30
    for number, at in enumerate(np.arange(rng.uniform(0, step), length, step)):
        reach = side * (_REACH[10] if number % 10 == 0 else _REACH[5 if number % 5 == 0 else 1])
        _line(ink, np.array([[at, 0], [at, reach]]), thickness)
        if number % 10 == 0:
            place, font = (round(at + thickness), round(0.08 * side)), cv2.FONT_HERSHEY_SIMPLEX
            size = side / 1000
            cv2.putText(ink, str(number // 10), place, font, size, 255, thickness, cv2.LINE_AA)
    # Turned, not mirrored: the digits stay digits.
    return np.rot90(ink, turns).astype(np.float32) * (0.9 / 255), _INK


def _dark_corners(shape: tuple[int, int], rng: np.random.Generator) -> Drawn:
    """Cover what is beyond a circle that leaves out the corners, its edge soft as a lens's."""
    height, width = shape
    half = np.hypot(height, width) / 2
    radius = half * rng.uniform(0.80, 0.88)
    centre = rng.uniform(-0.02, 0.02, size=2) * min(shape) + (height / 2, width / 2)
    y, x = np.ogrid[:height, :width]
    distance = np.hypot(y + 0.5 - centre[0], x + 0.5 - centre[1])
    softness = 0.01 * max(shape)
    return np.clip((distance - radius) / softness + 0.5, 0, 1).astype(np.float32), (0, 0, 0)


def _hair(shape: tuple[int, int], rng: np.random.Generator) -> Drawn:
    """Draw bent dark lines across the frame."""
    height, width = shape
    ink = np.zeros(shape, dtype=np.uint8)
    for _ in range(rng.integers(_HAIRS[0], _HAIRS[1] + 1)):
        ends = rng.uniform(-0.1, 1.1, size=(3, 2)) * (width, height)
        axis = rng.integers(2)
        ends[0, axis], ends[2, axis] = -2, (width, height)[axis] + 2
        # The middle stays near the chord: a hair bends, and does not turn back.
        ends[1] = (ends[0] + ends[2]) / 2 + rng.normal(0, _BEND * max(shape), size=2)
        t = np.linspace(0, 1, 32)[:, None]
        curve = (1 - t) ** 2 * ends[0] + 2 * t * (1 - t) * ends[1] + t**2 * ends[2]
        thickness = max(1, round(rng.uniform(*_HAIR_WIDTH) * max(shape) / 600))
        _line(ink, curve, thickness)
    return ink.astype(np.float32) * (0.85 / 255), _HAIR


def _line(plane: NDArray[np.uint8], points: NDArray[np.float64], thickness: int) -> None:
    """Draw a line through points (x, y) in place, antialiased."""
    whole = np.rint(points * 2**_SHIFT).astype(np.int32)
    cv2.polylines(plane, [whole], False, 255, thickness, cv2.LINE_AA, shift=_SHIFT)


ARTEFACTS: dict[str, Callable[[tuple[int, int], np.random.Generator], Drawn]] = {
    "ruler": _ruler,
    "dark corners": _dark_corners,
    "hair": _hair,
}
