"""Perceptual hashes of a picture, its mirror images and its crops, and the pairs that come close.

A copy that was mirrored is close to the original in one of eight views, a copy that was cropped
in one of six. So the radius can be small, and few pairs are left to be looked at.
"""

from concurrent.futures import ThreadPoolExecutor

import imagehash
import numpy as np
from joblib import effective_n_jobs
from numpy.typing import NDArray
from PIL import Image

__all__ = ["CROPS", "N_HASHES", "N_WORDS", "VIEWS", "close_pairs", "hash_picture", "view_of"]

# As (mirrored left to right, upside down, transposed).
VIEWS = tuple((x, y, t) for t in (False, True) for y in (False, True) for x in (False, True))

# As (share of a side kept, place of the window: 0 at the left or top, 1 at the right or bottom).
CROPS = (
    (1.0, 0.5, 0.5),
    (0.95, 0.2, 0.2),
    (0.95, 0.2, 0.8),
    (0.95, 0.8, 0.2),
    (0.95, 0.8, 0.8),
    (0.91, 0.5, 0.5),
)

_HASH_SIDE = 16
N_WORDS = _HASH_SIDE**2 // 64
N_HASHES = len(VIEWS) + len(CROPS)

# Of 256 bits: copies differ in 60 at most, unrelated dermoscopic images in fewer than 64 once in
# 100,000 pairs.
RADIUS = 64
# Of the 64 bits of the lowest frequencies, looked at first.
_FIRST_RADIUS = 18
# Pairs compared at once fit into a core's cache.
_BLOCK, _BLOCK_RIGHT = 128, 2048


def view_of(picture: np.ndarray, view: int) -> np.ndarray:
    """Mirror a square picture, as `VIEWS` says."""
    mirrored, upside_down, transposed = VIEWS[view]
    rows = slice(None, None, -1 if upside_down else 1)
    columns = slice(None, None, -1 if mirrored else 1)
    seen = picture[rows, columns]
    return seen.T if transposed else seen


def hash_picture(picture: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """Hash a square grey picture in all views, then in all crops.

    Parameters
    ----------
    picture : ndarray of shape (side, side), uint8
        Grey.

    Returns
    -------
    ndarray of shape (len(VIEWS) + len(CROPS), 4), uint64
        Bits of `imagehash.phash`, those of the lowest frequencies in the first word.
    """
    views = [view_of(picture, view) for view in range(len(VIEWS))]
    image, side = Image.fromarray(picture), len(picture)
    crops = []
    for share, x, y in CROPS:
        left, top = (1 - share) * side * x, (1 - share) * side * y
        window = (left, top, left + share * side, top + share * side)
        crops.append(image.resize((side, side), Image.Resampling.BICUBIC, box=window))
    images = [Image.fromarray(np.ascontiguousarray(view)) for view in views] + crops
    return np.stack([_words(imagehash.phash(each, hash_size=_HASH_SIDE).hash) for each in images])


def _words(bits: NDArray[np.bool_]) -> NDArray[np.uint64]:
    """Pack a hash by quarters, the low frequencies first."""
    half = _HASH_SIDE // 2
    quarters = bits.reshape(2, half, 2, half).swapaxes(1, 2).reshape(N_WORDS, -1)
    return np.packbits(quarters, axis=1).view(np.uint64)[:, 0]


def close_pairs(hashes: NDArray[np.uint64], *, n_jobs: int | None = None) -> NDArray[np.int64]:
    """Find pairs of pictures of which one, in some view, comes close to some crop of the other.

    Parameters
    ----------
    hashes : ndarray of shape (n, len(VIEWS) + len(CROPS), 4), uint64
        As `hash_picture` gives them.
    n_jobs : int, optional
        Threads, counted as joblib does.

    Returns
    -------
    ndarray of shape (n_pairs, 5), int64
        Columns: the picture that is seen in a view, the picture that is cropped, view, crop and
        Hamming distance, of 256 bits. A pair comes once, with its smallest distance.

    Notes
    -----
    All pairs are compared, 48 times: time grows with the square of `n`.
    """
    views, crops = hashes[:, : len(VIEWS)], hashes[:, len(VIEWS) :]
    tasks = [
        (start, view, crop)
        for start in range(0, len(hashes), _BLOCK)
        for view in range(len(VIEWS))
        for crop in range(len(CROPS))
    ]

    def compare(task: tuple[int, int, int]) -> NDArray[np.int64]:
        start, view, crop = task
        # Uncropped, a pair is the same either way round.
        first = start if crop == 0 else 0
        left, right = views[start : start + _BLOCK, view], crops[first:, crop]
        i, j = _close(left, right)
        distance = np.bitwise_count(left[i] ^ right[j]).sum(axis=1, dtype=np.int64)
        i, j = i + start, j + first
        close = (distance <= RADIUS) & ((i < j) if crop == 0 else (i != j))
        i, j, distance = i[close], j[close], distance[close]
        return np.stack([i, j, np.full_like(i, view), np.full_like(i, crop), distance], axis=1)

    with ThreadPoolExecutor(effective_n_jobs(n_jobs)) as pool:
        found = list(pool.map(compare, tasks))
    return _closest(np.concatenate(found)) if found else np.empty((0, 5), dtype=np.int64)


def _close(left: NDArray[np.uint64], right: NDArray[np.uint64]):
    """Positions of pairs whose first words are close."""
    rows, columns = left[:, :1].copy(), right[:, 0].copy()
    found = []
    for start in range(0, len(columns), _BLOCK_RIGHT):
        distance = np.bitwise_count(rows ^ columns[start : start + _BLOCK_RIGHT])
        i, j = np.nonzero(distance <= _FIRST_RADIUS)
        found.append((i, j + start))
    return (np.concatenate(each) for each in zip(*found, strict=True))


def _closest(pairs: NDArray[np.int64]) -> NDArray[np.int64]:
    """Keep each pair once, with its smallest distance, in the order of its pictures."""
    low, high = pairs[:, :2].min(axis=1), pairs[:, :2].max(axis=1)
    order = np.lexsort((pairs[:, 3], pairs[:, 2], pairs[:, 4], high, low))
    first = np.ones(len(order), dtype=bool)
    low, high = low[order], high[order]
    first[1:] = (low[1:] != low[:-1]) | (high[1:] != high[:-1])
    return pairs[order[first]]
