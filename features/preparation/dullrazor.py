"""DullRazor: hairs found by closing along lines, replaced by interpolation across them."""

import math

import numpy as np

from features._opencv import cv2
from features.preparation.hair import thin_and_long

_ELEMENT_SHARE = 13 / 600  # length of the line elements: longer than a hair is wide
_SMALLEST_ELEMENT = 5
_THRESHOLD = 25
_REACH = 3.0  # how far a rim is looked for, in depths of the deepest pixel
_BEYOND = 2  # pixels past a hair's rim, where its blur has ended
_OFF_MEDIAN = 8  # levels off the local median from which a painted pixel is smoothed
# Steps to the right, down, and along both diagonals.
_DIRECTIONS = ((0, 1), (1, 0), (1, 1), (1, -1))


def dullrazor_mask(image: np.ndarray) -> np.ndarray:
    """Dark hairs by DullRazor's generalised closing.

    In each colour band, the closings with line elements of four directions are joined by their
    maximum; where that exceeds the band by 25 levels something thin and dark lies. The union
    over bands is verified to be thin and long.

    Parameters
    ----------
    image : ndarray of shape (height, width, 3), uint8
        RGB.

    Returns
    -------
    ndarray of shape (height, width), bool
        True on hairs; all False on images under about 140 pixels.

    Notes
    -----
    After the published abstract and common descriptions; the lengths are ours, scaled to the
    frame. Lee et al. use 0, 45 and 90 degrees; 135 is added, since hair leans either way. The
    verification is that of `thin_and_long`, by straight lines in 24 directions.

    References
    ----------
    Lee et al. (1997), Computers in Biology and Medicine 27(6), 533-543.
    """
    length = round(_ELEMENT_SHARE * max(image.shape[:2])) | 1
    if length < _SMALLEST_ELEMENT:
        return np.zeros(image.shape[:2], dtype=bool)
    falling = np.eye(length, dtype=np.uint8)
    flat = np.ones((1, length), dtype=np.uint8)
    closed = image
    for kernel in (flat, flat.T, falling, np.ascontiguousarray(falling[::-1])):
        closed = cv2.max(closed, cv2.morphologyEx(image, cv2.MORPH_CLOSE, kernel))
    excess = cv2.subtract(closed, image)
    strongest = cv2.max(cv2.max(excess[..., 0], excess[..., 1]), excess[..., 2])
    return thin_and_long(strongest > _THRESHOLD)


def interpolate_hair(image: np.ndarray, hair: np.ndarray) -> np.ndarray:
    """Replace hairs by linear interpolation across them, then smooth what stands out.

    Each hair pixel looks in four directions for the rims of its hair, takes the direction in
    which they are nearest, and interpolates between the pixels just beyond both. Where the
    result is more than 8 levels off the median of its 5 x 5 surroundings, the median replaces it
    (an adaptive median filter).

    Parameters
    ----------
    image : ndarray of shape (height, width, 3), uint8
        RGB.
    hair : ndarray of shape (height, width), bool
        From `dullrazor_mask`.

    Returns
    -------
    ndarray of shape (height, width, 3), uint8
        The image itself where `hair` is empty.

    References
    ----------
    Lee et al. (1997), Computers in Biology and Medicine 27(6), 533-543.
    """
    if not hair.any():
        return image
    grown = cv2.dilate(hair.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    pixels = np.argwhere(grown)
    # As far as from the middle of the widest place, or of a crossing, to a rim.
    depth = cv2.distanceTransform(grown.view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_3)
    farthest = max(8, math.ceil(_REACH * min(float(depth.max()), max(hair.shape))))
    ends = [_rims(grown, pixels, step, farthest) for step in _DIRECTIONS]
    nearest = np.argmin([before + after for before, after in ends], axis=0)
    before, after = (np.choose(nearest, [pair[side] for pair in ends]) for side in (0, 1))
    step = np.array(_DIRECTIONS)[nearest]
    first = _look(image, pixels - (before + _BEYOND)[:, None] * step)
    second = _look(image, pixels + (after + _BEYOND)[:, None] * step)
    weight = (before + _BEYOND) / (before + after + 2 * _BEYOND)
    # A hair along the frame has one rim only.
    one_sided = (before == farthest) != (after == farthest)
    weight[one_sided] = before[one_sided] == farthest
    values = first + weight[:, None] * (second - first)
    painted = image.copy()
    painted[grown] = np.rint(values).astype(np.uint8)
    median = cv2.medianBlur(painted, 5)
    stray = grown & (cv2.absdiff(painted, median).max(axis=2) > _OFF_MEDIAN)
    painted[stray] = median[stray]
    return painted


def _rims(
    hair: np.ndarray, pixels: np.ndarray, step: tuple[int, int], farthest: int
) -> tuple[np.ndarray, np.ndarray]:
    """Count steps from each pixel to the first one off the hair, backwards and forwards."""
    # Beyond the frame there is no rim to be found.
    padded = np.pad(hair, farthest, constant_values=True)
    found = []
    for sign in (-1, 1):
        distance = np.full(len(pixels), farthest)
        going = np.arange(len(pixels))
        for k in range(1, farthest):
            y, x = (pixels[going] + farthest + sign * k * np.array(step)).T
            free = ~padded[y, x]
            distance[going[free]] = k
            going = going[~free]
        found.append(distance)
    return found[0], found[1]


def _look(image: np.ndarray, pixels: np.ndarray) -> np.ndarray:
    """Colours at (row, column), float64; outside the frame the nearest inside."""
    y, x = np.clip(pixels, 0, np.array(image.shape[:2]) - 1).T
    return image[y, x].astype(np.float64)
