"""Hairs: found by their shape, painted over with the skin beside them."""

from functools import lru_cache

import numpy as np

from features._opencv import cv2
from features.preparation.components import disk

# The usual recipe (17 x 17 black-hat) was tuned on frames about 600 pixels wide.
_KERNEL_SHARE = 17 / 600
_LENGTH_SHARE = 54 / 600  # Lee et al. ask for 50 pixels of a hair, on frames of this size
_THRESHOLD = 25
_SMALLEST_KERNEL = 5  # under this a kernel is as wide as a hair of one pixel: nothing to find
_HALVE_FROM = 400  # frames this long are searched for lines at half their size
_N_ANGLES = 24
_ELONGATED = 6.0
_THIN = 1.6  # mean distance to a hair's rim, in pixels of the searched plane


def hair_mask(image: np.ndarray) -> np.ndarray:
    """Dark hairs of a dermoscopic image.

    The black-hat transform of the luminance, with a kernel scaled to the image, marks thin dark
    structures; of those only what runs straight and thin for 54 pixels (of a frame 600 wide)
    stays.

    Parameters
    ----------
    image : ndarray of shape (height, width, 3), uint8
        RGB.

    Returns
    -------
    ndarray of shape (height, width), bool
        True on hairs. All False where the image is too small (under about 160 pixels) for a
        hair to be told from texture.

    Notes
    -----
    The recipe in common use keeps whatever exceeds 10 grey levels. On 60 dermoscopic images of
    HAM10000, nearly all of them hairless, it paints over 13 % of the lesions' pixels, pigment
    network first of all; 25 levels and the test for straight lines leave 0.6 %.
    """
    size = round(_KERNEL_SHARE * max(image.shape[:2])) | 1
    if size < _SMALLEST_KERNEL:
        return np.zeros(image.shape[:2], dtype=bool)
    gray = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    kernel = cv2.getStructuringElement(cv2.MORPH_RECT, (size, size))
    dark = cv2.morphologyEx(gray, cv2.MORPH_BLACKHAT, kernel) > _THRESHOLD
    return thin_and_long(dark)


def light_hair_mask(image: np.ndarray) -> np.ndarray:
    """Light hairs: the dark ones of the negative (white top-hat in place of black-hat).

    Parameters
    ----------
    image : ndarray of shape (height, width, 3), uint8
        RGB.

    Returns
    -------
    ndarray of shape (height, width), bool
        True on hairs, as `hair_mask`.
    """
    return hair_mask(cv2.bitwise_not(image))


def thin_and_long(candidates: np.ndarray) -> np.ndarray:
    """Keep of a mask what runs straight for a hair's length and is thin.

    Parameters
    ----------
    candidates : ndarray of shape (height, width), bool
        Thin structures of any kind.

    Returns
    -------
    ndarray of shape (height, width), bool
        A part of `candidates`.
    """
    marked = candidates.astype(np.uint8)
    if not marked.any():
        return candidates
    height, width = marked.shape
    halved = max(height, width) >= _HALVE_FROM
    if halved:
        half = ((width + 1) // 2, (height + 1) // 2)
        # Two of four pixels make a pixel, so that a line of one or two pixels holds together.
        plane = (cv2.resize(marked * 255, half, interpolation=cv2.INTER_AREA) > 100) * np.uint8(1)
    else:
        plane = marked
    # A pixel wider, so that a thin line holds one that differs from it by a few degrees.
    wider = cv2.dilate(plane, disk(1))
    lines = _straight(wider, round(_LENGTH_SHARE * max(plane.shape)) | 1)
    if not cv2.countNonZero(lines):
        return np.zeros_like(candidates)
    near = cv2.dilate(_elongated(lines), np.ones((3, 3), np.uint8))
    if halved:
        near = cv2.resize(near, (width, height), interpolation=cv2.INTER_NEAREST)
    return candidates & (near > 0)


def _straight(plane: np.ndarray, length: int) -> np.ndarray:
    """Union of the openings with lines of one length in all directions."""
    lines = np.zeros_like(plane)
    for kernel in _line_kernels(length):
        middles = cv2.erode(plane, kernel)
        if cv2.countNonZero(middles):  # in most directions there is no line
            cv2.max(lines, cv2.dilate(middles, kernel), lines)
    return lines


@lru_cache(maxsize=16)
def _line_kernels(length: int) -> tuple[np.ndarray, ...]:
    """Lines through the middle of a square, `_N_ANGLES` evenly over half a turn."""
    half = length // 2
    kernels = []
    for angle in np.arange(_N_ANGLES) * np.pi / _N_ANGLES:
        x, y = round(half * np.cos(angle)), round(half * np.sin(angle))
        kernel = np.zeros((2 * half + 1, 2 * half + 1), dtype=np.uint8)
        cv2.line(kernel, (half - x, half - y), (half + x, half + y), 1)
        kernels.append(kernel)
    return tuple(kernels)


def _elongated(lines: np.ndarray) -> np.ndarray:
    """Components much longer than wide, and thin ones of any form: hairs that cross."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(lines, connectivity=8)
    depth = cv2.distanceTransform(lines, cv2.DIST_L2, cv2.DIST_MASK_3)
    area = np.maximum(stats[:, cv2.CC_STAT_AREA], 1)
    width, height = stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT]
    extent = np.maximum(np.hypot(width, height), 1)  # a background may have no pixel
    on = np.flatnonzero(lines)
    depths = np.bincount(labels.ravel()[on], weights=depth.ravel()[on], minlength=count)
    thickness = depths / area
    longest = 2 * _LENGTH_SHARE * max(lines.shape)
    hairs = (extent >= _ELONGATED * np.maximum(area / extent, 1)) | (
        (thickness < _THIN) & (extent >= longest)
    )
    hairs[0] = False  # the background
    return hairs.astype(np.uint8)[labels]


def remove_hair(image: np.ndarray, hair: np.ndarray) -> np.ndarray:
    """Paint over hairs from their surroundings (inpainting by the Navier-Stokes equations).

    Parameters
    ----------
    image : ndarray of shape (height, width, 3), uint8
        RGB.
    hair : ndarray of shape (height, width), bool
        From `hair_mask`.

    Returns
    -------
    ndarray of shape (height, width, 3), uint8
        The image itself where `hair` is empty.

    Notes
    -----
    Recipes in common use take Telea's fast marching, which under hairs drawn on real, hairless
    skin misses by more and takes longer.

    References
    ----------
    Bertalmio, Bertozzi & Sapiro (2001), Computer Vision and Pattern Recognition, I-355-I-362.
    """
    if not hair.any():
        return image
    grown = cv2.dilate(hair.astype(np.uint8), np.ones((3, 3), np.uint8))
    return cv2.inpaint(np.ascontiguousarray(image), grown, 1, cv2.INPAINT_NS)
