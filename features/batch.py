"""Prepared lesions, many at a time, with the planes that descriptors share."""

import math
from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from features.color_spaces import gray_boxes, gray_plane, hsv_planes, lab_planes, ycbcr_planes
from features.regions import bounding_box, pixels_inside, ring_around

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

    def to(self, device: str | torch.device) -> "LesionBatch":
        """Copy the lesions to a device, where descriptors then run; planes are derived anew."""
        return LesionBatch(
            **{part.name: getattr(self, part.name).to(device) for part in fields(self)}
        )

    @cached_property
    def gray(self) -> Tensor:
        """Luminance in [0, 1], (n, size, size) float32."""
        return gray_plane(self.pixels)

    @cached_property
    def lab(self) -> Tensor:
        """CIELAB (D65), (n, 3, size, size) float32, L in [0, 100]."""
        return lab_planes(self.pixels)

    @cached_property
    def hsv(self) -> Tensor:
        """Hue, saturation and value in [0, 1], (n, 3, size, size) float32."""
        return hsv_planes(self.pixels)

    @cached_property
    def ycbcr(self) -> Tensor:
        """ITU-R BT.601 YCbCr in [16, 240], (n, 3, size, size) float32."""
        return ycbcr_planes(self.pixels)

    @cached_property
    def boxes(self) -> list[tuple[slice, slice]]:
        """Rows and columns that hold each lesion, and no more."""
        return [bounding_box(mask) for mask in self.mask]

    @cached_property
    def boxed_mask(self) -> list[Tensor]:
        """Each lesion's mask in its own box, n of shape (height, width), bool."""
        return [mask[box] for mask, box in zip(self.mask, self.boxes, strict=True)]

    @cached_property
    def boxed_gray(self) -> list[Tensor]:
        """Luminance in each lesion's box, n of shape (height, width), float32."""
        # A box covers a third of the canvas, and texture looks at nothing else.
        return gray_boxes(self.pixels, self.boxes)

    @cached_property
    def lesion_rgb(self) -> list[Tensor]:
        """RGB of each lesion's pixels, n of shape (3, n_pixels), uint8."""
        return pixels_inside(self.pixels, self.mask)

    @cached_property
    def lesion_lab(self) -> list[Tensor]:
        """CIELAB of each lesion's pixels, n of shape (3, n_pixels), float32."""
        return pixels_inside(self.lab, self.mask)

    @cached_property
    def lesion_hsv(self) -> list[Tensor]:
        """HSV of each lesion's pixels, n of shape (3, n_pixels), float32."""
        # A lesion covers a quarter of the canvas, and nothing asks for the rest.
        return [hsv_planes(colors[None])[0] for colors in self.lesion_rgb]

    @cached_property
    def lesion_ycbcr(self) -> list[Tensor]:
        """YCbCr of each lesion's pixels, n of shape (3, n_pixels), float32."""
        return [ycbcr_planes(colors[None])[0] for colors in self.lesion_rgb]

    @cached_property
    def skin(self) -> Tensor:
        """True on the ring of skin around the lesion, (n, size, size) bool; may be empty."""
        rings = np.stack([_ring(mask) for mask in self.mask.cpu().numpy()])
        return self.valid & torch.from_numpy(rings).to(self.mask.device)


def _ring(mask: np.ndarray) -> np.ndarray:
    """Skin from where the border's blur ends, over the width that suits the lesion."""
    width = max(RING_WIDTH * 2 * math.sqrt(np.count_nonzero(mask) / math.pi), 2.0)
    return ring_around(mask, RING_GAP, RING_GAP + width)
