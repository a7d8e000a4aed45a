"""Prepared lesions, many at a time, with the planes that descriptors share."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from features._opencv import cv2
from features.color_spaces import gray_plane, hsv_planes, lab_planes, ycbcr_planes

# The ring of skin that a lesion is compared with: it starts where the border's blur ends
# and is a tenth of the lesion's equivalent diameter wide (never thinner than a pixel or two).
RING_GAP = 2.0
RING_WIDTH = 0.1

# What a prepared lesion says of itself: was its mask found (or given) with confidence, was it
# given, and how much of the frame is hair, field of view and lesion.
QUALITY = ("mask_reliable", "mask_given", "hair_share", "field_of_view_share", "lesion_share")


@dataclass(eq=False)
class LesionBatch:
    """Prepared lesions, framed alike.

    Parameters
    ----------
    pixels : Tensor of shape (n, 3, size, size), uint8
        RGB, hair removed, after colour constancy.
    original : Tensor of shape (n, 3, size, size), uint8
        The same before hair removal and colour constancy.
    mask : Tensor of shape (n, size, size), bool
        True on the lesion; at least one pixel an image, all of them valid.
    valid : Tensor of shape (n, size, size), bool
        True on real pixels inside the field of view; False on dark corners and padding.
    scale : Tensor of shape (n,), float32
        Canvas pixels per pixel of the original image.
    shape : Tensor of shape (n, 2), float32
        Height and width of the original image, in its own pixels.
    mm_per_pixel : Tensor of shape (n,), float32
        Millimetres of skin per pixel of the original image; NaN where it is not calibrated.
    quality : Tensor of shape (n, 5), float32
        Flags and shares, as `QUALITY` names them; never features.
    """

    pixels: Tensor
    original: Tensor
    mask: Tensor
    valid: Tensor
    scale: Tensor
    shape: Tensor
    mm_per_pixel: Tensor
    quality: Tensor

    def __len__(self) -> int:
        return len(self.pixels)

    @cached_property
    def gray(self) -> Tensor:
        """Luminance in [0, 1], (n, size, size) float32."""
        return _by_image(gray_plane, self.pixels)

    @cached_property
    def lab(self) -> Tensor:
        """CIELAB (D65), (n, 3, size, size) float32, L in [0, 100]."""
        return _by_image(lab_planes, self.pixels)

    @cached_property
    def hsv(self) -> Tensor:
        """Hue, saturation and value in [0, 1], (n, 3, size, size) float32."""
        return _by_image(hsv_planes, self.pixels)

    @cached_property
    def ycbcr(self) -> Tensor:
        """ITU-R BT.601 YCbCr in [16, 240], (n, 3, size, size) float32."""
        return _by_image(ycbcr_planes, self.pixels)

    @cached_property
    def distance(self) -> Tensor:
        """Euclidean distance to the lesion in canvas pixels, 0 inside, (n, size, size) float32."""
        outside = (~self.mask).cpu().numpy().astype(np.uint8)
        maps = [
            cv2.distanceTransform(plane, cv2.DIST_L2, cv2.DIST_MASK_PRECISE) for plane in outside
        ]
        return torch.from_numpy(np.stack(maps)).to(self.mask.device)

    @cached_property
    def skin(self) -> Tensor:
        """True on the ring of skin around the lesion, (n, size, size) bool; may be empty."""
        area = self.mask.sum(dim=(1, 2)).float()
        width = (RING_WIDTH * 2 * (area / torch.pi).sqrt()).clamp(min=2.0)
        outer = (RING_GAP + width)[:, None, None]
        return self.valid & (self.distance > RING_GAP) & (self.distance <= outer)


def _by_image(convert: Callable[[Tensor], Tensor], pixels: Tensor) -> Tensor:
    """Convert a batch; on a CPU one image at a time, whose temporaries stay in cache."""
    if pixels.is_cuda or not len(pixels):
        return convert(pixels)
    return torch.cat([convert(image) for image in pixels.split(1)])
