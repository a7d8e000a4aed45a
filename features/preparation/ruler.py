"""Ruler marks: rows of short, dark, parallel ticks at equal distances."""

import numpy as np

from features._opencv import cv2

_KERNEL_SHARE = 17 / 600
_THRESHOLD = 20
_LENGTHS = (8 / 600, 90 / 600)  # of a tick, in longer sides of the frame
_ELONGATED = 3.0
_PARALLEL = np.deg2rad(8)
_FEWEST = 6
_UNEVEN = 0.2  # most deviation of a gap from the row's median gap, as a share of it
_MOST_TICKS = 400  # more than this is texture, not a ruler


def ruler_mask(image: np.ndarray) -> np.ndarray:
    """Ticks of a ruler.

    Of the thin dark structures that black-hat finds, those of a tick's length that form a row:
    at least six, parallel, side by side, at distances that differ by less than 20 %.

    Parameters
    ----------
    image : ndarray of shape (height, width, 3), uint8
        RGB.

    Returns
    -------
    ndarray of shape (height, width), bool
        True on ticks.

    Notes
    -----
    Ruler and ticks correlate with the diagnosis in public collections, since doubtful lesions
    are the ones measured: the mask serves to count and to look; preparation paints ticks over
    only if asked to. Digits, and a base line that joins the ticks, are not found.
    """
    side = max(image.shape[:2])
    size = max(3, round(_KERNEL_SHARE * side) | 1)
    gray = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    kernel = cv2.getStructuringElement(cv2.MORPH_RECT, (size, size))
    dark = (cv2.morphologyEx(gray, cv2.MORPH_BLACKHAT, kernel) > _THRESHOLD).astype(np.uint8)
    outlines, _ = cv2.findContours(dark, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    ticks = [tick for outline in outlines if (tick := _tick(outline, side)) is not None]
    ruler = np.zeros_like(dark)
    if _FEWEST <= len(ticks) <= _MOST_TICKS:
        places = np.array([place for place, _ in ticks])
        for i in np.flatnonzero(_in_rows(places)):
            cv2.drawContours(ruler, [ticks[i][1]], -1, 1, cv2.FILLED)
    return ruler > 0


def _tick(outline: np.ndarray, side: int) -> tuple[tuple[float, ...], np.ndarray] | None:
    """Centre, angle in [0, pi) and length of an elongated component, with its outline."""
    if len(outline) < 4:
        return None
    (x, y), (width, height), degrees = cv2.minAreaRect(outline)
    long, short = max(width, height) + 1, min(width, height) + 1
    if not (_LENGTHS[0] * side <= long <= _LENGTHS[1] * side and long >= _ELONGATED * short):
        return None
    angle = np.deg2rad(degrees if width >= height else degrees + 90) % np.pi
    return (x, y, angle, long), outline


def _in_rows(places: np.ndarray) -> np.ndarray:
    """Which ticks, (n, 4) as from `_tick`, belong to a row; (n,) bool."""
    found = np.zeros(len(places), dtype=bool)
    for x, y, angle, length in places:
        turn = np.abs(places[:, 2] - angle)
        parallel = np.minimum(turn, np.pi - turn) < _PARALLEL
        along = np.array([np.cos(angle), np.sin(angle)])
        offset = places[:, :2] - (x, y)
        # Ticks of a row overlap along their own direction, and follow each other across it.
        beside = np.abs(offset @ along) < 0.5 * length
        row = np.flatnonzero(parallel & beside)
        across = offset[row] @ np.array([-along[1], along[0]])
        found[row[_longest_even_run(across)]] = True
    return found


def _longest_even_run(position: np.ndarray) -> np.ndarray:
    """Find the longest run of evenly spaced positions; no indices if it is under six."""
    order = np.argsort(position)
    gaps = np.diff(position[order])
    best = order[:0]
    for start in range(len(gaps)):
        stop = start
        while stop < len(gaps) and abs(gaps[stop] / max(gaps[start], 1e-9) - 1) < _UNEVEN:
            stop += 1
        if stop - start + 1 > max(len(best), _FEWEST - 1):
            best = order[start : stop + 1]
    return best
