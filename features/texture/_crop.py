"""The lesion's box in one image, in NumPy: all that texture looks at on a CPU."""

import numpy as np
from torch import Tensor

from features._opencv import cv2


def lesion_crop(gray: Tensor, mask: Tensor) -> tuple[np.ndarray, np.ndarray]:
    """Cut plane and mask to the mask's bounding box.

    Parameters
    ----------
    gray : Tensor of shape (height, width), float32
        On a CPU.
    mask : Tensor of shape (height, width), bool
        On a CPU; at least one pixel is True.

    Returns
    -------
    tuple of two ndarrays, float32 and bool
        Views of the two, small enough to stay in cache.
    """
    inside = mask.numpy()
    left, top, width, height = cv2.boundingRect(inside.view(np.uint8))
    box = slice(top, top + height), slice(left, left + width)
    return gray.numpy()[box], inside[box]
