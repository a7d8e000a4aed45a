"""The two framings: the lesion for descriptors, the full frame for networks."""

import math
from typing import NamedTuple

import numpy as np

from features._checks import check_int, check_share
from features._opencv import cv2
from features.reading.files import ImageError

MARGIN = 0.25  # skin kept on each side of the lesion, as a share of its longer side


class Window(NamedTuple):
    """A square of whole pixels of the original image, drawn on a canvas of `size` pixels."""

    top: int
    left: int
    side: int
    size: int

    @property
    def scale(self) -> float:
        """Canvas pixels per original pixel, at most 1."""
        return self.size / self.side

    def filled(self, shape: tuple[int, int]) -> np.ndarray:
        """Canvas pixels made of an image of this (height, width) alone, (size, size) bool."""
        starts = (self.top, self.left)
        # A canvas pixel covers `edges[i]` to `edges[i + 1]` of the window, in parts of `size`.
        edges = np.arange(self.size + 1) * self.side
        rows, columns = (
            (edges[:-1] + start * self.size >= 0)
            & (edges[1:] + start * self.size <= length * self.size)
            for start, length in zip(starts, shape, strict=True)
        )
        return rows[:, None] & columns

    def within(self, shape: tuple[int, int]) -> tuple[slice, slice]:
        """Rows and columns of the window that lie in an image of this (height, width)."""
        starts = (self.top, self.left)
        return tuple(  # type: ignore[return-value]
            slice(max(0, start), max(0, min(length, start + self.side)))
            for start, length in zip(starts, shape, strict=True)
        )


def lesion_window(mask: np.ndarray, size: int, *, margin: float = MARGIN) -> Window:
    """Square around the lesion, in its true proportions.

    Parameters
    ----------
    mask : ndarray of shape (height, width), bool
        The lesion, at least one pixel.
    size : int
        Side of the canvas, in pixels (224, 227, 299, ...).
    margin : float, default=0.25
        Skin on each side, as a share of the lesion's longer side.

    Returns
    -------
    Window
        May reach beyond the image; `cut` pads there. A small lesion keeps its own pixels: the
        canvas never enlarges, so that no texture is measured on invented ones.

    Raises
    ------
    ImageError
        The mask is empty.
    ValueError
        `size` is no whole number of pixels, or `margin` is negative.
    """
    check_int("size", size, 1)
    check_share("margin", margin)
    if not mask.any():
        raise ImageError("the mask is empty; expected values above 0 on the lesion.")
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    top, bottom = int(rows[0]), int(rows[-1]) + 1
    left, right = int(columns[0]), int(columns[-1]) + 1
    side = max(size, math.ceil(max(bottom - top, right - left) * (1 + 2 * margin)))
    return Window((top + bottom - side) // 2, (left + right - side) // 2, side, size)


def cut(plane: np.ndarray, window: Window, *, smooth: bool = True) -> np.ndarray:
    """Draw a window of an image on its canvas; zero beyond the image.

    Parameters
    ----------
    plane : ndarray of shape (height, width) or (height, width, 3), uint8
        An image or a mask.
    window : Window
        From `lesion_window`.
    smooth : bool, default=True
        Averaged pixels; False takes the nearest, for masks.

    Returns
    -------
    ndarray of shape (size, size) or (size, size, 3), uint8
        The canvas.
    """
    rows, columns = window.within(plane.shape[:2])
    square = plane[rows, columns]
    if square.shape[:2] != (window.side, window.side):
        square = np.zeros((window.side, window.side, *plane.shape[2:]), dtype=plane.dtype)
        square[
            rows.start - window.top : rows.stop - window.top,
            columns.start - window.left : columns.stop - window.left,
        ] = plane[rows, columns]
    if window.side == window.size:
        return square.copy()
    # The exact kind looks at pixel centres; plain nearest would shift a mask by half a pixel.
    method = cv2.INTER_AREA if smooth else cv2.INTER_NEAREST_EXACT
    return cv2.resize(square, (window.size, window.size), interpolation=method)


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
