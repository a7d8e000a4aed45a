"""One lesion's geometry, measured once for all letters."""

from functools import cached_property

import numpy as np

from features._opencv import cv2
from features.abcd.polar_grid import PolarGrid, polar_grid
from features.lesion_shape import (
    OUTLINE_POINTS,
    Moments,
    largest_part,
    outer_contours,
    outline,
    region_moments,
)
from features.preparation.components import fill_holes

_NEXT = np.arange(1, OUTLINE_POINTS + 1) % OUTLINE_POINTS
_HALF_PIXEL = np.array([[0.5, 0], [-0.5, 0], [0, 0.5], [0, -0.5]])
_PREVIOUS = np.arange(-1, OUTLINE_POINTS - 1) % OUTLINE_POINTS


class LesionShape:
    """A lesion cut to its bounding box, and what several letters need to know of it.

    Parameters
    ----------
    mask : ndarray of shape (height, width), bool
        At least one pixel is True.

    Attributes
    ----------
    box : tuple of two slices
        Rows and columns of the mask that hold the lesion.
    mask : ndarray of shape (box height, box width), bool
        What the box holds.
    corner : complex
        x + iy of the box's first pixel; all coordinates below count from there.

    Notes
    -----
    Counting from the box, every number is the same wherever the lesion lies.
    """

    def __init__(self, mask: np.ndarray):
        rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        self.box = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
        self.mask = np.ascontiguousarray(mask[self.box])
        self.corner = complex(columns[0], rows[0])

    @cached_property
    def moments(self) -> Moments:
        """Centre and axes of all parts together."""
        return region_moments(self.mask)

    @cached_property
    def diameter(self) -> float:
        """Diameter of the disk of equal area, in pixels."""
        return float(np.sqrt(4 * self.moments.area / np.pi))

    @cached_property
    def contours(self) -> list[np.ndarray]:
        """Outer border of every part, on a grid twice as fine."""
        return outer_contours(self.mask)

    @cached_property
    def part(self) -> np.ndarray:
        """The largest part, with what lies in its holes, (box height, box width) bool."""
        if len(self.contours) == 1:
            return self.mask
        return self.mask & (fill_holes(largest_part(self.mask).view(np.uint8)) > 0)

    @cached_property
    def part_moments(self) -> Moments:
        """Centre and axes of the largest part."""
        return self.moments if self.part is self.mask else region_moments(self.part)

    @cached_property
    def part_diameter(self) -> float:
        """Diameter of the disk with the largest part's area, in pixels."""
        return float(np.sqrt(4 * self.part_moments.area / np.pi))

    @cached_property
    def outline(self) -> np.ndarray:
        """Smoothed outline of the largest part, (360,) as x + iy, clockwise on the screen."""
        contours = self.contours if self.part is self.mask else outer_contours(self.part)
        return outline(contours[0], self.part_moments)

    @cached_property
    def normals(self) -> np.ndarray:
        """Unit vectors that point outwards from the outline, (360,) complex."""
        tangent = self.outline.take(_NEXT) - self.outline.take(_PREVIOUS)
        return -1j * tangent / np.maximum(np.abs(tangent), 1e-12)

    @cached_property
    def hull(self) -> np.ndarray:
        """Convex hull of all parts, half a pixel around their pixels' centres, complex."""
        centers = cv2.convexHull(np.concatenate(self.contours)).astype(np.int32) >> 1
        corners = (centers + _HALF_PIXEL).reshape(-1, 2).astype(np.float32)
        x, y = cv2.convexHull(corners)[:, 0].astype(np.float64).T
        return x + 1j * y

    @cached_property
    def polar(self) -> PolarGrid:
        """The lesion on a polar grid that ends at the hull's farthest corner."""
        farthest = np.abs(self.hull - complex(*self.moments.center)).max()
        return polar_grid(self.mask, self.moments, float(farthest))

    def samples(self, *planes: np.ndarray) -> np.ndarray:
        """Sample planes of the box on the polar grid.

        Parameters
        ----------
        *planes : ndarray of shape (box height, box width)
            Any planes.

        Returns
        -------
        ndarray of shape (n_planes, 144, 48)
            Skin where a sample misses the lesion.
        """
        return np.stack([plane.ravel().take(self.polar.pixel) for plane in planes])
