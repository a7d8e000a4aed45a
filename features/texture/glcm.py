"""Grey-level co-occurrence inside the lesion."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from features._checks import check_choice, is_int
from features.batch import LesionBatch
from features.descriptor import Descriptor
from features.texture.cooccurrence import ANGLES, cooccurrence, pair_offset, times_log

PROPERTIES = (
    *("contrast", "dissimilarity", "homogeneity", "asm", "energy", "correlation", "entropy"),
)
STATISTICS = ("mean", "range")
CHANNELS = ("luminance", "a", "b")
# No two levels have a smaller variance, unless one of them is a pair in 100 million.
_SINGLE = 1e-9
# Where the colours of skin and lesions lie.
_LIMITS = {"a": (-8.0, 48.0), "b": (-16.0, 56.0)}


def glcm_properties(counts: np.ndarray) -> np.ndarray:
    """Haralick's properties of co-occurrence matrices, as `skimage.feature.graycoprops`.

    Parameters
    ----------
    counts : ndarray of shape (n, n_levels, n_levels), float64
        Symmetric, whole numbers; the properties are those of the shares.

    Returns
    -------
    ndarray of shape (n, 7), float64
        Ordered as `PROPERTIES`; the entropy in nats. The correlation of a single level is 1.
    """
    return _properties(_pair_sums(counts))


def _pair_sums(counts: np.ndarray) -> np.ndarray:
    """All that needs whole matrices: what the properties of each are made of, (n, 9)."""
    flat = counts.reshape(len(counts), -1)
    sums = np.empty((len(counts), 9))
    np.matmul(flat, _weights(counts.shape[-1]), out=sums[:, :7])
    np.vecdot(flat, flat, out=sums[:, 7])
    times_log(flat).sum(axis=1, out=sums[:, 8])
    return sums


def _properties(sums: np.ndarray) -> np.ndarray:
    """Properties of matrices, of many lesions at a time, (..., 7)."""
    # Shares are taken here, of a few sums and not of whole matrices.
    n_pairs = np.maximum(sums[..., :1], 1)
    contrast, dissimilarity, homogeneity, mean, square, product, asm, disorder = np.moveaxis(
        sums[..., 1:] / n_pairs, -1, 0
    )
    asm = asm / n_pairs[..., 0]
    # Rows and columns have the same margins, as the matrices are symmetric.
    variance, covariance = square - mean**2, product - mean**2
    single = variance < _SINGLE
    correlation = np.where(single, 1, covariance / np.where(single, 1, variance))
    entropy = np.log(n_pairs[..., 0]) - disorder
    return np.stack(
        [contrast, dissimilarity, homogeneity, asm, np.sqrt(asm), correlation, entropy], axis=-1
    )


@lru_cache(maxsize=32)
def _weights(n_levels: int) -> np.ndarray:
    """Weights of the entries of a matrix in properties that are sums, (n_levels**2, 7)."""
    row, column = np.mgrid[:n_levels, :n_levels] - float(n_levels // 2)
    apart = np.abs(row - column)
    sums = [np.ones_like(row), apart**2, apart, 1 / (1 + apart**2), row, row**2, row * column]
    return np.stack(sums, axis=-1).reshape(-1, len(sums))


def glcm(
    gray: Tensor | Sequence[Tensor],
    mask: Tensor | Sequence[Tensor],
    levels: int = 32,
    distances: Sequence[int] = (1, 2, 4),
    angles: Sequence[float] = ANGLES,
) -> Tensor:
    """Co-occurrence properties inside the lesion, over several directions.

    Parameters
    ----------
    gray : Tensor of shape (n, height, width), float32, or n of shape (height, width)
        Luminance in [0, 1], of the whole canvas or of each lesion's box.
    mask : Tensor of shape (n, height, width), bool, or n of shape (height, width)
        True on the lesion, at least one pixel an image.
    levels : int, default=32
        Grey levels, evenly over the whole range, not the lesion's own.
    distances : sequence of int, default=(1, 2, 4)
        In canvas pixels.
    angles : sequence of float, default=(0, 45, 90, 135)
        Directions, in degrees.

    Returns
    -------
    Tensor of shape (n, 14 * len(distances)), float32
        For each distance and property (ordered as `PROPERTIES`) the mean and the range over the
        directions.

    Raises
    ------
    ValueError
        A distance is no whole number of at least 1, there is no distance or no direction, or
        `levels` is not in [2, 256].

    Notes
    -----
    Means agree with scikit-image's to a relative 1e-5, ranges, which are differences, to 1e-4:
    rows are float32, the sums behind them are not. Partners lie at `distance` rounded to whole
    pixels, as in `skimage.feature.graycomatrix`: diagonally, distances 1 and 2 both mean one
    pixel down and one across.

    References
    ----------
    Haralick, Shanmugam & Dinstein (1973), IEEE Trans. SMC 3(6), 610-621.
    """
    if not distances or not all(is_int(d, 1) for d in distances):
        raise ValueError(f"`distances` must be whole pixels, at least 1, got {distances!r}.")
    if not angles:
        raise ValueError(f"`angles` must name at least one direction, got {angles!r}.")
    offsets = [pair_offset(distance, angle) for distance in distances for angle in angles]
    distinct = list(dict.fromkeys(offsets))
    sums = [
        _pair_sums(cooccurrence(*image, levels, distinct).counts)
        for image in zip(gray, mask, strict=True)
    ]
    properties = _properties(np.stack(sums))[:, [distinct.index(offset) for offset in offsets]]
    by_angle = properties.reshape(len(gray), len(distances), len(angles), len(PROPERTIES))
    spread = by_angle.max(axis=2) - by_angle.min(axis=2)
    values = np.stack([by_angle.mean(axis=2), spread], axis=-1).astype(np.float32)
    return torch.from_numpy(values).flatten(1).to(gray[0].device)


class GLCM(Descriptor):
    """Texture of the lesion by grey-level co-occurrence.

    Columns ``d<distance>_<property>_<mean|range>``, 42 by default: contrast, dissimilarity,
    homogeneity, angular second moment, energy, correlation and entropy (nats) of the symmetric
    matrices, their mean and their range over the directions. Only pairs with both pixels
    inside the lesion count.

    Parameters
    ----------
    levels : int, default=32
        Grey levels, at most 256.
    distances : tuple of int, default=(1, 2, 4)
        Between the pixels of a pair, in canvas pixels.
    angles : tuple of float, default=(0, 45, 90, 135)
        Directions from one to the other, in degrees.
    channel : {"luminance", "a", "b"}, default="luminance"
        What the levels divide: luminance, or CIELAB's a* between -8 and 48 or b* between -16
        and 56.

    See Also
    --------
    glcm : The definition.
    """

    block = "glcm"
    version = 2

    def __init__(
        self,
        levels: int = 32,
        distances: tuple[int, ...] = (1, 2, 4),
        angles: tuple[float, ...] = ANGLES,
        channel: str = "luminance",
    ):
        self.levels = levels
        self.distances = distances
        self.angles = angles
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
        check_choice("channel", self.channel, CHANNELS)
        if self.channel == "luminance":
            planes = batch.boxed_gray
        else:
            low, high = _LIMITS[self.channel]
            whole = batch.lab[:, "Lab".index(self.channel)]
            boxes = zip(whole, batch.boxes, strict=True)
            planes = [((plane[box] - low) / (high - low)).clamp(0, 1) for plane, box in boxes]
        return glcm(planes, batch.boxed_mask, self.levels, self.distances, self.angles)
