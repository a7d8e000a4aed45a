"""Geometry of a lesion mask: centre, axes, largest part and outline."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from scipy.fft import fft, ifft

from features._opencv import cv2

OUTLINE_POINTS = 360

# The outline is smoothed over this share of its length, and never less than this many pixels:
# the stairs of the pixel grid would otherwise count as irregularity.
_SMOOTHING = 0.005
_LEAST_SMOOTHING = 1.5


class Moments(NamedTuple):
    """Where a region lies and how it is stretched, in pixels.

    Parameters
    ----------
    area : float
        Number of pixels.
    center : ndarray of shape (2,)
        Centroid (x, y).
    axis : ndarray of shape (2,)
        Unit vector (x, y) along the major axis, towards the longer tail.
    spread : ndarray of shape (2,)
        Variance along the major and the minor axis; a pixel is a unit square.
    """

    area: float
    center: np.ndarray
    axis: np.ndarray
    spread: np.ndarray


def region_moments(mask: np.ndarray) -> Moments:
    """Centre and principal axes of a region.

    Parameters
    ----------
    mask : ndarray of shape (height, width), bool
        At least one pixel is True.

    Returns
    -------
    Moments
        The axis of a region without a longest direction is arbitrary.
    """
    m = cv2.moments(mask.view(np.uint8))
    angle = 0.5 * np.arctan2(2 * m["mu11"], m["mu20"] - m["mu02"])
    x, y = np.cos(angle), np.sin(angle)
    tail = x**3 * m["mu30"] + 3 * x**2 * y * m["mu21"] + 3 * x * y**2 * m["mu12"]
    axis = np.array([x, y]) * (1.0 if tail + y**3 * m["mu03"] >= 0 else -1.0)
    mean = (m["mu20"] + m["mu02"]) / 2
    half = np.hypot(m["mu11"], (m["mu20"] - m["mu02"]) / 2)
    spread = np.array([mean + half, max(mean - half, 0.0)]) / m["m00"] + 1 / 12
    center = np.array([m["m10"], m["m01"]]) / m["m00"]
    return Moments(m["m00"], center, axis, spread)


def largest_part(mask: np.ndarray) -> np.ndarray:
    """Keep the largest connected part of a region.

    Parameters
    ----------
    mask : ndarray of shape (height, width), bool
        At least one pixel is True.

    Returns
    -------
    ndarray of shape (height, width), bool
        The part with most pixels, corners connected.
    """
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.view(np.uint8))
    if count == 2:
        return mask
    return labels == 1 + np.argmax(stats[1:, cv2.CC_STAT_AREA])


def outer_contours(mask: np.ndarray) -> list[np.ndarray]:
    """Trace every region along the borders of its pixels.

    Parameters
    ----------
    mask : ndarray of shape (height, width), bool
        At least one pixel is True.

    Returns
    -------
    list of ndarray of shape (n_points, 1, 2), int32
        A closed chain of (x, y) a region, on a grid twice as fine as the pixels, where pixel
        (x, y) covers 2 x to 2 x + 1. Holes, and what lies in them, are passed over.
    """
    # At twice the size the contour runs along the pixels' borders, so that a line one pixel
    # wide still encloses an area.
    double = mask.view(np.uint8).repeat(2, axis=1).repeat(2, axis=0)
    return list(cv2.findContours(double, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)[0])


def outline(contour: np.ndarray, moments: Moments) -> np.ndarray:
    """Smooth a contour and space its points evenly.

    Parameters
    ----------
    contour : ndarray of shape (n_points, 1, 2), int32
        From `outer_contours`.
    moments : Moments
        Of the region inside.

    Returns
    -------
    ndarray of shape (360,), complex128
        x + iy in pixels, clockwise on the screen, the first half a step behind the major axis:
        the points of a lesion that is turned or mirrored are turned or mirrored too.
    """
    chain = contour[:, 0, 0] + 1j * contour[:, 0, 1]
    points = _smoothed(chain / 2 - (0.25 + 0.25j))
    if not _turns_clockwise(points):
        points = points[::-1]
    points = _from_axis(points, moments)
    closed = np.append(points, points[0])
    travelled = np.append(0.0, np.cumsum(np.abs(np.diff(closed))))
    # Half a step on, as a point on the axis itself would be of one sector or the other by chance.
    stops = (np.arange(OUTLINE_POINTS) + 0.5) * (travelled[-1] / OUTLINE_POINTS)
    return np.interp(stops, travelled, closed)


def _smoothed(points: np.ndarray) -> np.ndarray:
    """Gaussian smoothing along a closed chain of complex points, half a pixel apart."""
    return ifft(fft(points) * _response(len(points)))


def _turns_clockwise(points: np.ndarray) -> bool:
    centered = points - points.mean()
    return float((centered.conj() * np.roll(centered, -1)).imag.sum()) > 0


def _from_axis(points: np.ndarray, moments: Moments) -> np.ndarray:
    """Begin a closed clockwise chain where it crosses the major axis farthest out."""
    along = (points - complex(*moments.center)) * complex(*moments.axis).conjugate()
    side = along.imag
    crossings = np.flatnonzero((side < 0) & (np.roll(side, -1) >= 0))
    before = crossings[along.real[crossings].argmax()]
    following = np.roll(points, -before - 1)
    share = side[before] / (side[before] - side[(before + 1) % len(side)])
    start = points[before] + share * (following[0] - points[before])
    return np.append(start, following)


@lru_cache(maxsize=512)
def _response(length: int) -> np.ndarray:
    sigma = max(2 * _LEAST_SMOOTHING, _SMOOTHING * length)
    return np.exp(-2 * (np.pi * sigma * np.fft.fftfreq(length)) ** 2)


def sectors(vectors: np.ndarray, axis: np.ndarray, count: int = 8) -> np.ndarray:
    """Sector of each vector, counted from an axis.

    Parameters
    ----------
    vectors : ndarray of shape (n_points,), complex128
        x + iy from the centre.
    axis : ndarray of shape (2,)
        Unit vector along which the first sector starts.
    count : int, default=8
        Sectors in a full turn.

    Returns
    -------
    ndarray of shape (n_points,), int
        In [0, count - 1].
    """
    turn = np.angle(vectors * complex(axis[0], -axis[1])) / (2 * np.pi) % 1.0
    return np.minimum((turn * count).astype(np.int64), count - 1)
