"""Draw synthetic dermoscopic images whose truth is known.

A drawing is not a lesion: it serves demonstrations, documentation and tests with known
answers, never a claim about skin.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state

from features._opencv import cv2
from features._outline import ANGLES, MOST_ASYMMETRY, draw_outline

__all__ = ["LESION_COLORS", "LesionStyle", "draw_lesion"]

# The six dermoscopic colours as sRGB; red is redder than in life, so that it stays apart.
LESION_COLORS = {
    "light brown": (158, 104, 74),
    "dark brown": (86, 52, 38),
    "black": (30, 22, 22),
    "blue-gray": (92, 108, 128),
    "red": (196, 48, 44),
    "white": (238, 232, 228),
}

_LIGHTEST_SKIN = np.array([238, 206, 186], dtype=np.float32)
_DARKEST_SKIN = np.array([178, 132, 104], dtype=np.float32)
_HAIR = (44, 30, 24)

_COLOR_SHARE, _COLORS_SHARE = 0.25, 0.5


@dataclass(frozen=True)
class LesionStyle:
    """What a synthetic lesion and its picture look like.

    Parameters
    ----------
    diameter : float, default=0.5
        Diameter of the disc of equal area, in heights of the frame, in (0, 1].
    asymmetry : float, default=0.0
        Area that does not overlap when the lesion is folded, `|M xor R(M)| / (2 |M|)`, across
        the axis through the centroid that makes it smallest; in [0, 0.2].
    elongation : float, default=1.2
        Long over short axis before the outline is made asymmetric, in [1, 2].
    irregularity : float, default=0.0
        Root mean square of the border's small waves, in radii, in [0, 0.1].
    border_blur : float, default=0.02
        Width of the border: colour changes from skin to lesion as
        `1 / (1 + exp(distance / width))`, `width` in diameters along the radius, in (0, 0.2].
        About 0.01 is abrupt and 0.06 fades.
    colors : tuple of str, default=("light brown",)
        One to six different keys of `LESION_COLORS`. The others cover a quarter of the lesion
        each, or equal shares of its half; the first fills what they leave.
    color_asymmetry : float, default=0.3
        0 places the colours in rings around the centre, 1 anywhere; in [0, 1].
    network : float, default=0.3
        Strength of the pigment network, in [0, 1].
    globules : int, default=0
        Number of dark round globules.
    hair : int, default=0
        Number of hairs across the frame.
    vignette : bool, default=False
        Whether the corners of the frame are dark.
    skin_tone : float, default=0.2
        0 is the lightest, 1 the darkest drawn; in [0, 1]. All are lighter than light brown.
    brightness : float, default=1.0
        Factor on the whole picture, in [0.5, 1.5].
    center : tuple of two floats, default=(0.5, 0.5)
        Centroid of the lesion (x, y) in widths and heights of the frame.
    rotation : float, default=0.0
        Degrees by which the lesion is turned, clockwise on the screen.

    Notes
    -----
    A lesion that reaches beyond the frame is cut off; diameter and asymmetry are those of the
    whole lesion.
    """

    diameter: float = 0.5
    asymmetry: float = 0.0
    elongation: float = 1.2
    irregularity: float = 0.0
    border_blur: float = 0.02
    colors: tuple[str, ...] = ("light brown",)
    color_asymmetry: float = 0.3
    network: float = 0.3
    globules: int = 0
    hair: int = 0
    vignette: bool = False
    skin_tone: float = 0.2
    brightness: float = 1.0
    center: tuple[float, float] = (0.5, 0.5)
    rotation: float = 0.0

    def __post_init__(self):
        for name, (low, high) in _RANGES.items():
            value = getattr(self, name)
            if not low <= value <= high:
                raise ValueError(f"`{name}` must lie in [{low}, {high}], got {value!r}.")
        known = set(LESION_COLORS)
        if not self.colors or len(set(self.colors)) < len(self.colors) or set(self.colors) - known:
            raise ValueError(
                f"`colors` must be one or more different names among {list(LESION_COLORS)}, "
                f"got {self.colors!r}."
            )


_RANGES = {
    "diameter": (0.01, 1.0),
    "asymmetry": (0.0, MOST_ASYMMETRY),
    "elongation": (1.0, 2.0),
    "irregularity": (0.0, 0.1),
    "border_blur": (0.001, 0.2),
    "color_asymmetry": (0.0, 1.0),
    "network": (0.0, 1.0),
    "globules": (0, 1000),
    "hair": (0, 1000),
    "skin_tone": (0.0, 1.0),
    "brightness": (0.5, 1.5),
}


def draw_lesion(
    style: LesionStyle,
    *,
    size: tuple[int, int] = (150, 200),
    view: int = 0,
    random_state: int | np.random.RandomState | None = None,
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Draw one synthetic dermoscopic image and its lesion mask.

    Parameters
    ----------
    style : LesionStyle
        What to draw.
    size : tuple of two ints, default=(150, 200)
        Height and width of the frame in pixels, each at least 16.
    view : int, default=0
        Another number draws other hair and skin around the same lesion. Change also the
        style's `rotation`, `diameter`, `brightness` or `hair` for another picture of it.
    random_state : int, RandomState instance or None, default=None
        Draws the outline and the pattern. An int makes the picture reproducible.

    Returns
    -------
    image : ndarray of shape (height, width, 3), uint8
        RGB.
    mask : ndarray of shape (height, width), bool
        True on the lesion: where the border is halfway or further to the lesion's colour.

    Raises
    ------
    ValueError
        If the frame is too small or the lesion lies outside it.

    Examples
    --------
    >>> from features.synthetic import LesionStyle, draw_lesion
    >>> style = LesionStyle(diameter=0.5, colors=("light brown", "dark brown"))
    >>> image, mask = draw_lesion(style, size=(120, 160), random_state=0)
    >>> image.shape, round(2 * (mask.sum() / 3.14159) ** 0.5)
    ((120, 160, 3), 60)
    """
    height, width = size
    if min(height, width) < 16:
        raise ValueError(f"`size` must be at least 16 x 16 pixels, got {height} x {width}.")
    rng = check_random_state(random_state)
    radii = draw_outline(style.asymmetry, style.elongation, style.irregularity, rng)
    pattern_seed, scene_seed = rng.randint(2**31 - 1, size=2)
    pattern = np.random.RandomState(pattern_seed)
    scene = np.random.RandomState((scene_seed + view) % 2**32)

    across, down, depth = _lesion_coordinates(style, radii, (height, width))
    if not (depth >= 0).any():
        raise ValueError(
            f"The lesion covers no pixel of the {height} x {width} frame: its center is "
            f"{style.center} and its diameter {style.diameter} (see `LesionStyle`)."
        )
    # Depth is in radii and the border's width in diameters.
    cover = 1 / (1 + np.exp(np.clip(-depth / (2 * style.border_blur), -30, 30)))
    image = _skin(style, (height, width), scene)
    lesion = _pigment(style, across, down, depth, pattern)
    image += cover[..., None] * (lesion - image)
    image = _photograph(style, image, scene)
    return image, depth >= 0


def _lesion_coordinates(style, radii, size):
    """Pixel coordinates along and across the lesion, and depth inside it, in its radii."""
    height, width = size
    radius = style.diameter * height / 2
    x = (np.arange(width) + 0.5 - style.center[0] * width) / radius
    y = (np.arange(height) + 0.5 - style.center[1] * height)[:, None] / radius
    turn = np.deg2rad(style.rotation)
    across = (x * np.cos(turn) + y * np.sin(turn)).astype(np.float32)
    down = (y * np.cos(turn) - x * np.sin(turn)).astype(np.float32)
    edge = np.interp(np.arctan2(down, across), ANGLES, radii, period=2 * np.pi)
    return across, down, edge.astype(np.float32) - np.hypot(across, down)


def _smooth_noise(across, down, rng, cells=5):
    """Noise of unit variance that is fixed to the lesion, about `cells` blobs across it."""
    knots = rng.normal(size=(4 * cells, 4 * cells)).astype(np.float32)
    to_knots = cells / 2.4
    return cv2.remap(
        knots,
        (across * to_knots + 2 * cells).astype(np.float32),
        (down * to_knots + 2 * cells).astype(np.float32),
        cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REFLECT,
    )


def _pigment(style, across, down, depth, rng):
    """Colour the lesion everywhere in the frame; the caller covers the skin with it."""
    colors = _color_map(style, across, down, depth, rng)
    shade = 1 + 0.06 * _smooth_noise(across, down, rng, cells=12)
    shade -= 0.35 * style.network * _network(style, across, down, rng)
    for x, y, radius in _globule_places(style, rng):
        distance = np.hypot(across - x, down - y) / radius
        shade *= 1 - 0.45 / (1 + np.exp(np.clip(8 * (distance - 1), -30, 30)))
    return colors * shade[..., None]


def _color_map(style, across, down, depth, rng):
    """Lay the colours as soft patches of equal share, each where a field is highest."""
    first, *others = (np.array(LESION_COLORS[name], dtype=np.float32) for name in style.colors)
    image = np.broadcast_to(first, (*depth.shape, 3)).copy()
    free = depth >= 0
    n_pixels = int(free.sum())
    share = min(_COLOR_SHARE, _COLORS_SHARE / max(len(others), 1))
    for color in others:
        noise = _smooth_noise(across, down, rng, cells=3)
        field = (1 - style.color_asymmetry) * 2 * depth + style.color_asymmetry * noise
        level = np.quantile(field[free], 1 - share * n_pixels / free.sum())
        patch = free & (field > level)
        soft = cv2.GaussianBlur(patch.astype(np.float32), (0, 0), 0.005 * depth.shape[0])
        image += soft[..., None] * (color - image)
        free &= ~patch
    return image


def _network(style, across, down, rng):
    """Honeycomb of dark lines in [0, 1], its spacing fixed to the frame."""
    # A wave every twentieth of the frame's height: a hole must cover a few pixels.
    pitch = 2 * np.pi * (style.diameter / 2) / 0.05
    warp = 0.8 * _smooth_noise(across, down, rng, cells=6)
    turns = np.deg2rad([0, 60, 120]) + rng.uniform(0, np.pi)
    waves = (np.cos(pitch * (across * np.cos(t) + down * np.sin(t)) + warp) for t in turns)
    # Three crossed waves sum to 3 in the holes and to -1.5 at the corners of the mesh.
    return np.clip((1.5 - sum(waves)) / 3, 0, 1)


def _globule_places(style, rng):
    """Centre and radius of every globule, in the lesion's radii."""
    places = []
    for _ in range(style.globules):
        angle, distance = rng.uniform(0, 2 * np.pi), 0.8 * np.sqrt(rng.uniform())
        places.append((distance * np.cos(angle), distance * np.sin(angle), rng.uniform(0.05, 0.1)))
    return places


def _skin(style, size, rng):
    """Skin with a little mottling and uneven light, (height, width, 3) float32."""
    height, width = size
    tone = _LIGHTEST_SKIN + style.skin_tone * (_DARKEST_SKIN - _LIGHTEST_SKIN)
    light = np.ones(size, dtype=np.float32)
    for knots, amplitude in (((2, 2), 0.03), ((6, 8), 0.015), ((height // 3, width // 3), 0.02)):
        noise = rng.normal(size=knots).astype(np.float32)
        light += amplitude * cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC)
    return light[..., None] * tone


def _photograph(style, image, rng):
    """Hair, dark corners, exposure and sensor noise, as uint8."""
    height, width = image.shape[:2]
    noise = rng.normal(scale=2.0, size=image.shape).astype(np.float32)
    image = np.clip(cv2.GaussianBlur(image, (0, 0), 0.5) * style.brightness + noise, 0, 255)
    image = np.ascontiguousarray(image, dtype=np.float32)
    for _ in range(style.hair):
        _draw_hair(image, rng)
    if style.vignette:
        y, x = np.ogrid[:height, :width]
        distance = np.hypot(x + 0.5 - width / 2, y + 0.5 - height / 2)
        edge = 0.42 * np.hypot(height, width)
        image *= 1 / (1 + np.exp(np.clip((distance - edge) / (0.008 * height), -30, 30)))[..., None]
    return np.clip(np.rint(image), 0, 255).astype(np.uint8)


def _draw_hair(image, rng):
    """One bent hair from side to side, drawn in place and antialiased."""
    height, width = image.shape[:2]
    ends = rng.uniform(-0.1, 1.1, size=(3, 2)) * (width, height)
    # Its two ends lie on opposite borders, so that a hair crosses the frame.
    axis = rng.randint(2)
    ends[0, axis], ends[2, axis] = -2, (width, height)[axis] + 2
    t = np.linspace(0, 1, 24)[:, None]
    curve = (1 - t) ** 2 * ends[0] + 2 * t * (1 - t) * ends[1] + t**2 * ends[2]
    stroke = np.zeros((height, width), dtype=np.uint8)
    thickness = max(1, round(0.009 * height * rng.uniform(0.8, 1.6)))
    points = np.rint(curve * 16).astype(np.int32)
    cv2.polylines(stroke, [points], False, 255, thickness, cv2.LINE_AA, shift=4)
    opacity = (0.9 / 255) * stroke[..., None].astype(np.float32)
    image += opacity * (np.array(_HAIR, dtype=np.float32) - image)
