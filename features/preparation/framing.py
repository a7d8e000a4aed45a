"""The two framings: the lesion for descriptors, the full frame for networks."""

from typing import NamedTuple

import numpy as np

from features._opencv import cv2

MARGIN = 0.25  # skin kept on each side of the lesion, as a share of its longer side


class Window(NamedTuple):
    """A square of the original image, drawn on a canvas of `size` pixels at `scale`."""

    top: float
    left: float
    scale: float
    size: int


def lesion_window(
    mask: np.ndarray, size: int, *, margin: float = MARGIN, upsample: bool = False
) -> Window:
    """Square around the lesion, in its true proportions.

    Parameters
    ----------
    mask : ndarray of shape (height, width), bool
        The lesion.
    size : int
        Side of the canvas, in pixels (224, 227, 299, ...).
    margin : float, default=0.25
        Skin on each side, as a share of the lesion's longer side.
    upsample : bool, default=False
        Enlarge a small lesion to fill the canvas, as the review's framing does. By default it
        keeps its own pixels, so that no texture is measured on invented ones.

    Returns
    -------
    Window
        May reach beyond the image; `cut` pads there.
    """
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    side = max(bottom - top, right - left) * (1 + 2 * margin)
    scale = size / side if upsample else min(1.0, size / side)
    # The canvas shows size / scale pixels, centred on the lesion's box. At full size it starts
    # on a whole pixel, so that nothing is interpolated.
    start_y, start_x = (top + bottom - size / scale) / 2, (left + right - size / scale) / 2
    if scale == 1.0:
        start_y, start_x = np.floor(start_y), np.floor(start_x)
    return Window(float(start_y), float(start_x), float(scale), size)


def cut(plane: np.ndarray, window: Window, *, smooth: bool = True) -> np.ndarray:
    """Draw a window of an image on its canvas; zero beyond the image.

    Parameters
    ----------
    plane : ndarray of shape (height, width) or (height, width, 3), uint8
        An image or a mask.
    window : Window
        From `lesion_window`.
    smooth : bool, default=True
        Averaged pixels when shrinking, bilinear when enlarging; False takes the nearest, for masks.

    Returns
    -------
    ndarray of shape (size, size) or (size, size, 3), uint8
        The canvas.
    """
    top, left, scale, size = window
    if scale < 1 and smooth:
        # warpAffine does not average: shrink first, with pixel areas, then place.
        height, width = plane.shape[:2]
        small = (max(1, round(width * scale)), max(1, round(height * scale)))
        plane = cv2.resize(plane, small, interpolation=cv2.INTER_AREA)
        ratio_x, ratio_y = small[0] / width, small[1] / height
        matrix = _placement(scale / ratio_x, scale / ratio_y, left * ratio_x, top * ratio_y)
    else:
        matrix = _placement(scale, scale, left, top)
    flag = cv2.INTER_LINEAR if smooth else cv2.INTER_NEAREST
    return cv2.warpAffine(plane, matrix, (size, size), flags=flag)


def _placement(scale_x: float, scale_y: float, left: float, top: float) -> np.ndarray:
    """Affine map of pixel centres: canvas = scale * (source - start)."""
    return np.array(
        [
            [scale_x, 0, scale_x * (0.5 - left) - 0.5],
            [0, scale_y, scale_y * (0.5 - top) - 0.5],
        ]
    )


def frame_image(image: np.ndarray, size: int, fill: tuple[int, int, int]) -> np.ndarray:
    """Full frame in true proportions on a square canvas.

    Parameters
    ----------
    image : ndarray of shape (height, width, 3), uint8
        RGB.
    size : int
        Side of the canvas: the frame's longer side becomes this long.
    fill : tuple of three int
        RGB of the strips beside the frame; a network's mean colour makes them silent.

    Returns
    -------
    ndarray of shape (size, size, 3), uint8
        The frame, centred.
    """
    height, width = image.shape[:2]
    scale = size / max(height, width)
    new = (max(1, round(width * scale)), max(1, round(height * scale)))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    canvas = np.empty((size, size, 3), dtype=np.uint8)
    canvas[:] = fill
    top, left = (size - new[1]) // 2, (size - new[0]) // 2
    canvas[top : top + new[1], left : left + new[0]] = cv2.resize(image, new, interpolation=method)
    return canvas
