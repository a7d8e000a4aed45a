"""Whether two small pictures show the same photograph: laid over each other, compared in detail."""

import numpy as np
from numpy.typing import NDArray

from features._opencv import cv2
from pipelines.audit.hashing import CROPS, view_of

__all__ = ["SAME_PICTURE", "compare_pairs", "lay_over"]

# Windows looked for: sides within a quarter, centres within a tenth of the picture.
_SIDES = (0.8, 1.25)
_SHIFT = 0.2
_STEP = 0.1

# Agreement in detail from which on two pictures are the same. Copies of 2,000 dermoscopic images
# that were shrunk, recompressed, mirrored, brightened and cropped at once agree by 0.46 or more in
# 999 of 1,000. Of all 10,015 pictures of HAM10000 those of two lesions agree by 0.37 at most, but
# for five pairs that are one lesion under two ids, as one sees.
SAME_PICTURE = 0.42

# The border where a blurred, moved picture is not to be trusted, in pixels.
_MARGIN = 3
# Darker than this is the frame of a round field of view, whose edge is alike in all pictures of a
# device; it is felt as far as detail is taken from.
_FRAME = 16
_FRAME_MARGIN = 6
# Tiles that both must see.
_LEAST_TILES = 4
# Width of what counts as fine detail, in pixels; tiles a side; share of a tile that is enough.
_FINE = 2.5
_GRID = 4
_SEEN = 0.3
_BATCH = 256

Array = NDArray[np.float32]


def compare_pairs(pictures: NDArray[np.uint8], pairs: NDArray[np.int64]) -> NDArray[np.float64]:
    """Tell how well the pictures of each pair agree after laying one over the other.

    Parameters
    ----------
    pictures : ndarray of shape (n, side, side), uint8
        Grey.
    pairs : ndarray of shape (n_pairs, 5), int64
        As `close_pairs` gives them.

    Returns
    -------
    ndarray of shape (n_pairs, 2), float64
        Correlation of the pictures, and mean correlation of their fine detail over the tiles of
        a 4 x 4 grid, where both see; in [-1, 1].

    Notes
    -----
    Pictures of dark spots on plain skin correlate by 0.98 and more, whoever's they are, and the
    spot's edge outweighs all other detail. So detail is evened out in contrast, and each tile has
    one vote.
    """
    found = [_compare(pictures, pairs[s : s + _BATCH]) for s in range(0, len(pairs), _BATCH)]
    return np.concatenate(found) if found else np.empty((0, 2))


def _compare(pictures, pairs):
    seen = np.stack([view_of(pictures[i], view) for i, view in pairs[:, [0, 2]]])
    still, moving = seen.astype(np.float32), pictures[pairs[:, 1]].astype(np.float32)
    share, x, y = np.array(CROPS, dtype=np.float32)[pairs[:, 3]].T
    start = np.stack([share, (1 - share) * (2 * x - 1), share, (1 - share) * (2 * y - 1)], axis=1)
    window = lay_over(_halve(still), _halve(moving), start, n_steps=4)
    window = lay_over(still, moving, window, n_steps=3)
    moved, both = _cut(moving, window)
    lit = (still > _FRAME) & (moved > _FRAME)
    both = _shrink(both, _MARGIN, outside=0) * _shrink(lit, _FRAME_MARGIN, outside=1)
    whole = _correlation(still, moved, both)
    return np.stack([whole, _tile_agreement(_detail(still), _detail(moved), both)], axis=1)


def lay_over(still: Array, moving: Array, window: Array, *, n_steps: int) -> Array:
    """Find the window of one picture that shows what the other shows, by Gauss-Newton steps.

    Parameters
    ----------
    still, moving : ndarray of shape (n, side, side), float32
        Grey. They may differ in brightness and contrast.
    window : ndarray of shape (n, 4), float32
        Where to start: width and horizontal centre, height and vertical centre of the window
        in `moving`; the whole picture is (1, 0, 1, 0), its right half (0.5, 0.5, 1, 0).
    n_steps : int
        Steps, of a tenth of the picture at most.

    Returns
    -------
    ndarray of shape (n, 4), float32
        The window.

    References
    ----------
    Baker & Matthews (2004), International Journal of Computer Vision 56(3), 221-255.
    """
    side = still.shape[1]
    place = _places(side)
    slope_x, slope_y = np.zeros_like(moving), np.zeros_like(moving)
    slope_x[:, :, 1:-1] = (moving[:, :, 2:] - moving[:, :, :-2]) * (side / 4)
    slope_y[:, 1:-1] = (moving[:, 2:] - moving[:, :-2]) * (side / 4)
    for _ in range(n_steps):
        rows, columns, both = _sampling(window, side)
        shown = both.astype(np.float32)
        moved, along_x, along_y = (
            (rows @ each @ columns) * shown for each in (moving, slope_x, slope_y)
        )
        terms = np.stack(
            [moved, shown, along_x * place, along_x, along_y * place[:, None], along_y], axis=1
        ).reshape(len(still), 6, -1)
        normal = (terms @ terms.swapaxes(1, 2)).astype(np.float64)
        right = (terms @ (still * shown).reshape(len(still), -1, 1)).astype(np.float64)
        # Keeps a picture without any detail solvable.
        diagonal = normal.diagonal(axis1=1, axis2=2)[:, None, :]
        normal += np.eye(6) * (1e-4 * diagonal + 1e-6)
        solved = np.linalg.solve(normal, right)[:, :, 0]
        contrast = np.maximum(solved[:, :1], 0.3)
        window = window + np.clip(solved[:, 2:] / contrast, -_STEP, _STEP)
        window[:, ::2] = window[:, ::2].clip(*_SIDES)
        window[:, 1::2] = window[:, 1::2].clip(-_SHIFT, _SHIFT)
        window = window.astype(np.float32)
    return window


def _places(side):
    """Centres of pixels, from -1 to 1."""
    return ((np.arange(side) + 0.5) / side * 2 - 1).astype(np.float32)


def _sampling(window, side):
    """Matrices that cut a window out, bilinearly, and where it lies inside the picture."""
    matrices, inside = [], []
    for size, centre in ((window[:, 2], window[:, 3]), (window[:, 0], window[:, 1])):
        at = (size[:, None] * _places(side) + centre[:, None] + 1) / 2 * side - 0.5
        inside.append((at >= -0.5) & (at <= side - 0.5))
        weights = 1 - np.abs(at.clip(0, side - 1)[:, :, None] - np.arange(side))
        matrices.append(np.maximum(weights, 0).astype(np.float32))
    rows, columns = matrices
    return rows, columns.swapaxes(1, 2), inside[0][:, :, None] & inside[1][:, None, :]


def _cut(moving, window):
    rows, columns, both = _sampling(window, moving.shape[1])
    return rows @ moving @ columns, both


def _halve(pictures):
    n, side, _ = pictures.shape
    return pictures.reshape(n, side // 2, 2, side // 2, 2).mean(axis=(2, 4))


def _shrink(seen, margin, *, outside):
    """Leave out a margin around what is not seen, past the picture's edge too where told so."""
    kernel = np.ones((2 * margin + 1, 2 * margin + 1), dtype=np.uint8)
    edge = {"borderType": cv2.BORDER_CONSTANT, "borderValue": outside}
    return np.stack([cv2.erode(each, kernel, **edge) for each in seen.astype(np.uint8)]).astype(
        np.float32
    )


def _blur(pictures, sigma):
    return np.stack([cv2.GaussianBlur(each, (0, 0), sigma) for each in pictures])


def _detail(pictures):
    """Take what blurring takes away, its contrast evened out."""
    fine = pictures - _blur(pictures, _FINE)
    return fine / (np.sqrt(_blur(fine * fine, _FINE)) + 1.0)


def _tile_agreement(left, right, weight):
    """Mean over the tiles that both see of the correlation in each."""
    n = len(left)
    left, right, weight = (_tiles(each) for each in (left, right, weight))
    seen = weight.mean(axis=(1, 2)).reshape(n, -1) >= _SEEN
    agreement = _correlation(left, right, weight).reshape(n, -1)
    enough = seen.sum(axis=1) >= _LEAST_TILES
    return enough * (agreement * seen).sum(axis=1) / np.maximum(seen.sum(axis=1), 1)


def _tiles(pictures):
    n, side, _ = pictures.shape
    edge = side // _GRID
    return pictures.reshape(n, _GRID, edge, _GRID, edge).swapaxes(2, 3).reshape(-1, edge, edge)


def _correlation(left, right, weight):
    total = np.maximum(weight.sum(axis=(1, 2)), 1)[:, None, None]
    left, right = (
        (each - (each * weight).sum(axis=(1, 2))[:, None, None] / total) * weight
        for each in (left, right)
    )
    norm = np.sqrt((left * left).sum(axis=(1, 2)) * (right * right).sum(axis=(1, 2)))
    return (left * right).sum(axis=(1, 2)) / np.maximum(norm, 1e-6)
