"""Which pixels a descriptor looks at, gathered image by image."""

import torch
from torch import Tensor


def pixels_inside(planes: Tensor, mask: Tensor) -> list[Tensor]:
    """Gather the pixels of each image's mask.

    Parameters
    ----------
    planes : Tensor of shape (n, channels, height, width)
        Any planes.
    mask : Tensor of shape (n, height, width), bool
        Which pixels to take.

    Returns
    -------
    list of n Tensors of shape (channels, n_pixels)
        In row-major order; `n_pixels` differs between images and may be 0.
    """
    rows = zip(planes.flatten(2), mask.flatten(1), strict=True)
    return [row.index_select(1, chosen.nonzero().squeeze(1)) for row, chosen in rows]


def surroundings(ring: Tensor, mask: Tensor, valid: Tensor) -> Tensor:
    """Skin that a lesion is compared with.

    Parameters
    ----------
    ring : Tensor of shape (n, height, width), bool
        The ring of skin around the lesion.
    mask : Tensor of shape (n, height, width), bool
        True on the lesion.
    valid : Tensor of shape (n, height, width), bool
        True on real pixels inside the field of view.

    Returns
    -------
    Tensor of shape (n, height, width), bool
        The ring; where it is empty, every valid pixel outside the lesion; may still be empty.
    """
    found = ring.flatten(1).any(dim=1)[:, None, None]
    return torch.where(found, ring, valid & ~mask)


def bounding_box(mask: Tensor) -> tuple[slice, slice]:
    """Rows and columns that hold every mask of a batch.

    Parameters
    ----------
    mask : Tensor of shape (n, height, width), bool
        At least one pixel is True.

    Returns
    -------
    tuple of two slices
        Of rows and of columns.
    """
    rows = mask.any(dim=2).any(dim=0).nonzero()
    columns = mask.any(dim=1).any(dim=0).nonzero()
    return (
        slice(int(rows[0]), int(rows[-1]) + 1),
        slice(int(columns[0]), int(columns[-1]) + 1),
    )


def gray_levels(gray: Tensor, levels: int = 256) -> Tensor:
    """Quantise luminance evenly, by way of 8-bit grey.

    Parameters
    ----------
    gray : Tensor, float
        In [0, 1].
    levels : int, default=256
        Number of levels, at most 256.

    Returns
    -------
    Tensor of the same shape, uint8
        ``floor(g * levels / 256)`` of the 8-bit grey ``g``, in [0, levels - 1].

    Raises
    ------
    ValueError
        `levels` is not in [2, 256].
    """
    if not 2 <= levels <= 256:
        raise ValueError(f"`levels` must lie in [2, 256], got {levels!r}.")
    eight_bit = (gray * 255).round().clamp(0, 255).int()
    return (eight_bit * levels).div(256, rounding_mode="floor").to(torch.uint8)
