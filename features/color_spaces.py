"""RGB pixels in the colour spaces that the descriptors read, batched."""

import torch
from torch import Tensor

# sRGB (D65) to CIE XYZ and the D65 white point of the 2 degree observer, as scikit-image has them.
_RGB_TO_XYZ = (
    (0.412453, 0.357580, 0.180423),
    (0.212671, 0.715160, 0.072169),
    (0.019334, 0.119193, 0.950227),
)
_WHITE = (0.95047, 1.0, 1.08883)
_RGB_TO_YCBCR = ((65.481, 128.553, 24.966), (-37.797, -74.203, 112.0), (112.0, -93.786, -18.214))
_LUMINANCE = (0.2125, 0.7154, 0.0721)


def _mix(planes: Tensor, matrix: tuple[tuple[float, ...], ...]) -> Tensor:
    """Multiply the channels of (n, 3, ...) planes by a 3 x 3 matrix."""
    weights = torch.tensor(matrix, dtype=planes.dtype, device=planes.device)
    return torch.einsum("ij,nj...->ni...", weights, planes)


def gray_plane(pixels: Tensor) -> Tensor:
    """Luminance of uint8 RGB, as ``skimage.color.rgb2gray``.

    Parameters
    ----------
    pixels : Tensor of shape (n, 3, height, width), uint8
        RGB.

    Returns
    -------
    Tensor of shape (n, height, width), float32
        In [0, 1].
    """
    return _mix(pixels.float() / 255, (_LUMINANCE,)).squeeze(1)


def lab_planes(pixels: Tensor) -> Tensor:
    """CIELAB of uint8 sRGB under D65, as ``skimage.color.rgb2lab``.

    Parameters
    ----------
    pixels : Tensor of shape (n, 3, height, width), uint8
        RGB.

    Returns
    -------
    Tensor of shape (n, 3, height, width), float32
        L in [0, 100], a and b about [-110, 110].
    """
    # Only 256 levels exist, so the gamma curve is a table.
    level = torch.arange(256, dtype=torch.float64, device=pixels.device) / 255
    linear = torch.where(level > 0.04045, ((level + 0.055) / 1.055).pow(2.4), level / 12.92).float()
    xyz = _mix(linear[pixels.long()], _RGB_TO_XYZ)
    white = torch.tensor(_WHITE, device=pixels.device).view(1, 3, *(1,) * (pixels.ndim - 2))
    xyz = xyz / white
    root = torch.where(xyz > 0.008856, xyz.clamp(min=1e-9).pow(1 / 3), 7.787 * xyz + 16 / 116)
    x, y, z = root.unbind(dim=1)
    return torch.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], dim=1)


def hsv_planes(pixels: Tensor) -> Tensor:
    """Hue, saturation and value of uint8 RGB, as ``skimage.color.rgb2hsv``.

    Parameters
    ----------
    pixels : Tensor of shape (n, 3, height, width), uint8
        RGB.

    Returns
    -------
    Tensor of shape (n, 3, height, width), float32
        All in [0, 1]; the hue of grey is 0.
    """
    red, green, blue = (pixels.float() / 255).unbind(dim=1)
    value = torch.maximum(torch.maximum(red, green), blue)
    spread = value - torch.minimum(torch.minimum(red, green), blue)
    safe = torch.where(spread > 0, spread, torch.ones_like(spread))
    hue = torch.where(
        value == blue,
        4 + (red - green) / safe,
        torch.where(value == green, 2 + (blue - red) / safe, (green - blue) / safe),
    )
    hue = torch.where(spread > 0, (hue / 6) % 1.0, torch.zeros_like(hue))
    saturation = torch.where(value > 0, spread / value.clamp(min=1e-9), torch.zeros_like(value))
    return torch.stack([hue, saturation, value], dim=1)


def ycbcr_planes(pixels: Tensor) -> Tensor:
    """ITU-R BT.601 YCbCr of uint8 RGB, as ``skimage.color.rgb2ycbcr``.

    Parameters
    ----------
    pixels : Tensor of shape (n, 3, height, width), uint8
        RGB.

    Returns
    -------
    Tensor of shape (n, 3, height, width), float32
        Y in [16, 235], Cb and Cr in [16, 240].
    """
    planes = _mix(pixels.float() / 255, _RGB_TO_YCBCR)
    offset = torch.tensor((16.0, 128.0, 128.0), device=pixels.device)
    return planes + offset.view(1, 3, *(1,) * (pixels.ndim - 2))
