"""D of the dermoscopic ABCD rule: weak proxies of its five structures."""

from functools import reduce
from itertools import chain
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from features._opencv import cv2
from features.abcd.local_detail import LocalDetail, opposite_neighbours
from features.abcd.polar_grid import DIRECTIONS, RINGS, PolarGrid
from features.abcd.shape import LesionShape

STRUCTURES = ("network", "structureless", "streaks", "dots", "globules")
NAMES = (*(f"{name}_{kind}" for name in STRUCTURES for kind in ("proxy", "present")), "score")

# From which measure on a structure counts as present: shares of the lesion, or numbers.
PRESENT = {"network": 0.05, "structureless": 0.1, "streaks": 3.0, "dots": 3.0, "globules": 1.0}

# Contrasts in L units from which on something is seen a little, and fully.
LINE, HOLE, SPOT, STREAK = (1.5, 4.0), (1.0, 3.0), (3.0, 6.0), (2.0, 5.0)
LIGHTER = 1.0  # L units by which each neighbour of a spot is lighter: its own dark patch is not
FLAT = (1.0, 2.0)  # standard deviations: flat below the first, not at all above the second
DOT_STEP, GLOBULE_STEP = 3, 6  # pixels from a spot's centre to its surroundings
DOT_SIDE, GLOBULE_SIDE = 5, 9  # of the window in which a spot is the darkest
ZONES = (8, 4)  # sectors and rings of the polar grid; in one, lines and holes must meet

RIM = np.linspace(0.02, 0.12, 12)  # depths below the outline, in equivalent diameters
_BANDS = 3  # of the rim, all of which a streak crosses
STREAK_WIDTH, STREAK_GAP = 3, 15  # points of the outline: a streak, and what surrounds it


class Spots(NamedTuple):
    """Spots of one size.

    Parameters
    ----------
    place : ndarray of shape (n_spots,), int
        Position of each centre in the flattened box of the lesion.
    strength : ndarray of shape (n_spots,), float32
        In (0, 1].
    """

    place: np.ndarray
    strength: np.ndarray


class Structures(NamedTuple):
    """Where the proxies see a structure, from 0, nowhere, to 1, fully.

    Parameters
    ----------
    network : ndarray of shape (8, 4), float64
        In each zone of the polar grid: sectors from the major axis on, rings from the centre.
    structureless : ndarray of shape (144, 48), float32
        On the polar grid.
    streaks : ndarray of shape (360,), float32
        At the points of the outline: the middle of each streak.
    dots, globules : Spots
        Small and large ones.
    """

    network: np.ndarray
    structureless: np.ndarray
    streaks: np.ndarray
    dots: Spots
    globules: Spots


def structures(lightness: Tensor, mask: Tensor) -> Tensor:
    """Weak proxies of the five dermoscopic structures.

    Parameters
    ----------
    lightness : Tensor of shape (n, height, width), float32
        L of CIELAB.
    mask : Tensor of shape (n, height, width), bool
        True on the lesion, at least one pixel an image.

    Returns
    -------
    Tensor of shape (n, 11), float32
        Ordered as `NAMES`.

    Notes
    -----
    PROXIES: simple measures of lightness that resemble a structure's definition. Nobody has
    compared them with what dermatologists see; below about 100 canvas pixels across, dots and
    network are smaller than a pixel and the measures follow coarse texture instead. L is
    averaged over 3 x 3 pixels (7 x 7 for globules) of the lesion alone; a ramp turns a contrast
    into 0 to 1, so that nothing hangs on one threshold. All lengths are canvas pixels, which
    are never enlarged, and streaks go along the outline.

    - `network_proxy`: dark lines and light holes, 3 pixels from their surroundings, meeting in
      the same of 32 zones (8 sectors, 4 rings): root of the product of their shares, averaged
      over the lesion. A line is darker than two opposite neighbours in one of four directions
      (1.5 to 4 L) and not in all; a hole lighter in all (1 to 3). Present from 0.05.
    - `structureless_proxy`: share of the lesion whose standard deviation over 7 x 7 pixels is
      low (1 to 2 L). Present from 0.1, the rule's 10 %.
    - `streaks_proxy`: dark lines, 3 of the outline's 360 points wide, that cross the rim from
      0.02 to 0.12 diameters below the outline, in all of its three bands (2 to 5 L): their
      number. Present from 3.
    - `dots_proxy`, `globules_proxy`: spots darker than the mean of two opposite points 3 or 6
      pixels away, in all of four directions (3 to 6 L), and than each of the eight by 1: their
      number. The middle of a globule is less darker than its own 7 x 7 mean than that is than
      its surroundings. Present from 3 and from 1.

    Numbers count a weak spot or streak as part of one. The rule asks for more than two dots or
    streaks and for one globule. `score` is the number of structures present, 1 to 5.
    """
    rows = []
    for plane, lesion in zip(lightness.cpu().numpy(), mask.cpu().numpy(), strict=True):
        shape = LesionShape(lesion)
        found = find_structures(shape, LocalDetail(shape.mask, plane[shape.box]))
        rows.append(structures_of_one(shape, found))
    return torch.from_numpy(np.stack(rows)).to(lightness.device)


def structures_of_one(shape: LesionShape, found: Structures) -> np.ndarray:
    """Structures of one lesion, (11,) float32."""
    weight = shape.polar.weight
    area = max(float(weight.sum()), 1.0)
    measures = {
        "network": (_by_zone(weight) * found.network).sum() / area,
        "structureless": (weight * found.structureless).sum(dtype=np.float64) / area,
        "streaks": found.streaks.sum(dtype=np.float64),
        "dots": found.dots.strength.sum(dtype=np.float64),
        "globules": found.globules.strength.sum(dtype=np.float64),
    }
    present = [measures[name] >= PRESENT[name] for name in STRUCTURES]
    score = min(max(sum(present), 1), 5)
    values = [x for pair in zip(measures.values(), present, strict=True) for x in pair]
    return np.array([*values, score], dtype=np.float32)


def find_structures(shape: LesionShape, detail: LocalDetail) -> Structures:
    """Look for the structures of one lesion in the planes of its box."""
    near = opposite_neighbours(detail.fine, DOT_STEP)
    far = opposite_neighbours(detail.local, GLOBULE_STEP)
    sums, far_sums = ([one + other for one, other in pairs] for pairs in (near, far))
    weakest = reduce(np.minimum, sums) / 2 - detail.fine
    strongest = reduce(np.maximum, sums) / 2 - detail.fine
    weakest_far = reduce(np.minimum, far_sums) / 2 - detail.local
    sampled = shape.samples(weakest, strongest, detail.local, detail.square)
    spread = np.sqrt(np.maximum(sampled[3] - np.square(sampled[2]), 0))
    return Structures(
        network=_mesh(sampled[0], sampled[1], shape.polar),
        structureless=1 - _ramp(spread, FLAT),
        streaks=_streaks(shape, detail),
        dots=_spots(_darker_than_all(weakest, detail.fine, near), shape.mask, DOT_SIDE),
        globules=_globules(_darker_than_all(weakest_far, detail.local, far), shape.mask, detail),
    )


def _ramp(values: np.ndarray, limits: tuple[float, float]) -> np.ndarray:
    low, high = limits
    return np.minimum(np.maximum(values - low, 0) * (1 / (high - low)), 1)


def _by_zone(samples: np.ndarray) -> np.ndarray:
    sectors, rings = ZONES
    shape = (sectors, DIRECTIONS // sectors, rings, RINGS // rings)
    return samples.reshape(shape).sum(axis=3).sum(axis=1)


def _mesh(weakest: np.ndarray, strongest: np.ndarray, grid: PolarGrid) -> np.ndarray:
    """Where dark lines and light holes meet."""
    line = _by_zone(_ramp(strongest - np.maximum(weakest, 0), LINE) * grid.weight)
    hole = _by_zone(_ramp(-strongest, HOLE) * grid.weight)
    return np.sqrt(line * hole) / np.maximum(_by_zone(grid.weight), 1)


def _darker_than_all(
    rise: np.ndarray, plane: np.ndarray, neighbours: list[tuple[np.ndarray, np.ndarray]]
) -> np.ndarray:
    """Keep a rise where every neighbour is lighter; 0 elsewhere."""
    least = reduce(np.minimum, chain.from_iterable(neighbours)) - plane
    return np.where(least >= LIGHTER, rise, np.float32(0))


def _spots(strength: np.ndarray, mask: np.ndarray, side: int) -> Spots:
    """Darkest points of dark spots, one of each."""
    inside = strength * mask
    darkest = cv2.dilate(inside, np.ones((side, side), np.uint8))
    peaks = (inside == darkest) & (inside > SPOT[0])
    place = np.flatnonzero(peaks)
    # Several equally dark points side by side are one spot.
    _, spot = cv2.connectedComponents(peaks.view(np.uint8))
    place = place[np.unique(spot.take(place), return_index=True)[1]]
    return Spots(place, _ramp(inside.take(place), SPOT))


def _globules(strength: np.ndarray, mask: np.ndarray, detail: LocalDetail) -> Spots:
    """Dark spots so large that their middle is little darker than the mean around it."""
    spots = _spots(strength, mask, GLOBULE_SIDE)
    dip = detail.local.take(spots.place) - detail.fine.take(spots.place)
    large = strength.take(spots.place) >= dip
    return Spots(spots.place[large], spots.strength[large])


def _streaks(shape: LesionShape, detail: LocalDetail) -> np.ndarray:
    """Middles of dark lines that cross the rim towards the centre."""
    at = shape.outline - (RIM * shape.part_diameter)[:, None] * shape.normals
    x, y = at.real.astype(np.float32), at.imag.astype(np.float32)
    rim = cv2.remap(detail.fine, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    bands = rim.reshape(_BANDS, -1, rim.shape[1]).mean(axis=1)
    closed = np.concatenate([bands[:, -STREAK_GAP:], bands, bands[:, :STREAK_GAP]], axis=1)
    gap, width = (cv2.blur(closed, (side, 1)) for side in (STREAK_GAP, STREAK_WIDTH))
    dip = (gap - width).min(axis=0)[None]
    peak = (dip == cv2.dilate(dip, np.ones((1, STREAK_GAP // 2), np.uint8)))[0]
    first = peak[1:] & ~peak[:-1]  # of equal points side by side
    return (_ramp(dip[0, 1:], STREAK) * first)[STREAK_GAP - 1 : -STREAK_GAP]
