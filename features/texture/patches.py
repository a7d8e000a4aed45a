"""Small squares of a lesion's own pixels, ready for a dictionary."""

from typing import NamedTuple

import numpy as np
import torch
from numpy.lib.stride_tricks import sliding_window_view
from torch import Tensor

from features._opencv import cv2
from features.color_spaces import gray_plane

ZONES = ("core", "middle", "rim")
COLORS = ("rgb", "gray")
# Grey levels squared: keeps the noise of flat patches small.
_CONTRAST_FLOOR = 10.0


class Patches(NamedTuple):
    """Patches of one lesion.

    Attributes
    ----------
    values : ndarray of shape (n_patches, n_values), float32
        Each with mean 0 and a variance below 1.
    zone : ndarray of shape (n_patches,), int
        Position in `ZONES`.
    """

    values: np.ndarray
    zone: np.ndarray


def lesion_pictures(pixels: Tensor, mask: Tensor, size: int) -> Tensor:
    """Cut lesions out, shrunk to fit a small canvas where they are larger; never enlarged.

    Parameters
    ----------
    pixels : Tensor of shape (n, 3, height, width), uint8
        RGB.
    mask : Tensor of shape (n, height, width), bool
        True on the lesion, at least one pixel an image.
    size : int
        Side of the canvas, in pixels.

    Returns
    -------
    Tensor of shape (n, 4, size, size), uint8
        On the CPU: RGB, and 1 on pixels that are made of lesion pixels alone; the lesion's
        bounding box lies in the upper left corner, zeros beyond it.
    """
    pictures = np.zeros((len(pixels), 4, size, size), dtype=np.uint8)
    images = pixels.permute(0, 2, 3, 1).cpu().numpy()
    for picture, image, inside in zip(pictures, images, mask.cpu().numpy(), strict=True):
        x, y, width, height = cv2.boundingRect(inside.astype(np.uint8))
        box = (slice(y, y + height), slice(x, x + width))
        lesion, skin = image[box], (~inside[box]).astype(np.float32)
        scale = size / max(width, height)
        if scale < 1:
            small = (max(1, round(width * scale)), max(1, round(height * scale)))
            lesion = cv2.resize(lesion, small, interpolation=cv2.INTER_AREA)
            skin = cv2.resize(skin, small, interpolation=cv2.INTER_AREA)
        rows, columns = skin.shape
        picture[:3, :rows, :columns] = lesion.transpose(2, 0, 1)
        picture[3, :rows, :columns] = skin == 0
    return torch.from_numpy(pictures)


def lesion_patches(picture: np.ndarray, side: int, step: int, color: str = "rgb") -> Patches:
    """Take the patches of one lesion, each with its mean taken off and its contrast evened out.

    Parameters
    ----------
    picture : ndarray of shape (4, size, size), uint8
        RGB and mask, as `lesion_pictures` gives them.
    side : int
        Side of a patch, in pixels of the picture.
    step : int
        From one patch to the next, across and down.
    color : {"rgb", "gray"}, default="rgb"
        All three channels, or their luminance.

    Returns
    -------
    Patches
        Those whose pixels are all on the lesion, row by row; none where it is too small. A
        patch's zone is its third by depth: core, middle or rim.
    """
    x, y, width, height = cv2.boundingRect(picture[3])
    planes, inside = (
        picture[:3, y : y + height, x : x + width],
        picture[3, y : y + height, x : x + width],
    )
    rows = columns = np.empty(0, dtype=int)
    if min(width, height) >= side:
        whole = sliding_window_view(inside, (side, side))[::step, ::step].all(axis=(2, 3))
        rows, columns = np.nonzero(whole)
    if not len(rows):
        n_values = (3 if color == "rgb" else 1) * side * side
        return Patches(np.empty((0, n_values), dtype=np.float32), rows)
    windows = sliding_window_view(_planes(planes, color), (side, side), axis=(1, 2))
    values = windows[:, rows * step, columns * step].swapaxes(0, 1).reshape(len(rows), -1)
    values = values - values.mean(axis=1, keepdims=True)
    values /= np.sqrt(np.square(values).mean(axis=1, keepdims=True) + _CONTRAST_FLOOR)
    # Beyond the bounding box there is no lesion: the border is there too.
    depth = cv2.distanceTransform(np.pad(inside, 1), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    middle = 1 + side // 2
    return Patches(values, _zones(depth[rows * step + middle, columns * step + middle]))


def _planes(planes: np.ndarray, color: str) -> np.ndarray:
    """Levels in [0, 255], (channels, height, width) float32."""
    if color == "rgb":
        return planes.astype(np.float32)
    return 255 * gray_plane(torch.from_numpy(planes)[None]).numpy()


def _zones(depth: np.ndarray) -> np.ndarray:
    """Thirds of the patches by depth, the deepest first; equal depths stay together."""
    # Squares are whole numbers. OpenCV's last digit differs with the place in memory, and a tie
    # that it broke would move a patch to another zone.
    squares = np.rint(np.square(depth))
    return 2 - np.searchsorted(np.quantile(squares, [1 / 3, 2 / 3]), squares)
