"""From one decoded image to the lesion view that descriptors measure."""

import math
from dataclasses import asdict, dataclass
from typing import Literal, NamedTuple

import numpy as np
import torch
from torch import Tensor

from features._checks import check_choice, check_int, check_share
from features.batch import LesionBatch
from features.preparation.cleaning import ARTEFACTS, HAIR_REMOVALS, clean_window
from features.preparation.constancy import light_table, relight
from features.preparation.field_of_view import field_of_view
from features.preparation.framing import MARGIN, Window, cut, lesion_window
from features.preparation.segmentation import SEGMENTERS, segment_lesion
from features.reading.files import ImageError

MaskSource = Literal["given", "segment", "auto"]
MASK_SOURCES: tuple[MaskSource, ...] = ("given", "segment", "auto")
_LEAST_SEEN = 0.95  # of a given mask; if more lies in dark corners, it is the lesion that is dark


class PreparedLesion(NamedTuple):
    """One row of a `LesionBatch`, in numpy; `quality` as named by `QUALITY`."""

    pixels: np.ndarray
    original: np.ndarray
    mask: np.ndarray
    valid: np.ndarray
    scale: float
    shape: tuple[int, int]
    mm_per_pixel: float
    quality: tuple[float, ...]


@dataclass(frozen=True)
class Preparation:
    """How an image becomes the lesion view.

    Field of view, lesion mask, hair removal, optional colour constancy and framing, in this
    order. An instance is a value: it compares, hashes and prints by its settings.

    Parameters
    ----------
    size : int, default=224
        Side of the canvas, in pixels, at least 32. A lesion that is smaller keeps its own pixels.
    margin : float, default=0.25
        Skin kept around the lesion, as a share of its longer side.
    hair : {"blackhat", "dullrazor"} or None, default="blackhat"
        How dark hair is found and painted over; None leaves it.
    constancy : bool, default=False
        Shades-of-Gray colour constancy.
    mask : {"auto", "given", "segment"}, default="auto"
        Where lesion masks come from: the manifest's where it names one and our own segmentation
        elsewhere, the manifest's alone, or our own alone.
    artefacts : tuple of {"light_hair", "highlights", "ruler"}, default=()
        What else is painted over. Each resembles something that lesions have, so none is by
        default.
    segmentation : {"candidates", "otsu", "hybrid"}, default="candidates"
        How lesions without a mask are segmented; see `segment_lesion`.

    Notes
    -----
    Painted pixels are in `pixels`, as if they had been seen; `quality` says how much of the
    frame is hair, and `original` keeps what was there.

    A given mask is cut by the dark corners of the frame, but where that would take more than a
    twentieth of it: then it is the lesion that is dark there, and the mask stays whole (if it is
    an outline at all: one that holds all four corners of the frame is cut).

    A pixel of the canvas is the lesion's where its middle is. Where a large lesion was shrunk,
    the pixels along its border mix lesion and skin; a pasted lesion with a knife-sharp border has
    2 % of them, and may show a colour that neither has.
    """

    size: int = 224
    margin: float = MARGIN
    hair: str | None = "blackhat"
    constancy: bool = False
    mask: MaskSource = "auto"
    artefacts: tuple[str, ...] = ()
    segmentation: str = "candidates"

    version = 4

    def __post_init__(self) -> None:
        choices = {
            "mask": MASK_SOURCES,
            "hair": (*HAIR_REMOVALS, None),
            "segmentation": tuple(SEGMENTERS),
        }
        for name, allowed in choices.items():
            check_choice(name, getattr(self, name), allowed)
        if not isinstance(self.artefacts, tuple) or not set(self.artefacts) <= set(ARTEFACTS):
            raise ValueError(
                f"`artefacts` must be a tuple of names in {tuple(ARTEFACTS)}, "
                f"got {self.artefacts!r}."
            )
        check_int("size", self.size, 32)
        check_share("margin", self.margin)

    @property
    def fingerprint(self) -> str:
        """Names this preparation in a feature store."""
        # Whether a mask was given is part of the image's own key; "auto" and "given" agree.
        settings = asdict(self) | {"mask": "segment" if self.mask == "segment" else "given"}
        return f"lesion:{self.version}:{sorted(settings.items())}"

    @property
    def reads_masks(self) -> bool:
        """Whether the manifest's masks are looked at."""
        return self.mask != "segment"

    def prepare(
        self, image: np.ndarray, mask: np.ndarray | None, mm_per_pixel: float = math.nan
    ) -> PreparedLesion:
        """Prepare one decoded image.

        Parameters
        ----------
        image : ndarray of shape (height, width, 3), uint8
            RGB.
        mask : ndarray of shape (height, width), bool, or None
            The given lesion mask, if any.
        mm_per_pixel : float, default=nan
            Millimetres of skin per pixel, where the image is calibrated.

        Returns
        -------
        PreparedLesion
            Framed on a canvas of `size` pixels.

        Raises
        ------
        ImageError
            A mask is asked for and not given, or the given one is empty.
        """
        given = mask if self.reads_masks else None
        if self.mask == "given" and given is None:
            raise ImageError(
                "no lesion mask is given. Name one in the column 'mask', or prepare with "
                "mask='auto' or mask='segment'."
            )
        valid = field_of_view(image)
        if given is None:
            lesion, reliable = segment_lesion(image, valid, self.segmentation)
        else:
            lesion, valid, reliable = _cut_by_corners(given, valid)
        window = lesion_window(lesion, self.size, margin=self.margin)
        seen = window.within(valid.shape)
        clean, hair_share = clean_window(image, seen, self.hair, self.artefacts)
        original = cut(image, window)
        pixels = original if clean is image else cut(clean, window)
        if self.constancy:
            pixels = relight(pixels, light_table(clean, valid))
        framed_lesion, framed_valid = _cut_masks(lesion, valid, window)
        return PreparedLesion(
            pixels=pixels,
            original=original,
            mask=framed_lesion,
            valid=framed_valid,
            scale=window.scale,
            shape=valid.shape,
            mm_per_pixel=mm_per_pixel,
            quality=(reliable, given is not None, hair_share, _share(valid), _share(lesion)),
        )

    def collate(self, rows: list[PreparedLesion]) -> LesionBatch:
        """Stack prepared lesions into a batch."""
        return LesionBatch(
            pixels=_channels_first([row.pixels for row in rows]),
            original=_channels_first([row.original for row in rows]),
            mask=torch.from_numpy(np.stack([row.mask for row in rows])),
            valid=torch.from_numpy(np.stack([row.valid for row in rows])),
            scale=torch.tensor([row.scale for row in rows], dtype=torch.float32),
            shape=torch.tensor([row.shape for row in rows], dtype=torch.float32),
            mm_per_pixel=torch.tensor([row.mm_per_pixel for row in rows], dtype=torch.float32),
            quality=torch.tensor([row.quality for row in rows], dtype=torch.float32),
        )


def _cut_by_corners(mask: np.ndarray, valid: np.ndarray) -> tuple[np.ndarray, np.ndarray, bool]:
    """Cut a given mask by the dark corners, or believe it that it is the lesion that is dark.

    Lesion, field of view, and whether the mask is to be trusted: not if none of it is seen.
    """
    lesion = mask & valid
    n_seen, n_given = np.count_nonzero(lesion), np.count_nonzero(mask)
    whole_frame = mask[[0, 0, -1, -1], [0, -1, 0, -1]].all()
    if n_seen >= _LEAST_SEEN * n_given or (whole_frame and n_seen):
        return lesion, valid, True
    return mask, valid | mask, bool(n_seen)


def _cut_masks(
    lesion: np.ndarray, valid: np.ndarray, window: Window
) -> tuple[np.ndarray, np.ndarray]:
    """Frame lesion and field of view; the lesion keeps at least a pixel."""
    # Only canvas pixels made of valid ones alone are valid: the rest are mixed with black.
    if valid[window.within(valid.shape)].all():
        framed_valid = window.filled(valid.shape)
    else:
        framed_valid = cut(valid.view(np.uint8) * 255, window) == 255
    framed = (cut(lesion.view(np.uint8), window, smooth=False) > 0) & framed_valid
    if not framed.any():  # so thin that shrinking lost it
        framed = cut(lesion.view(np.uint8) * 255, window) > 0
        framed_valid |= framed
    return framed, framed_valid


def _share(mask: np.ndarray) -> float:
    return np.count_nonzero(mask) / mask.size


def _channels_first(images: list[np.ndarray]) -> Tensor:
    return torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).contiguous()
