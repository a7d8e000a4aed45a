"""Pictures that let a dermatologist check each letter of the ABCD rule.

All are RGB, uint8, of 640 x 640 pixels, and show the lesion as it was measured, enlarged.
"""

import numpy as np

from features._opencv import cv2
from features.abcd.asymmetry import Fold
from features.abcd.border import ABRUPTNESS_THRESHOLD, SECTORS, BorderSteps
from features.abcd.polar_grid import DIRECTIONS, RINGS
from features.abcd.shape import LesionShape
from features.abcd.six_colors import REFERENCES
from features.abcd.structures import PRESENT, RIM, ZONES, Spots, Structures

SIDE = 640
# Orange and blue-green stay apart for most people who confuse red and green.
NOTABLE, QUIET, UNSEEN, WHITE = (225, 87, 0), (0, 190, 200), (150, 150, 150), (255, 255, 255)
NETWORK, FLAT, STREAK, DOT, GLOBULE = (
    *((250, 225, 60), (90, 170, 255), NOTABLE),
    *(WHITE, (70, 240, 130)),
)
UNASSIGNED = (255, 0, 255)
LEGENDS = {
    "A": "White: outline. Colored: the outline mirrored across each axis of least asymmetry;\n"
    "orange where the halves differ in shape, color or structure.",
    "B": "Orange: ends abruptly. Blue-green: fades. Grey: not seen whole.\n"
    "Numbers: share of the contrast crossed in a quarter of the profile.",
    "C": "Each pixel as the nearest of the six colors; magenta: none is near.",
    "D": "Yellow: network. Blue: structureless. Orange: streaks. Small white circles: dots.\n"
    "Large green circles: globules. Drawn even where too few or too weak to count.",
}

# Widths of lines, wide enough for a picture that a figure shows at half its size.
BOLD, PLAIN, FINE = SIDE // 100, SIDE // 160, SIDE // 213
_SEAM = (30, 30, 30)  # beside lines, so that they stand out on any ground
_RIM = SIDE // 320  # what the seam adds to a line's width
_TEXT, _HALO = SIDE / 640, SIDE // 160  # size of numbers, and the width of the seam around them
_KEY = SIDE // 40  # side of a square that shows what a colour is called
_BESIDE = 2.0  # canvas pixels between the lesion and a line that must not hide its rim
_FRAME = 1.5  # side of the picture, in lengths of the lesion
_BITS = 4  # of a pixel's fractions, as OpenCV draws


class Sheet:
    """A square around the lesion, enlarged, to draw on.

    Parameters
    ----------
    image : ndarray of shape (height, width, 3), uint8
        RGB, the canvas that the lesion was measured on.
    shape : LesionShape
        The lesion.
    smooth : bool, default=True
        False shows every pixel as a square.
    """

    def __init__(self, image: np.ndarray, shape: LesionShape, smooth: bool = True):
        height, width = shape.mask.shape
        side = _FRAME * max(height, width, 8)
        self._zoom = SIDE / side
        self._corner = complex(width - 1, height - 1) / 2 - (1 + 1j) * side / 2
        matrix = np.array([[1 / self._zoom, 0, 0], [0, 1 / self._zoom, 0]])
        start = shape.corner + self._corner + (1 + 1j) * (0.5 / self._zoom)
        matrix[:, 2] = start.real, start.imag
        flags = cv2.WARP_INVERSE_MAP | (cv2.INTER_CUBIC if smooth else cv2.INTER_NEAREST)
        self.picture = cv2.warpAffine(image, matrix, (SIDE, SIDE), flags=flags)

    def line(self, points: np.ndarray, color, thickness: int, closed: bool = False) -> None:
        """Draw through complex points of the lesion's box."""
        for ink, width in ((_SEAM, thickness + _RIM), (color, thickness)):
            self._stroke(points, ink, width, closed)

    def pieces(self, points: np.ndarray, colors: list, thickness: int) -> None:
        """Draw a closed line whose pieces have colours of their own."""
        self._stroke(points, _SEAM, thickness + _RIM, True)
        for i, color in enumerate(colors):
            self._stroke(points.take([i, i + 1], mode="wrap"), color, thickness, False)

    def circles(self, centers: np.ndarray, radius: float, color) -> None:
        """Draw circles, `radius` in pixels of the canvas."""
        size = round(radius * self._zoom * 2**_BITS)
        for center in self._fixed(centers).tolist():
            for ink, width in ((_SEAM, FINE + _RIM), (color, FINE)):
                cv2.circle(self.picture, center, size, ink, width, cv2.LINE_AA, _BITS)

    def text(self, point: complex, words: str, away: complex) -> None:
        """Write beside a point, in the direction of a unit vector, as far as the picture holds."""
        font, stroke = cv2.FONT_HERSHEY_SIMPLEX, SIDE // 320
        (width, height), _ = cv2.getTextSize(words, font, _TEXT, stroke)
        direction = np.array([away.real, away.imag])
        gap = np.abs(direction) @ (np.array([width, height]) / 2 + _HALO)
        middle = self._fixed(np.array([point]))[0] / 2**_BITS + gap * direction
        start = np.rint(middle + np.array([-width, height]) / 2).astype(int)
        lowest, highest = (_HALO, _HALO + height), (SIDE - _HALO - width, SIDE - _HALO)
        x, y = np.clip(start, lowest, highest).tolist()
        self._write(words, x, y)

    def key(self, colors: dict[str, list[int]]) -> None:
        """Name colours, each beside a square of it, one under the other in a corner."""
        for i, (words, color) in enumerate(colors.items()):
            left, top = _KEY // 2, _KEY // 2 + 2 * i * _KEY
            for ink, rim in ((_SEAM, _RIM), (color, 0)):
                start, stop = (left - rim, top - rim), (left + _KEY + rim, top + _KEY + rim)
                cv2.rectangle(self.picture, start, stop, ink, cv2.FILLED)
            self._write(words, left + 3 * _KEY // 2, top + _KEY)

    def _write(self, words: str, x: int, y: int) -> None:
        """Write from a pixel of the picture on, the letters' feet on its row."""
        letters = np.zeros(self.picture.shape[:2], dtype=np.uint8)
        font, stroke = cv2.FONT_HERSHEY_SIMPLEX, SIDE // 320
        cv2.putText(letters, words, (x, y), font, _TEXT, 255, stroke, cv2.LINE_AA)
        # Grown, as OpenCV 5 no longer widens letters by their thickness.
        disk = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * _HALO + 1,) * 2)
        for ink, cover in ((_SEAM, cv2.dilate(letters, disk)), (WHITE, letters)):
            share = cover[..., None] / np.float32(255)
            mixed = self.picture + share * (np.array(ink, dtype=np.float32) - self.picture)
            self.picture[:] = np.rint(mixed)

    def _stroke(self, points: np.ndarray, color, thickness: int, closed: bool) -> None:
        line = [self._fixed(points)]
        cv2.polylines(self.picture, line, closed, color, thickness, cv2.LINE_AA, _BITS)

    def _fixed(self, points: np.ndarray) -> np.ndarray:
        at = (points - self._corner) * self._zoom - (0.5 + 0.5j)
        return np.rint(np.stack([at.real, at.imag], axis=-1) * 2**_BITS).astype(np.int32)


def draw_axes(image: np.ndarray, shape: LesionShape, folds: tuple[Fold, Fold]) -> np.ndarray:
    """Axes of least asymmetry and the outline mirrored across each.

    Parameters
    ----------
    image : ndarray of shape (height, width, 3), uint8
        RGB, the canvas that the lesion was measured on.
    shape : LesionShape
        The lesion.
    folds : tuple of two Fold
        Its axes.

    Returns
    -------
    ndarray of shape (640, 640, 3), uint8
        Where a coloured outline leaves the white one, the lesion does not fold.
    """
    sheet, center = Sheet(image, shape), complex(*shape.moments.center)
    reach = 1.15 * np.abs(shape.outline - center).max()
    sheet.line(shape.outline, WHITE, BOLD, closed=True)
    for fold in folds:
        color = NOTABLE if fold.reasons else QUIET
        along = complex(*shape.moments.axis) * np.exp(2j * np.pi * fold.axis / DIRECTIONS)
        mirrored = center + along**2 * (shape.outline - center).conj()
        sheet.line(mirrored, color, PLAIN, closed=True)
        sheet.line(center + reach * along * np.array([-1, 1]), color, PLAIN)
    return sheet.picture


def draw_sectors(image: np.ndarray, shape: LesionShape, steps: BorderSteps) -> np.ndarray:
    """Eight sectors of the border: orange where it ends abruptly, blue-green where it fades.

    Parameters
    ----------
    image : ndarray of shape (height, width, 3), uint8
        RGB, the canvas that the lesion was measured on.
    shape : LesionShape
        The lesion.
    steps : BorderSteps
        Its border; grey where a sector reaches beyond the valid pixels.

    Returns
    -------
    ndarray of shape (640, 640, 3), uint8
        Each sector's abruptness stands beside it.
    """
    sheet, center = Sheet(image, shape), complex(*shape.part_moments.center)
    reach = np.abs(shape.outline - center).max()
    rays = complex(*shape.part_moments.axis) * np.exp(2j * np.pi * np.arange(16) / 16)
    colors = []
    for i, value in enumerate(steps.abruptness):
        sheet.line(center + reach * rays[2 * i] * np.array([0.08, 1.1]), WHITE, FINE)
        seen = NOTABLE if value > ABRUPTNESS_THRESHOLD else QUIET
        colors.append(UNSEEN if np.isnan(value) else seen)
    sheet.pieces(shape.outline, [colors[sector] for sector in steps.sector], BOLD)
    for i in range(SECTORS):
        if not np.isnan(steps.abruptness[i]):
            ray = rays[2 * i + 1]
            sheet.text(center + 1.05 * reach * ray, f"{steps.abruptness[i]:.2f}", ray)
    return sheet.picture


def draw_colors(image: np.ndarray, shape: LesionShape, assigned: np.ndarray) -> np.ndarray:
    """Each pixel of the lesion in the dermoscopic colour that it is named.

    Parameters
    ----------
    image : ndarray of shape (height, width, 3), uint8
        RGB, the canvas that the lesion was measured on.
    shape : LesionShape
        The lesion.
    assigned : ndarray of shape (box height, box width), int
        From `features.abcd.six_colors.assign_colors`; 6 is drawn magenta.

    Returns
    -------
    ndarray of shape (640, 640, 3), uint8
        The skin around is left as it is; a key names the colours.
    """
    palette = np.array([*REFERENCES.values(), UNASSIGNED], dtype=np.uint8)
    painted = image.copy()
    painted[shape.box][shape.mask] = palette[assigned[shape.mask]]
    sheet = Sheet(painted, shape, smooth=False)
    # Beside the lesion, not on it: on its rim lie the colours that are easily overlooked.
    sheet.line(shape.outline + _BESIDE * shape.normals, WHITE, FINE, closed=True)
    names = [name.replace("_", " ") for name in (*REFERENCES, "none near")]
    sheet.key(dict(zip(names, palette.tolist(), strict=True)))
    return sheet.picture


def draw_structures(image: np.ndarray, shape: LesionShape, found: Structures) -> np.ndarray:
    """Proxies of the structures: network, structureless areas, streaks, dots and globules.

    Parameters
    ----------
    image : ndarray of shape (height, width, 3), uint8
        RGB, the canvas that the lesion was measured on.
    shape : LesionShape
        The lesion.
    found : Structures
        What to draw.

    Returns
    -------
    ndarray of shape (640, 640, 3), uint8
        Zones with network are tinted yellow, flat areas blue; streaks are orange lines, dots
        small white and globules large green circles.
    """
    painted = image.astype(np.float32)
    repeats = np.ones((DIRECTIONS // ZONES[0], RINGS // ZONES[1]), dtype=np.float32)
    zones = np.kron(found.network >= PRESENT["network"], repeats)
    for plane, color in ((zones, NETWORK), (found.structureless, FLAT)):
        cover = 0.4 * _on_pixels(shape, plane)[..., None]
        painted[shape.box] += cover * (np.array(color, dtype=np.float32) - painted[shape.box])
    sheet = Sheet(np.rint(painted).astype(np.uint8), shape)
    sheet.line(shape.outline, WHITE, FINE, closed=True)
    for i in np.flatnonzero(found.streaks):
        depth = RIM[[0, -1]] * shape.part_diameter
        sheet.line(shape.outline[i] - depth * shape.normals[i], STREAK, PLAIN)
    sheet.circles(_centers(shape, found.dots), 2.0, DOT)
    sheet.circles(_centers(shape, found.globules), 5.0, GLOBULE)
    return sheet.picture


def _centers(shape: LesionShape, spots: Spots) -> np.ndarray:
    y, x = np.divmod(spots.place, shape.mask.shape[1])
    return x + 1j * y


def _on_pixels(shape: LesionShape, samples: np.ndarray) -> np.ndarray:
    """Spread values of the polar grid over the pixels of the box, 0 outside the lesion."""
    y, x = np.indices(shape.mask.shape)
    center = complex(*shape.moments.center)
    vector = (x + 1j * y - center) / complex(*shape.moments.axis)
    row = (np.angle(vector) / (2 * np.pi) % 1.0 * DIRECTIONS).astype(int) % DIRECTIONS
    reach = np.abs(shape.hull - center).max()
    ring = np.minimum((np.abs(vector) / reach * RINGS).astype(int), RINGS - 1)
    return samples[row, ring] * shape.mask
