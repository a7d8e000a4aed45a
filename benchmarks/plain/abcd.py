"""ABCD columns as a user would write them with scikit-image, SciPy and OpenCV."""

import cv2
import numpy as np
from scipy.ndimage import (
    convolve,
    gaussian_filter1d,
    map_coordinates,
    maximum_filter,
    maximum_filter1d,
    uniform_filter,
    uniform_filter1d,
)
from skimage.color import rgb2lab
from skimage.measure import label, regionprops

from features.abcd.asymmetry import COLOR_THRESHOLD, SHAPE_THRESHOLD, STRUCTURE_THRESHOLD
from features.abcd.border import ABRUPTNESS_THRESHOLD
from features.abcd.six_colors import REFERENCES
from features.abcd.structures import FLAT, HOLE, LIGHTER, LINE, PRESENT, SPOT, STREAK
from features.preparation.lesion_view import PreparedLesion

_DIRECTIONS, _RINGS = 144, 48
_AREAS = 2.0 * np.arange(_RINGS) + 1


def abcd(lesion: PreparedLesion) -> np.ndarray:
    lab = rgb2lab(lesion.pixels)
    region = regionprops(lesion.mask.astype(int))[0]
    points = _outline(lesion.mask)
    hull = _hull(lesion.mask)
    inside, grid = _polar(lesion.mask, region, hull)
    weight = inside * _AREAS
    box, corner = region.slice, np.array(region.bbox[:2])
    detail = _detail(lab[box][..., 0], lesion.mask[box])
    within = np.stack(grid) - corner[:, None, None]
    colors = np.stack([_at(lab[..., i], grid) for i in range(3)])
    darkness = _at(detail[1], within) - _at(detail[0], within)
    shape, folded, a = _asymmetry(inside, weight, colors, darkness)
    shift = _color_shift(lab[..., 0], lesion.mask, region)
    steps, skin = _steps(lab[..., 0], lesion, points)
    color = _colors(lesion, lab, skin)
    ranges = _sector_ranges(weight, colors)
    sizes = _diameters(lesion, region, hull)
    structure = _structures(lesion.mask[box], weight, within, points - corner[::-1], detail)
    b, c, d = steps[-1], color[-1], structure[-1]
    return np.array(
        [
            *(*shape, *folded, shift, a),
            *(*_irregularity(lesion.mask, points), *steps),
            *(*color[:-1], *ranges, c),
            *sizes,
            *structure,
            1.3 * a + 0.1 * b + 0.5 * c + 0.5 * d,
        ]
    )


def _major_axis(region):
    """Angle (x to y) of the major axis, towards the longer tail."""
    mu = region.moments_central
    angle = 0.5 * np.arctan2(2 * mu[1, 1], mu[0, 2] - mu[2, 0])
    x, y = np.cos(angle), np.sin(angle)
    tail = x**3 * mu[0, 3] + 3 * x**2 * y * mu[1, 2] + 3 * x * y**2 * mu[2, 1] + y**3 * mu[3, 0]
    return angle if tail >= 0 else angle + np.pi


def _hull(mask):
    """Corners of the convex hull around the pixels' diamonds, (x, y)."""
    y, x = np.nonzero(mask)
    nudges = np.array([[0.5, 0], [-0.5, 0], [0, 0.5], [0, -0.5]])
    spread = (np.stack([x, y], axis=1)[:, None] + nudges).reshape(-1, 2)
    return cv2.convexHull(spread.astype(np.float32))[:, 0].astype(np.float64)


def _polar(mask, region, hull):
    """Which samples of the polar grid hit the lesion, and where they lie (y, x)."""
    y0, x0 = region.centroid
    reach = np.hypot(hull[:, 0] - x0, hull[:, 1] - y0).max()
    angle = _major_axis(region) + (np.arange(_DIRECTIONS) + 0.5) * 2 * np.pi / _DIRECTIONS
    distance = (np.arange(_RINGS) + 0.5) * reach / _RINGS
    y = y0 + np.sin(angle)[:, None] * distance
    x = x0 + np.cos(angle)[:, None] * distance
    return _at(mask.astype(float), (y, x)) > 0, (y, x)


def _at(plane, grid):
    return map_coordinates(plane, grid, order=0, mode="grid-constant")


def _asymmetry(inside, weight, colors, detail):
    area = weight.sum()
    rows = np.arange(_DIRECTIONS)
    left = []
    for axis in range(_DIRECTIONS // 2):
        mirrored = inside[(2 * axis - 1 - rows) % _DIRECTIONS]
        left.append(1 - (weight * mirrored).sum() / area)
    left = np.array(left)
    best = np.argmin(left[:36] + left[36:])
    pair = sorted((best, best + 36), key=lambda axis: left[axis])
    histogram = _detail_histograms(weight, detail)
    folded, score = [], 0
    for axis in pair:
        partner = (2 * axis - 1 - rows) % _DIRECTIONS
        both = weight * inside[partner]
        change = np.abs(colors - colors[:, partner])
        change = [*change, np.sqrt((change**2).sum(axis=0))]
        color = [np.average(plane, weights=both) for plane in change]
        here = histogram[np.arange(axis, axis + 72) % _DIRECTIONS].sum(axis=0)
        there = histogram.sum(axis=0) - here
        p, q = here / here.sum(), there / there.sum()
        used = p + q > 0
        structure = ((p - q)[used] ** 2 / (p + q)[used]).sum() / 2
        folded += [*color, structure]
        score += (
            left[axis] > SHAPE_THRESHOLD
            or color[3] > COLOR_THRESHOLD
            or structure > STRUCTURE_THRESHOLD
        )
    shape = [left[pair[0]], left[pair[1]], left[0], left[36], left.min(), left.mean()]
    return shape, folded, score


def _detail_histograms(weight, detail):
    centers = 1.5 * np.arange(5)
    nearness = 1 - np.abs(np.minimum(np.abs(detail), 6)[..., None] - centers) / 1.5
    return (np.maximum(nearness, 0) * weight[..., None]).sum(axis=1)


def _color_shift(lightness, mask, region):
    y, x = np.nonzero(mask)
    darkness = lightness[mask].max() - lightness[mask]
    center = np.array([darkness @ y, darkness @ x]) / darkness.sum()
    return np.linalg.norm(center - region.centroid) / region.equivalent_diameter_area


def _largest(mask):
    parts = regionprops(label(mask, connectivity=2))
    return max(parts, key=lambda part: part.area)


def _outline(mask):
    """360 points (x, y) along the smoothed border of the largest part, clockwise."""
    part = label(mask, connectivity=2) == _largest(mask).label
    double = part.astype(np.uint8).repeat(2, axis=0).repeat(2, axis=1)
    contours, _ = cv2.findContours(double, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    chain = contours[0][:, 0] / 2 - 0.25
    sigma = max(3.0, 0.005 * len(chain))
    chain = gaussian_filter1d(chain, sigma, axis=0, mode="wrap", truncate=8)
    chain = chain if _signed_area(chain) > 0 else chain[::-1]
    chain = _from_axis(chain, _largest(mask))
    closed = np.concatenate([chain, chain[:1]])
    travelled = np.append(0, np.cumsum(np.linalg.norm(np.diff(closed, axis=0), axis=1)))
    stops = (np.arange(360) + 0.5) * travelled[-1] / 360
    return np.stack([np.interp(stops, travelled, closed[:, i]) for i in range(2)], axis=1)


def _from_axis(chain, region):
    """Begin where a clockwise chain crosses the major axis, on the side of the longer tail."""
    y0, x0 = region.centroid
    angle = _major_axis(region)
    x, y = (chain - [x0, y0]).T
    along, beside = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    i = max((i for i in range(len(x)) if beside[i - 1] < 0 <= beside[i]), key=lambda i: along[i])
    share = beside[i - 1] / (beside[i - 1] - beside[i])
    start = chain[i - 1] + share * (chain[i] - chain[i - 1])
    return np.concatenate([[start], np.roll(chain, -i, axis=0)])


def _signed_area(points):
    x, y = (points - points.mean(axis=0)).T
    return (x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2


def _length(points):
    return np.linalg.norm(points - np.roll(points, 1, axis=0), axis=1).sum()


def _irregularity(mask, points):
    length, area = _length(points), _signed_area(points)
    hull = cv2.convexHull(points.astype(np.float32))[:, 0].astype(np.float64)
    radius = np.linalg.norm(points - points.mean(axis=0), axis=1)
    power = np.abs(np.fft.fft(points[:, 0] + 1j * points[:, 1])) ** 2
    lobes = [np.sqrt((power[1 + k] + power[1 - k]) / power[1]) for k in range(2, 9)]
    order = np.abs(np.fft.fftfreq(360, 1 / 360))
    return [
        min(length**2 / (4 * np.pi * area), 1000),
        min(area / abs(_signed_area(hull)), 1),
        min(_length(hull) / length, 1),
        radius.std() / radius.mean(),
        _largest(mask).eccentricity,
        *lobes,
        np.sqrt(power[order >= 9].sum() / power[1:].sum()),
    ]


def _normals(points):
    tangent = np.roll(points, -1, axis=0) - np.roll(points, 1, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    return np.stack([tangent[:, 1], -tangent[:, 0]], axis=1)


def _along(plane, points, reach, stops, mode):
    at = points[:, None] + (reach * stops)[:, None] * _normals(points)[:, None]
    return map_coordinates(plane, [at[..., 1], at[..., 0]], order=1, mode=mode)


def _steps(lightness, lesion, points):
    """Abruptness and contrast of the eight sectors, summed up, and L of the skin."""
    part = _largest(lesion.mask)
    reach = max(2.0, 0.1 * part.equivalent_diameter_area)
    stops = np.linspace(-1, 1, 17)
    profiles = _along(lightness, points, reach, stops, "nearest")
    share = _along(lesion.valid.astype(float), points, reach, stops, "constant")
    seen = (share > 1 - 1e-4).all(axis=1)
    y0, x0 = part.centroid
    angle = np.arctan2(points[:, 1] - y0, points[:, 0] - x0) - _major_axis(part)
    sector = (angle / (2 * np.pi) % 1 * 8).astype(int)
    abruptness, contrast, outer, count = [], [], [], []
    for i in range(8):
        chosen = (sector == i) & seen
        if not chosen.any():
            continue
        mean = profiles[chosen].mean(axis=0)
        contrast.append(mean[-4:].mean() - mean[:4].mean())
        rise = max((mean[4:] - mean[:-4]).max(), 0)
        abruptness.append(rise / max(contrast[-1], 5))
        outer.append(mean[-4:].mean())
        count.append(chosen.sum())
    if not count:
        return [0] * 6, -np.inf
    score = np.sum(np.array(abruptness) > ABRUPTNESS_THRESHOLD)
    values = [np.mean(abruptness), np.std(abruptness), np.max(abruptness)]
    return [*values, np.mean(contrast), np.std(contrast), score], np.average(outer, weights=count)


def _colors(lesion, lab, skin):
    coarse = rgb2lab((lesion.pixels // 4 * 4 + 2)[lesion.mask])
    references = rgb2lab(np.array(list(REFERENCES.values()), dtype=np.uint8))
    distance = np.linalg.norm(coarse[:, None] - references, axis=2)
    distance[coarse[:, 0] <= skin + 4, 0] = np.inf
    nearest = np.where(distance.min(axis=1) < 50, distance.argmin(axis=1), 6)
    shares = np.bincount(nearest, minlength=7) / len(nearest)
    named = shares[:6] / max(shares[:6].sum(), 1e-9)
    entropy = -sum(share * np.log2(share) for share in named if share > 0)
    veil = np.mean((coarse[:, 2] < -3) & (coarse[:, 0] > 20) & (coarse[:, 0] < 70))
    score = max(1, np.sum(shares[:6] >= 0.002))
    return [*shares, entropy, veil, *lab[lesion.mask].std(axis=0), score]


def _sector_ranges(weight, colors):
    sums = (colors * weight).reshape(3, 8, -1).sum(axis=2)
    total = weight.reshape(8, -1).sum(axis=1)
    return np.ptp(sums[:, total > 0] / total[total > 0], axis=1)


def _diameters(lesion, region, hull):
    equivalent = region.equivalent_diameter_area / lesion.scale
    feret = max(np.linalg.norm(hull - corner, axis=1).max() for corner in hull) / lesion.scale
    widths = []
    for one, other in zip(hull, np.roll(hull, -1, axis=0), strict=True):
        normal = np.array([one[1] - other[1], other[0] - one[0]])
        widths.append(np.ptp(hull @ normal) / np.linalg.norm(normal))
    height, width = lesion.shape
    mm = lesion.mm_per_pixel
    return [
        *(equivalent, feret, min(widths) / lesion.scale),
        *(equivalent / width, feret / np.hypot(height, width)),
        *(equivalent * mm, feret * mm, np.nan if np.isnan(mm) else feret * mm > 6),
    ]


def _detail(lightness, mask):
    """Means over 3 x 3 and 7 x 7 pixels, mean square over 7 x 7, the lesion continued."""
    level = np.where(mask, lightness - lightness[mask].mean(), 0)
    count = uniform_filter(mask.astype(float), 17, mode="constant")
    around = uniform_filter(level, 17, mode="constant") / np.maximum(count, 1 / 17**2)
    level = np.where(mask, level, around)
    return (
        uniform_filter(level, 3, mode="nearest"),
        uniform_filter(level, 7, mode="nearest"),
        uniform_filter(level**2, 7, mode="nearest"),
    )


def _rises(plane, step):
    """Rise from a pixel to the neighbours on either side, in four directions."""
    slant = round(step / np.sqrt(2))
    rises = []
    for down, right in ((0, step), (step, 0), (slant, slant), (slant, -slant)):
        for sign in (1, -1):
            kernel = np.zeros((2 * step + 1, 2 * step + 1))
            kernel[step + sign * down, step + sign * right] = 1
            rises.append(convolve(plane, kernel, mode="nearest") - plane)
    return np.array(rises).reshape(4, 2, *plane.shape)


def _darker(rises):
    return np.where(rises.min(axis=(0, 1)) >= LIGHTER, rises.mean(axis=1).min(axis=0), 0)


def _ramp(values, limits):
    return np.clip((values - limits[0]) / (limits[1] - limits[0]), 0, 1)


def _spots(strength, mask, side, least):
    inside = np.where(mask, strength, 0)
    peaks = (inside == maximum_filter(inside, side)) & mask & (inside > SPOT[0])
    spots = [region.coords[0] for region in regionprops(label(peaks, connectivity=2))]
    return sum(_ramp(inside[y, x], SPOT) for y, x in spots if strength[y, x] >= least[y, x])


def _structures(mask, weight, grid, points, detail):
    fine, local, square = detail
    near = _rises(fine, 3)
    weakest, strongest = near.mean(axis=1).min(axis=0), near.mean(axis=1).max(axis=0)
    line = _ramp(_at(strongest - np.maximum(weakest, 0), grid), LINE) * weight
    hole = _ramp(_at(-strongest, grid), HOLE) * weight
    lines, holes = (plane.reshape(8, 18, 4, 12).sum(axis=(1, 3)) for plane in (line, hole))
    spread = _at(np.sqrt(np.maximum(square - local**2, 0)), grid)
    measures = {
        "network": np.sqrt(lines * holes).sum() / weight.sum(),
        "structureless": np.average(1 - _ramp(spread, FLAT), weights=weight),
        "streaks": _streaks(fine, points, np.sqrt(4 * _largest(mask).area / np.pi)),
        "dots": _spots(_darker(near), mask, 5, np.full_like(fine, -np.inf)),
        "globules": _spots(_darker(_rises(local, 6)), mask, 9, local - fine),
    }
    present = {name: value >= PRESENT[name] for name, value in measures.items()}
    score = np.clip(sum(present.values()), 1, 5)
    return [*(x for name in measures for x in (measures[name], present[name])), score]


def _streaks(fine, points, diameter):
    rim = _along(fine, points, -diameter, np.linspace(0.02, 0.12, 12), "nearest")
    bands = rim.reshape(360, 3, 4).mean(axis=2)
    gap, width = (uniform_filter1d(bands, side, axis=0, mode="wrap") for side in (15, 3))
    dip = (gap - width).min(axis=1)
    peak = dip == maximum_filter1d(dip, 7, mode="wrap")
    return _ramp(dip[peak & ~np.roll(peak, 1)], STREAK).sum()
