"""RGB pixels in the colour spaces that the descriptors read, batched.

On a CPU they are converted image by image, so that what lies between stays in its cache.
"""

import math
from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from features._opencv import cv2

# sRGB (D65) to CIE XYZ and the D65 white point of the 2 degree observer, as scikit-image has them.
_RGB_TO_XYZ = (
    (0.412453, 0.357580, 0.180423),
    (0.212671, 0.715160, 0.072169),
    (0.019334, 0.119193, 0.950227),
)
_WHITE = (0.95047, 1.0, 1.08883)
# Whole weights, so that their sum over bytes is exact.
_LUMINANCE = np.array([[2125, 7154, 721]], dtype=np.float32)
_WHITE_LUMINANCE = 255 * 10_000
# Weights, and what is added.
_YCBCR = (
    torch.tensor([[65.481, 128.553, 24.966], [-37.797, -74.203, 112], [112, -93.786, -18.214]])
    / 255,
    torch.tensor([[16.0], [128.0], [128.0]]),
)

# CIELAB takes the cube root of what is above this, and a straight line below.
_DARK, _SLOPE, _LIFT = 0.008856, 7.787, 16 / 116
_ROOTS_TO_LAB = np.array([[0, 116, 0], [500, -500, 0], [0, 200, -200]], dtype=np.float32)
# Linear light over that of white, from linear RGB.
_RGB_TO_RELATIVE = (np.array(_RGB_TO_XYZ) / np.array(_WHITE)[:, None]).astype(np.float32)


def _linear_light() -> np.ndarray:
    """Linear light of each of the 256 sRGB levels."""
    level = np.arange(256) / 255
    bright = level > 0.04045
    return np.where(bright, ((level + 0.055) / 1.055) ** 2.4, level / 12.92).astype(np.float32)


_LINEAR_LIGHT = _linear_light()


def gray_plane(pixels: Tensor) -> Tensor:
    """Luminance of uint8 RGB, as ``skimage.color.rgb2gray``.

    Parameters
    ----------
    pixels : Tensor of shape (n, 3, ...), uint8
        RGB.

    Returns
    -------
    Tensor of shape (n, ...), float32
        In [0, 1], rounded once.
    """
    if pixels.is_cuda:
        gray = _mix(pixels, torch.from_numpy(_LUMINANCE), torch.zeros(1, 1)).div_(_WHITE_LUMINANCE)
    else:
        gray = _by_image(_gray_of_image, pixels, n_planes=1)
    return gray.squeeze(1)


def gray_boxes(pixels: Tensor, boxes: Sequence[tuple[slice, slice]]) -> list[Tensor]:
    """Luminance of a part of each image, as `gray_plane`.

    Parameters
    ----------
    pixels : Tensor of shape (n, 3, height, width), uint8
        RGB.
    boxes : sequence of n pairs of slices
        Rows and columns.

    Returns
    -------
    list of n Tensors, float32
        Each as large as its box.
    """
    if pixels.is_cuda:
        return [plane[box] for plane, box in zip(gray_plane(pixels), boxes, strict=True)]
    parts = (image[:, *box] for image, box in zip(pixels.numpy(), boxes, strict=True))
    return [torch.from_numpy(_gray_of_part(part)) for part in parts]


def _gray_of_image(pixels: np.ndarray, gray: np.ndarray) -> None:
    np.matmul(_LUMINANCE, pixels.astype(np.float32), out=gray)
    gray /= _WHITE_LUMINANCE


def _gray_of_part(pixels: np.ndarray) -> np.ndarray:
    gray = _LUMINANCE @ pixels.astype(np.float32).reshape(3, -1)
    gray /= _WHITE_LUMINANCE
    return gray.reshape(pixels.shape[1:])


def ycbcr_planes(pixels: Tensor) -> Tensor:
    """ITU-R BT.601 YCbCr of uint8 RGB, as ``skimage.color.rgb2ycbcr``.

    Parameters
    ----------
    pixels : Tensor of shape (n, 3, ...), uint8
        RGB.

    Returns
    -------
    Tensor of shape (n, 3, ...), float32
        Y in [16, 235], Cb and Cr in [16, 240], within 5e-5.
    """
    return _mix(pixels, *_YCBCR)


def _mix(pixels: Tensor, weights: Tensor, added: Tensor) -> Tensor:
    """Weighted sums of the channels."""
    weights, added = weights.to(pixels.device), added.to(pixels.device)
    flat = pixels.flatten(2)
    mixed = torch.empty(len(flat), len(weights), flat.shape[2], device=pixels.device)
    for image, planes in zip(flat, mixed, strict=True):
        torch.addmm(added, weights, image.float(), out=planes)
    return mixed.unflatten(2, pixels.shape[2:])


def lab_planes(pixels: Tensor) -> Tensor:
    """CIELAB of uint8 sRGB under D65, as ``skimage.color.rgb2lab``.

    Parameters
    ----------
    pixels : Tensor of shape (n, 3, ...), uint8
        RGB.

    Returns
    -------
    Tensor of shape (n, 3, ...), float32
        L in [0, 100], a and b about [-110, 110], within 2e-4.

    Notes
    -----
    OpenCV's own conversion is not used: its table is 0.3 off from float RGB, and its white point
    0.003 off from linear RGB.
    """
    return lab_tensors(pixels) if pixels.is_cuda else _by_image(_lab_of_image, pixels)


def lab_tensors(pixels: Tensor) -> Tensor:
    """Define `lab_planes` in tensors, for any device."""
    linear = torch.from_numpy(_LINEAR_LIGHT).to(pixels.device)[pixels.long()]
    weights = torch.from_numpy(_RGB_TO_RELATIVE).to(pixels.device)
    light = torch.einsum("ij,nj...->ni...", weights, linear)
    root = torch.where(light > _DARK, light.clamp(min=1e-9).pow(1 / 3), _SLOPE * light + _LIFT)
    x, y, z = root.unbind(dim=1)
    return torch.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], dim=1)


def _lab_of_image(pixels: np.ndarray, lab: np.ndarray) -> None:
    light = _RGB_TO_RELATIVE @ cv2.LUT(pixels, _LINEAR_LIGHT)
    # Root and line meet, so that their sum, each held where the other one rules, needs no choice
    # by pixel. Torch's logarithm is several times as fast as the powers of OpenCV and NumPy.
    root = np.maximum(light, _DARK)
    torch.from_numpy(root).log_().div_(3).exp_()
    np.minimum(light, _DARK, out=light)
    light *= _SLOPE
    root += light
    np.matmul(_ROOTS_TO_LAB, root, out=lab)
    lab[0] -= 16 + 116 * _SLOPE * _DARK


def hsv_planes(pixels: Tensor) -> Tensor:
    """Hue, saturation and value of uint8 RGB, as ``skimage.color.rgb2hsv``.

    Parameters
    ----------
    pixels : Tensor of shape (n, 3, ...), uint8
        RGB.

    Returns
    -------
    Tensor of shape (n, 3, ...), float32
        All in [0, 1]; the hue of grey is 0.

    Notes
    -----
    Each value is one quotient of two whole numbers, rounded once. OpenCV's own conversion adds
    a trifle to the divisor, so that a hue at the edge of a histogram's bin falls to the other
    side.
    """
    return hsv_tensors(pixels) if pixels.is_cuda else _by_image(_hsv_of_image, pixels)


def hsv_tensors(pixels: Tensor) -> Tensor:
    """Define `hsv_planes` in tensors, for any device."""
    red, green, blue = pixels.float().unbind(dim=1)
    value = torch.maximum(torch.maximum(red, green), blue)
    spread = value - torch.minimum(torch.minimum(red, green), blue)
    # Sixths of a turn, times the spread.
    from_red = green - blue
    turn = torch.where(from_red < 0, from_red + 6 * spread, from_red)
    turn = torch.where(value == green, blue - red + 2 * spread, turn)
    turn = torch.where(value == blue, red - green + 4 * spread, turn)
    hue = turn / (6 * spread).clamp(min=1)
    return torch.stack([hue, spread / value.clamp(min=1), value / 255], dim=1)


def _hsv_of_image(pixels: np.ndarray, hsv: np.ndarray) -> None:
    # Slices, not indices: OpenCV wants two axes.
    first, second, third = slice(0, 1), slice(1, 2), slice(2, 3)
    top = cv2.max(cv2.max(pixels[first], pixels[second]), pixels[third])
    low = cv2.min(cv2.min(pixels[first], pixels[second]), pixels[third])
    value, spread = top.astype(np.float32), (top - low).astype(np.float32)
    red, green, blue = pixels[:, None].astype(np.float32)
    turn = green - blue
    wraps = cv2.compare(pixels[second], pixels[third], cv2.CMP_LT)
    cv2.copyTo(turn + 6 * spread, wraps, turn)
    cv2.copyTo(blue - red + 2 * spread, cv2.compare(top, pixels[second], cv2.CMP_EQ), turn)
    cv2.copyTo(red - green + 4 * spread, cv2.compare(top, pixels[third], cv2.CMP_EQ), turn)
    np.divide(turn, np.maximum(6 * spread, 1), out=hsv[first])
    np.divide(spread, np.maximum(value, 1), out=hsv[second])
    np.divide(value, 255, out=hsv[third])


def _by_image(
    convert: Callable[[np.ndarray, np.ndarray], None], pixels: Tensor, n_planes: int = 3
) -> Tensor:
    """Let `convert` fill float planes, (n_planes, n_pixels), from the bytes of each image."""
    shape = pixels.shape[2:]
    planes = np.empty((len(pixels), n_planes, math.prod(shape)), dtype=np.float32)
    if planes.size:
        for image, out in zip(pixels.numpy(), planes, strict=True):
            convert(image.reshape(len(image), -1), out)
    return torch.from_numpy(planes.reshape(len(pixels), n_planes, *shape))
