"""Grey-level co-occurrence inside the lesion."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from features.batch import LesionBatch
from features.descriptor import Descriptor
from features.regions import bounding_box, gray_levels

ANGLES = (0, 45, 90, 135)  # degrees
PROPERTIES = (
    *("contrast", "dissimilarity", "homogeneity", "asm", "energy", "correlation", "entropy"),
)
STATISTICS = ("mean", "range")
CHANNELS = ("luminance", "a", "b")
# Where the colours of skin and lesions lie.
_LIMITS = {"a": (-8.0, 48.0), "b": (-16.0, 56.0)}


def cooccurrence(levels: Tensor, mask: Tensor, n_levels: int, offset: tuple[int, int]) -> Tensor:
    """Symmetric, normalised co-occurrence matrices of the pixels inside a mask.

    Parameters
    ----------
    levels : Tensor of shape (n, height, width), uint8
        Quantised grey, in [0, n_levels - 1].
    mask : Tensor of shape (n, height, width), bool
        A pair counts if both of its pixels are inside.
    n_levels : int
        Number of levels.
    offset : tuple of two int
        Rows and columns from a pixel to its partner; rows are not negative.

    Returns
    -------
    Tensor of shape (n, n_levels, n_levels), float64
        Each sums to 1; zeros where no pair is inside.
    """
    down, right = offset
    height, width = levels.shape[1:]
    if down >= height or abs(right) >= width:
        shape = (len(levels), n_levels, n_levels)
        return torch.zeros(shape, dtype=torch.float64, device=levels.device)
    # Pixels outside the mask get a level of their own, which is dropped after counting.
    base = n_levels + 1
    marked = torch.where(mask, levels.int(), n_levels)
    near = marked[:, : height - down, max(0, -right) : width - max(0, right)]
    far = marked[:, down:, max(0, right) : width - max(0, -right)]
    first = base**2 * torch.arange(len(levels), dtype=torch.int32, device=levels.device)
    pairs = near * base + far + first[:, None, None]
    counts = torch.bincount(pairs.flatten(), minlength=len(levels) * base**2)
    counts = counts.view(len(levels), base, base)[:, :-1, :-1].double()
    counts = counts + counts.transpose(1, 2)
    return counts / counts.sum(dim=(1, 2), keepdim=True).clamp(min=1)


def glcm_properties(matrices: Tensor) -> Tensor:
    """Haralick's properties of co-occurrence matrices, as `skimage.feature.graycoprops`.

    Parameters
    ----------
    matrices : Tensor of shape (..., n_levels, n_levels), float64
        Symmetric and normalised.

    Returns
    -------
    Tensor of shape (..., 7), float64
        Ordered as `PROPERTIES`; the entropy in nats. The correlation of a single level is 1.
    """
    level = torch.arange(matrices.shape[-1], dtype=matrices.dtype, device=matrices.device)
    row, column = level[:, None], level[None, :]
    apart = row - column

    def total(values: Tensor) -> Tensor:
        return values.sum(dim=(-2, -1))

    asm = total(matrices.square())
    # Rows and columns have the same margins, as the matrices are symmetric.
    mean = total(matrices * row)[..., None, None]
    variance = total(matrices * (row - mean).square())
    covariance = total(matrices * (row - mean) * (column - mean))
    single = variance < 1e-15
    correlation = torch.where(single, 1.0, covariance / torch.where(single, 1.0, variance))
    return torch.stack(
        [
            total(matrices * apart.square()),
            total(matrices * apart.abs()),
            total(matrices / (1 + apart.square())),
            asm,
            asm.sqrt(),
            correlation,
            total(torch.special.entr(matrices)),
        ],
        dim=-1,
    )


def glcm(
    gray: Tensor, mask: Tensor, levels: int = 32, distances: Sequence[int] = (1, 2, 4)
) -> Tensor:
    """Co-occurrence properties inside the lesion, averaged over four directions.

    Parameters
    ----------
    gray : Tensor of shape (n, height, width), float32
        Luminance in [0, 1].
    mask : Tensor of shape (n, height, width), bool
        True on the lesion, at least one pixel an image.
    levels : int, default=32
        Grey levels, evenly over the whole range, not the lesion's own.
    distances : sequence of int, default=(1, 2, 4)
        In canvas pixels.

    Returns
    -------
    Tensor of shape (n, 14 * len(distances)), float32
        For each distance and property (ordered as `PROPERTIES`) the mean and the range over
        0, 45, 90 and 135 degrees.

    Raises
    ------
    ValueError
        A distance is less than 1, or `levels` is not in [2, 256].

    Notes
    -----
    Partners lie at `distance` rounded to whole pixels, as in `skimage.feature.graycomatrix`:
    diagonally, distances 1 and 2 both mean one pixel down and one across.

    References
    ----------
    Haralick, Shanmugam & Dinstein (1973), IEEE Trans. SMC 3(6), 610-621.
    """
    if min(distances) < 1:
        raise ValueError(f"`distances` must be at least 1 pixel, got {distances!r}.")
    rows = zip(gray, mask, strict=True)
    return torch.cat([_glcm_of_one(*row, levels, distances) for row in rows])


def _glcm_of_one(gray: Tensor, mask: Tensor, levels: int, distances: Sequence[int]) -> Tensor:
    """One row, from the lesion's bounding box alone: small enough to stay in cache."""
    rows, columns = bounding_box(mask[None])
    quantised = gray_levels(gray[None, rows, columns], levels)
    inside = mask[None, rows, columns]
    offsets = [_offset(distance, angle) for distance in distances for angle in ANGLES]
    counted = {o: cooccurrence(quantised, inside, levels, o) for o in set(offsets)}
    properties = glcm_properties(torch.stack([counted[offset] for offset in offsets], dim=1))
    properties = properties.unflatten(1, (len(distances), len(ANGLES)))
    spread = properties.amax(dim=2) - properties.amin(dim=2)
    return torch.stack([properties.mean(dim=2), spread], dim=-1).flatten(1).float()


def _offset(distance: int, angle: int) -> tuple[int, int]:
    turn = math.radians(angle)
    return round(math.sin(turn) * distance), round(math.cos(turn) * distance)


class GLCM(Descriptor):
    """Texture of the lesion by grey-level co-occurrence.

    Columns ``d<distance>_<property>_<mean|range>``, 42 by default: contrast, dissimilarity,
    homogeneity, angular second moment, energy, correlation and entropy (nats) of the symmetric
    matrices, their mean and their range over four directions. Only pairs with both pixels
    inside the lesion count.

    Parameters
    ----------
    levels : int, default=32
        Grey levels, at most 256.
    distances : tuple of int, default=(1, 2, 4)
        Between the pixels of a pair, in canvas pixels.
    channel : {"luminance", "a", "b"}, default="luminance"
        What the levels divide: luminance, or CIELAB's a* between -8 and 48 or b* between -16
        and 56.

    See Also
    --------
    glcm : The definition.
    """

    block = "glcm"
    version = 1

    def __init__(
        self,
        levels: int = 32,
        distances: tuple[int, ...] = (1, 2, 4),
        channel: str = "luminance",
    ):
        self.levels = levels
        self.distances = distances
        self.channel = channel

    def feature_names(self) -> list[str]:
        """Return ``d<distance>_<property>_<statistic>``."""
        return [
            f"d{distance}_{name}_{statistic}"
            for distance in self.distances
            for name in PROPERTIES
            for statistic in STATISTICS
        ]

    def describe(self, batch: LesionBatch) -> Tensor:
        """Compute the properties, (n, 14 * len(distances)) float32."""
        if self.channel not in CHANNELS:
            raise ValueError(f"`channel` must be one of {CHANNELS}, got {self.channel!r}.")
        if self.channel == "luminance":
            plane = batch.gray
        else:
            low, high = _LIMITS[self.channel]
            plane = batch.lab[:, "Lab".index(self.channel)]
            plane = ((plane - low) / (high - low)).clamp(0, 1)
        return glcm(plane, batch.mask, self.levels, self.distances)
