"""Histograms of oriented gradients with scikit-image, of a patch turned upright with OpenCV.

scikit-image's own `warp` differs from OpenCV's by 5e-7 of grey, enough to move a few gradients
an image across the edge of their bin; so the patch is made with OpenCV here too.
"""

import cv2
import numpy as np
from skimage.color import rgb2gray
from skimage.feature import hog as skimage_hog

from features.preparation.lesion_view import PreparedLesion

SIZE = 128
MARGIN = 0.1


def hog(lesion: PreparedLesion) -> np.ndarray:
    patch = upright_patch(rgb2gray(lesion.pixels), lesion.mask, lesion.valid)
    return skimage_hog(
        patch.astype(np.float64),
        orientations=9,
        pixels_per_cell=(16, 16),
        cells_per_block=(2, 2),
        block_norm="L2-Hys",
    )


def upright_patch(gray: np.ndarray, mask: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """Square around the lesion, its major axis horizontal, its longer tail on the right."""
    skin = valid & ~mask
    gray = gray.astype(np.float32)
    fill = gray[skin if skin.any() else mask].mean(dtype=np.float64)
    filled = np.where(valid, gray, fill).astype(np.float32)
    m = cv2.moments(mask.astype(np.uint8), binaryImage=True)
    angle = np.arctan2(2 * m["mu11"], m["mu20"] - m["mu02"]) / 2
    c, s = np.cos(angle), np.sin(angle)
    third = c**3 * m["mu30"] + 3 * c**2 * s * m["mu21"] + 3 * c * s**2 * m["mu12"]
    if third + s**3 * m["mu03"] < 0:
        c, s = -c, -s
    rows, columns = np.nonzero(mask)
    along, across = c * columns + s * rows, c * rows - s * columns
    length, breadth = np.ptp(along) + 1, np.ptp(across) + 1
    zoom = max(length, breadth) * (1 + 2 * MARGIN) / SIZE
    middle = (along.min() + along.max()) / 2, (across.min() + across.max()) / 2
    x = c * middle[0] - s * middle[1] - zoom * (c - s) * (SIZE - 1) / 2
    y = s * middle[0] + c * middle[1] - zoom * (s + c) * (SIZE - 1) / 2
    return cv2.warpAffine(
        filled,
        np.array([[zoom * c, -zoom * s, x], [zoom * s, zoom * c, y]]),
        (SIZE, SIZE),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=fill,
    )
